import { execFileSync } from 'node:child_process';
import { median, together, type Comparison } from './comparison.ts';
import { pause, startUp, timesOf } from './up-figures.ts';
import type { Workshop } from './workshop.ts';

const count = 20;
const cooldownMs = 200;
const chain = { tasks: ['/bin/sleep 0.3'], cooldown: `${cooldownMs}ms` };
const settleMs = 5_000;

/** For how long chains are idle when one runner hands them over to the next. */
export function upgradeGap(workshop: Workshop): Comparison {
  return {
    title: `The longest that ${count} chains are idle beyond their cooldown`,
    unit: 'ms',
    digits: 0,
    rounds: 2,
    warmsUp: false,
    floor: 'no upgrade, maximum',
    note: `Runs of 300 ms and a cooldown of ${cooldownMs} ms, for 5 s from "runner upgrade" on, which starts a new runner that takes each chain over after its run. Of each chain its longest wait, less the cooldown; the median and the maximum are over the chains.`,
    goals: [{ contender: 'upgrade, maximum', of: 'median', atMost: 1_000 }],
    contenders: [
      ...together(['no upgrade, median', 'no upgrade, maximum'], () => waits(workshop, 'status')),
      ...together(['upgrade, median', 'upgrade, maximum'], () => waits(workshop, 'upgrade')),
    ],
  };
}

async function waits(workshop: Workshop, command: 'upgrade' | 'status'): Promise<readonly number[]> {
  const idle = await idleMs(workshop, command);
  return [median(idle), Math.max(...idle)];
}

/** Of each chain the longest idle time beyond its cooldown, since this command was given. */
async function idleMs(workshop: Workshop, command: 'upgrade' | 'status'): Promise<readonly number[]> {
  const names = Array.from({ length: count }, (_, index) => `c${index}`);
  const runner = await startUp(workshop, Object.fromEntries(names.map((name) => [name, chain])));
  const { folder } = runner;
  const say = (word: string): string =>
    execFileSync(process.execPath, [workshop.runner, word, '--cwd', folder], { encoding: 'utf8' });
  await pause(settleMs);
  const since = Date.now();
  say(command);
  await pause(settleMs);
  // The first one has ended by itself then.
  if (command === 'upgrade') say('down');
  else await runner.stop();
  return names.map((name) => longestIdleMs(timesOf(workshop, folder, name), since));
}

function longestIdleMs(runs: ReturnType<typeof timesOf>, since: number): number {
  const waits = runs.slice(1).flatMap(({ startedAt }, index) => {
    const endedAt = runs[index]?.endedAt ?? null;
    return endedAt === null || startedAt < since ? [] : [startedAt - endedAt - cooldownMs];
  });
  return Math.max(...waits);
}
