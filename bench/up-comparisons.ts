import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chainsOf } from './chains.ts';
import type { Comparison, Contender } from './comparison.ts';
import { bareTimers, manyFunctions, storedTimers } from './many-functions.ts';
import { prepareRestingChains } from './resting-chains.ts';
import { bareNode, bareSpawn, goalOfSpawn } from './spawn-figures.ts';
import { supervisorContenders } from './supervisors.ts';
import { answerMs, cpuOfRun, lateness, pause, percentOfCore, startUp } from './up-figures.ts';
import { upgradeGap } from './upgrade-gap.ts';
import type { Workshop } from './workshop.ts';

const busyChains = 20;
const manyChains = 10_000;
/** Some 20 s after it has come to rest, V8 gives memory back, once: most of a second of processor time. */
const settledMs = 40_000;
const probeCooldownMs = 100;
const dayMs = 24 * 3_600_000;

/** What one runner of many chains costs, beside supervisors of many programs. */
export function upComparisons(workshop: Workshop): readonly Comparison[] {
  return [
    costOfRuns(workshop),
    neighbours(workshop),
    answers(workshop),
    upgradeGap(workshop),
    resting(workshop),
    startOfMany(workshop),
    ...functions(workshop),
  ];
}

function costOfRuns(workshop: Workshop): Comparison {
  return {
    title: `Processor time of one supervisor of ${busyChains} programs for each run, back to back`,
    unit: 'ms',
    digits: 3,
    rounds: 2,
    warmsUp: false,
    floor: bareNode,
    note: `${busyChains} chains without a cooldown, or programs that are started again when they end. Of the supervising processes alone: runit and s6 have one more for each program. supervisord, runit and s6 start each program about once a second, by design.`,
    goals: [
      { contender: 'runner up', of: 'median', atMost: 0.2 },
      { contender: 'runner up', of: 'ratio', atMost: goalOfSpawn },
    ],
    contenders: [
      contender(bareNode, async () => (await bareSpawn(workshop)).cpuMs),
      contender('runner up', () =>
        cpuOfRun(workshop, (bytes) =>
          startUp(workshop, chainsOf(busyChains, [workshop.append.path, bytes], '0s')),
        ),
      ),
      ...supervisorContenders(workshop, (start) =>
        cpuOfRun(workshop, (bytes) => start(busyChains, [workshop.append.path, bytes])),
      ),
    ],
  };
}

function neighbours(workshop: Workshop): Comparison {
  const probe = {
    probe: { tasks: ['/bin/true'], cooldown: `${probeCooldownMs}ms`, history: { runs: 100_000 } },
  };
  const bad = {
    hangs: { tasks: ['sh: sleep 1000'] },
    floods: { tasks: ['sh: yes'], log: { size: '1MB' } },
    burns: { tasks: ['sh: while :; do :; done'] },
    crashes: { tasks: ['sh: kill -SEGV $$'], cooldown: { success: '0s', failure: '0s' } },
    leaks: { tasks: ['sh: exec perl -e \'push @kept, "x" x 1e7 while @kept < 100; sleep 1000\''] },
  };
  async function late(chains: object): Promise<number> {
    const runner = await startUp(workshop, chains);
    await pause(15_000);
    const lateMs = lateness(workshop, runner.folder, { chain: 'probe', cooldownMs: probeCooldownMs });
    await runner.stop();
    return lateMs;
  }
  return {
    title: 'How late a chain begins a run beside bad neighbours, 99th percentile',
    unit: 'ms',
    digits: 0,
    rounds: 2,
    warmsUp: false,
    floor: 'alone',
    note: 'A chain with a cooldown of 100 ms, for 15 s. Its neighbours under the same runner: one hangs, one floods its log, one burns a core, one crashes back to back, one takes 1 GB. On two cores, with the same priority.',
    goals: [{ contender: 'beside five bad ones', of: 'median', atMost: 50 }],
    contenders: [
      contender('alone', () => late(probe)),
      contender('beside five bad ones', () => late({ ...probe, ...withShortStop(bad) })),
    ],
  };
}

function answers(workshop: Workshop): Comparison {
  async function asked(count: number): Promise<number> {
    const bytes = workshop.fresh();
    const runner = await startUp(workshop, chainsOf(count, [workshop.append.path, bytes], '0s'));
    await pause(2_000);
    const length = await answerMs(runner.folder, 200);
    await runner.stop();
    return length;
  }
  return {
    title: 'How long the control API takes to answer, 99th percentile',
    unit: 'ms',
    digits: 1,
    rounds: 2,
    warmsUp: false,
    floor: 'one busy chain',
    note: '`GET /v1/status`, a new connection each time, while chains run back to back.',
    goals: [{ contender: `${busyChains} busy chains`, of: 'median', atMost: 100 }],
    contenders: [
      contender('one busy chain', () => asked(1)),
      contender(`${busyChains} busy chains`, () => asked(busyChains)),
    ],
  };
}

