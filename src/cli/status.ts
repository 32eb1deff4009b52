import { RunnerNotUp, RunnerSilent } from '../control/client.ts';
import type { StatusAnswer } from '../control-port.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { refusal, runnerAt } from './ask-runner.ts';
import { isGiven, type RawOptions } from './options.ts';
import { readRunnerStatus } from './read-status.ts';
import { incidentsOf } from './status-incidents.ts';
import { explainStatus } from './status-text.ts';
import { statusTable } from './status-table.ts';

/** How often `--watch` looks. */
const watchMs = 1_000;

/** `runner status`: what each chain does, and why it does not if it does not. */
export async function status(chains: readonly string[], options: RawOptions): Promise<void> {
  await guarded(isGiven(options, 'debug'), async (): Promise<ExitStatus> => {
    if (!isGiven(options, 'watch')) return printOnce(chains, options);
    return watch(chains, options);
  });
}

async function printOnce(chains: readonly string[], options: RawOptions): Promise<ExitStatus> {
  const found = await look(chains, options);
  if (typeof found === 'number') return found;
  if (isGiven(options, 'json')) console.log(JSON.stringify(found));
  else console.log(shown(found, chains));
  return exitStatus.success;
}

async function watch(chains: readonly string[], options: RawOptions): Promise<ExitStatus> {
  const { createLogUpdate } = await import('log-update');
  // What did not change is not written again, so nothing flickers.
  const screen = createLogUpdate(process.stdout);
  let found: Found = await look(chains, options);
  for (;;) {
    if (typeof found === 'number') return found;
    if (!isGiven(options, 'json')) screen(fitted(typeof found === 'string' ? found : shown(found, chains)));
    else if (typeof found !== 'string') console.log(JSON.stringify(found));
    await new Promise((resolve) => setTimeout(resolve, watchMs));
    found = await lookAgain(chains, options);
  }
}

// What needs somebody is at the top, so what does not fit is cut at the bottom.
function fitted(text: string): string {
  const lines = text.split('\n');
  const room = Math.max(3, (process.stdout.rows || 24) - 1);
  if (lines.length <= room) return text;
  return [
    ...lines.slice(0, room - 1),
    `and ${lines.length - room + 1} lines more, as "runner status" shows`,
  ].join('\n');
}

/** What a runner does, why that is not known right now, or an exit status. */
type Found = StatusAnswer | string | ExitStatus;

// It may come back, as after an upgrade or a restart.
async function lookAgain(chains: readonly string[], options: RawOptions): Promise<Found> {
  try {
    return await look(chains, options);
  } catch (error) {
    if (error instanceof RunnerNotUp || error instanceof RunnerSilent) return error.message;
    throw error;
  }
}

async function look(chains: readonly string[], options: RawOptions): Promise<StatusAnswer | ExitStatus> {
  const answer = await runnerAt(options).get('/v1/status');
  if (answer.status !== 200) return refusal(answer);
  const all = readRunnerStatus(answer.body);
  const known = all.chains.map(({ chain }) => String(chain));
  const unknown = chains.find((chain) => !known.includes(chain));
  if (unknown !== undefined) {
    console.error(`No such chain "${unknown}": there are ${known.join(', ')}`);
    return exitStatus.usage;
  }
  const isAsked = ({ chain }: { readonly chain: string }): boolean =>
    chains.length === 0 || chains.includes(chain);
  return { ...all, chains: all.chains.filter(isAsked), incidents: all.incidents.filter(isAsked) };
}

function shown(found: StatusAnswer, chains: readonly string[]): string {
  const width = process.stdout.isTTY ? process.stdout.columns : Math.max(80, process.stdout.columns || 0);
  if (chains.length === 0) return statusTable(found, width);
  return found.chains
    .flatMap((one) => [...explainStatus(one), ...incidentsOf(one.chain, found.incidents)])
    .join('\n');
}
