import type { ChainStatus } from '../core/status.ts';
import { asker, refusal, runnerAt } from './ask-runner.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { isGiven, textOption, type RawOptions } from './options.ts';
import { readStatus } from './read-status.ts';
import { explainStatus } from './status-text.ts';
import { untilText } from './until-text.ts';

/** Asks a chain of the runner that is up; prints what the chain does then. */
export async function askChain(command: string, chain: string, options: RawOptions): Promise<void> {
  await guarded(isGiven(options, 'debug'), async (): Promise<ExitStatus> => {
    const body = bodyOf(command, options);
    if (body === null) return exitStatus.usage;
    const path = `/v1/chains/${encodeURIComponent(chain)}/${command}`;
    const answer = await runnerAt(options).post(path, body);
    if (answer.status !== 200) return refusal(answer);
    if (isGiven(options, 'json')) console.log(JSON.stringify(answer.body));
    else printStatus(command, readStatus(answer.body));
    return exitStatus.success;
  });
}

function printStatus(command: string, status: ChainStatus): void {
  for (const line of explainStatus(status)) console.log(line);
  const note = noteOn(command, status);
  if (note !== null) console.log(`  ${note}`);
}

/** What is not to be seen from what the chain does now. */
function noteOn(command: string, { run, worker }: ChainStatus): string | null {
  if (command === 'kill-run' && run !== null) return `run ${run.number} is being ended`;
  if (command !== 'restart') return null;
  return worker === null
    ? 'it has no worker right now: its next run gets a new one in any case'
    : 'its next run gets a new worker';
}

/** The body that the options mean; `null` when they were not understood, which is told. */
function bodyOf(command: string, options: RawOptions): object | null {
  const until = textOption(options, 'until');
  if (command === 'mute' && until === undefined && textOption(options, 'for') === undefined) {
    console.error(
      'Cannot mute without an end: add --for with a time such as 2h, or --until with a moment such as 18:30',
    );
    return null;
  }
  const moment = until === undefined ? undefined : untilText(until, new Date());
  if (moment === null) {
    console.error(
      `Cannot read --until: found "${until}", write a time to come such as "18:30" or "2026-12-24 18:30"`,
    );
    return null;
  }
  return {
    by: asker(),
    ...(isGiven(options, 'now') && { now: true }),
    ...(textOption(options, 'for') !== undefined && { for: textOption(options, 'for') }),
    ...(moment !== undefined && { until: moment }),
  };
}