function resting(workshop: Workshop): Comparison {
  return {
    title: `Processor time of ${manyChains} chains that cool down, none of them due`,
    unit: '% of a core',
    digits: 3,
    rounds: 1,
    warmsUp: false,
    floor: 'idle Node',
    note: `Over 10 s, ${settledMs / 1_000} s after the start, when nothing is left of it to do.`,
    goals: [{ contender: 'runner up', of: 'median', atMost: 0.1 }],
    contenders: [
      contender('idle Node', () => idleNode()),
      contender('runner up', async () => {
        const runner = await manyResting(workshop);
        await pause(settledMs);
        const percent = await percentOfCore(runner.pid, 10);
        await runner.stop();
        return percent;
      }),
    ],
  };
}

function startOfMany(workshop: Workshop): Comparison {
  return {
    title: `Start of ${manyChains} chains`,
    unit: 's',
    digits: 2,
    rounds: 1,
    warmsUp: false,
    floor: 'until it is up',
    note: `The chains have run before, and cool down.`,
    goals: [{ contender: 'until it is up', of: 'median', atMost: 5 }],
    contenders: [
      contender('until it is up', async () => {
        const runner = await manyResting(workshop);
        await runner.stop();
        return runner.startMs / 1_000;
      }),
    ],
  };
}

// Both comparisons are of the same minutes: each of the three is measured once, by whichever asks first.
function functions(workshop: Workshop): readonly Comparison[] {
  const floor = 'bare timers';
  const stored = 'timers, asked and stored';
  const timers = once(bareTimers);
  const storing = once(() => storedTimers(workshop));
  const runner = once(() => manyFunctions(workshop));
  const what = `${manyChains} function chains of 60 s in one shared worker`;
  const note =
    'Over a minute, over which the ends of the cooldowns are evenly spread, after a minute to warm up.';
  const storedNote =
    'Beside it the same timers in steps of 10 ms, of which each asks another Node and stores begin and end, one commit a step: what remembering costs without a decision.';
  return [
    {
      title: `Processor time of the runner of ${what}`,
      unit: '% of a core',
      digits: 2,
      rounds: 1,
      warmsUp: false,
      floor,
      note: `${note} The floor is a Node with as many timers. ${storedNote}`,
      goals: [{ contender: 'runner up', of: 'median', atMost: 5 }],
      contenders: [
        contender(floor, async () => (await timers()).percentOfCore),
        contender(stored, async () => (await storing()).percentOfCore),
        contender('runner up', async () => (await runner()).percentOfCore),
      ],
    },
    {
      title: `How late one of ${what} begins a run, 99th percentile`,
      unit: 'ms',
      digits: 1,
      rounds: 1,
      warmsUp: false,
      floor,
      note: `${note} From the end of the cooldown until the function is called; one that is early fails the benchmark.`,
      goals: [{ contender: 'runner up', of: 'median', atMost: 20 }],
      contenders: [
        contender(floor, async () => (await timers()).lateMs),
        contender(stored, async () => (await storing()).lateMs),
        contender('runner up', async () => (await runner()).lateMs),
      ],
    },
  ];
}

function once<Result>(measure: () => Promise<Result>): () => Promise<Result> {
  let measured: Promise<Result> | null = null;
  return () => (measured ??= measure());
}

async function manyResting(workshop: Workshop): ReturnType<typeof startUp> {
  const folder = workshop.fresh();
  mkdirSync(folder, { recursive: true });
  const chains = chainsOf(manyChains, ['/bin/true'], '1d');
  const restMs = new Map(Object.keys(chains).map((name) => [name, dayMs] as const));
  await prepareRestingChains(join(folder, '.runner'), restMs);
  return startUp(workshop, chains, { folder });
}

async function idleNode(): Promise<number> {
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  await pause(1_000);
  const percent = await percentOfCore(child.pid ?? 0, 10);
  child.kill('SIGKILL');
  return percent;
}

function withShortStop(chains: Record<string, object>): Record<string, object> {
  const short = { stopGrace: '100ms', killGrace: '100ms' };
  return Object.fromEntries(Object.entries(chains).map(([name, chain]) => [name, { ...chain, ...short }]));
}

function contender(name: string, measure: () => Promise<number>): Contender {
  return { name, measure };
}
