import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openState } from '../src/store/open-state.ts';
import { readHistory } from '../src/store/history.ts';
import { chainsOf } from './chains.ts';
import { openCpuProfile, type Window } from './cpu-profile.ts';
import { childrenOf, environmentOf, until } from './process-figures.ts';
import { alignedTable } from './report.ts';
import { systemCalls, missingStrace, type CallCounts } from './system-calls.ts';
import { pause, startUp, type UpRunner } from './up-figures.ts';
import type { Workshop } from './workshop.ts';

/** What the profile is called where it is chosen and in the results. */
export const profileTitle = 'Profile of a run';

const warmUpRuns = 3_000;
const profiledMs = 5_000;
const rowsOfTable = 15;
/** Microseconds between two looks at the stack. */
const samplingUs = 250;

const noCalls = { runnerCalls: new Map<string, number>(), workerCalls: new Map<string, number>() };

/** Chains back to back, of which is measured what one run costs. */
interface Workload {
  readonly name: string;
  readonly chains: Record<string, object>;
}

/** What one run costs. */
interface Costs {
  readonly name: string;
  /** Calls for a run; empty without strace. */
  readonly runnerCalls: CallCounts;
  readonly workerCalls: CallCounts;
  readonly allocation: Allocation;
  /** Microseconds of a run by the file whose code it was, and by the room of that file. */
  readonly files: ReadonlyMap<string, number>;
  readonly rooms: ReadonlyMap<string, number>;
}

interface Allocation {
  readonly kibPerRun: number;
  readonly collectionsPerThousandRuns: number;
  readonly collectionUsPerRun: number;
}

/** Where a run's time goes: its system calls, what it allocates, and the functions that are at work. In Markdown. */
export async function profileOfRun(workshop: Workshop, tell: (text: string) => void): Promise<string> {
  const noStrace = missingStrace();
  const costs: Costs[] = [];
  for (const workload of workloadsIn(workshop)) {
    tell(`${profileTitle}: ${workload.name}`);
    const calls = noStrace === null ? await callsOf(workshop, workload) : noCalls;
    const inside = await insideOf(workshop, workload);
    costs.push({ name: workload.name, ...calls, ...inside });
  }
  const callTables =
    noStrace === null
      ? [
          ...section('System calls of the runner for a run', mapTable(costs, 'runnerCalls', 2)),
          ...section('System calls of a worker for a run', mapTable(costs, 'workerCalls', 2)),
        ]
      : [`System calls were not counted: ${noStrace}.`, ''];
  return [
    `## ${profileTitle}`,
    '',
    ...callTables,
    ...section('What the runner allocates for a run', allocationTable(costs)),
    ...section('Time of the runner for a run, by part, in µs', mapTable(costs, 'rooms', 1)),
    ...section('Time of the runner for a run, by file, in µs', mapTable(costs, 'files', 1)),
    'Chains back to back under `runner up`, once they are warm. System calls are counted by `strace -c -f`, for three seconds each, of the runner with its threads and of one worker with its threads or the commands that it starts. Allocated is the heap of JavaScript, by `--trace-gc`. Time is on the main thread, by `--cpu-prof`, which itself takes some; waiting does not count.',
  ].join('\n');
}

function workloadsIn(workshop: Workshop): readonly Workload[] {
  const commands = (count: number): Record<string, object> =>
    chainsOf(count, [workshop.append.path, workshop.fresh()], '0s');
  return [
    { name: 'one command chain', chains: commands(1) },
    { name: 'one function chain', chains: { c0: { tasks: ['tasks.nothing'], cooldown: '0s' } } },
    { name: '20 command chains', chains: commands(20) },
  ];
}

async function callsOf(
  workshop: Workshop,
  { chains }: Workload,
): Promise<Pick<Costs, 'runnerCalls' | 'workerCalls'>> {
  const runner = await startUp(workshop, chains);
  try {
    const runs = await runCounter(runner, Object.keys(chains));
    await until(() => runs.all() >= warmUpRuns, 'the first runs');
    const [worker = 0] = childrenOf(runner.pid);
    const runnerCalls = await systemCalls(runner.pid, { runs: () => runs.all(), folder: runner.folder });
    const workerCalls = await systemCalls(worker, {
      runs: () => runs.of(environmentOf(worker, 'RUNNER_CHAIN')),
      folder: runner.folder,
    });
    runs.close();
    return { runnerCalls, workerCalls };
  } finally {
    await runner.stop();
  }
}

async function insideOf(
  workshop: Workshop,
  { chains }: Workload,
): Promise<Pick<Costs, 'allocation' | 'files' | 'rooms'>> {
  const folder = workshop.fresh();
  const profiles = join(folder, 'profiles');
  mkdirSync(profiles, { recursive: true });
  const node = [
    '--trace-gc',
    '--cpu-prof',
    `--cpu-prof-dir=${profiles}`,
    `--cpu-prof-interval=${samplingUs}`,
  ];
  const startedUs = nowUs();
  const collections: Collection[] = [];
  const hear = (line: string): void => void collections.push(...readCollection(line));
  const runner = await startUp(workshop, chains, { folder, node, hear });
  let counted: Counted;
  try {
    counted = await profiled(runner, Object.keys(chains));
  } finally {
    await runner.stop();
  }
  const profile = openCpuProfile(profiles, runner.pid);
  return {
    allocation: allocationIn(collections, { ...counted, startedUs }),
    files: perRun(profile.filesIn(counted.window), counted.runs),
    rooms: perRun(profile.roomsIn(counted.window), counted.runs),
  };
}

/** A stretch of time, and the runs in it. */
interface Counted {
  readonly window: Window;
  readonly runs: number;
}

async function profiled(runner: UpRunner, chains: readonly string[]): Promise<Counted> {
  const runs = await runCounter(runner, chains);
  await until(() => runs.all() >= warmUpRuns, 'the first runs');
  const from = { us: nowUs(), runs: runs.all() };
  await pause(profiledMs);
  const to = { us: nowUs(), runs: runs.all() };
  runs.close();
  return { window: { fromUs: from.us, toUs: to.us }, runs: to.runs - from.runs };
}

/** Counts the runs of chains, by the numbers of the last ones in the history. */
async function runCounter(
  runner: UpRunner,
  chains: readonly string[],
): Promise<{ of(chain: string): number; all(): number; close(): void }> {
  const database = await openState(join(runner.folder, '.runner', 'state.db'));
  const of = (chain: string): number => readHistory(database, { chain, run: null, limit: 1 })[0]?.run ?? 0;
  return {
    of,
    all: () => chains.reduce((sum, chain) => sum + of(chain), 0),
    close: () => database.close(),
  };
}

interface Collection {
  /** Milliseconds since the start of the process. */
  readonly atMs: number;
  readonly beforeMiB: number;
  readonly afterMiB: number;
  readonly lengthMs: number;
}

// [29854:0x229c0d10]       18 ms: Scavenge 3.9 (4.0) -> 3.0 (5.0) MB, 0.40 / 0.00 ms  (average mu = ...
function readCollection(line: string): readonly Collection[] {
  const found = /^\[\d+:\w+\]\s+(\d+) ms: .*?([\d.]+) \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB, ([\d.]+)/.exec(
    line,
  );
  if (found === null) return [];
  const [atMs = 0, beforeMiB = 0, afterMiB = 0, lengthMs = 0] = found.slice(1).map(Number);
  return [{ atMs, beforeMiB, afterMiB, lengthMs }];
}

function allocationIn(
  collections: readonly Collection[],
  { window, runs, startedUs }: Counted & { readonly startedUs: number },
): Allocation {
  // Between two collections the heap grows by what is allocated.
  const counted = collections.flatMap(({ atMs, beforeMiB, lengthMs }, index) => {
    const last = collections[index - 1];
    const atUs = startedUs + atMs * 1_000;
    if (last === undefined || atUs < window.fromUs || atUs > window.toUs) return [];
    return [{ grownMiB: beforeMiB - last.afterMiB, lengthMs }];
  });
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  return {
    kibPerRun: (sum(counted.map(({ grownMiB }) => grownMiB)) * 1_024) / runs,
    collectionsPerThousandRuns: (counted.length * 1_000) / runs,
    collectionUsPerRun: (sum(counted.map(({ lengthMs }) => lengthMs)) * 1_000) / runs,
  };
}

function perRun(times: ReadonlyMap<string, number>, runs: number): ReadonlyMap<string, number> {
  return new Map([...times].map(([name, us]) => [name, us / runs]));
}

function section(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  return [`### ${title}`, '', ...alignedTable(rows), ''];
}

/** One row for the sum and for each of the names with the most, one column for each workload. */
function mapTable(
  costs: readonly Costs[],
  key: 'runnerCalls' | 'workerCalls' | 'files' | 'rooms',
  digits: number,
): readonly (readonly string[])[] {
  const maps = costs.map((cost) => cost[key]);
  const most = (name: string): number => Math.max(...maps.map((map) => map.get(name) ?? 0));
  const names = [...new Set(maps.flatMap((map) => [...map.keys()]))];
  const shown = names.toSorted((one, other) => most(other) - most(one)).slice(0, rowsOfTable);
  const sums = maps.map((map) => [...map.values()].reduce((sum, one) => sum + one, 0));
  return [
    ['', ...costs.map(({ name }) => name)],
    ...shown.map((name) => [name, ...maps.map((map) => (map.get(name) ?? 0).toFixed(digits))]),
    ['all, with those not shown', ...sums.map((sum) => sum.toFixed(digits))],
  ];
}

function allocationTable(costs: readonly Costs[]): readonly (readonly string[])[] {
  const row = (name: string, of: (allocation: Allocation) => number): readonly string[] => [
    name,
    ...costs.map(({ allocation }) => of(allocation).toFixed(1)),
  ];
  return [
    ['', ...costs.map(({ name }) => name)],
    row('KiB', ({ kibPerRun }) => kibPerRun),
    row('garbage collections for 1000 runs', (one) => one.collectionsPerThousandRuns),
    row('µs of garbage collection', ({ collectionUsPerRun }) => collectionUsPerRun),
  ];
}

/** The microseconds of the clock that a CPU profile has as well. */
function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
