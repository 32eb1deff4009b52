import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import {
  childrenOf,
  endOf,
  memoryMiBOf,
  processorMsOf,
  secondsOf,
  sizeOf,
  start,
  until,
} from './process-figures.ts';
import type { Workshop } from './workshop.ts';

/** Runs before the measured ones: until then much of the time goes into compiling the runner's JavaScript. */
const warmUpRuns = 3_000;
/** How long a process may still tidy up after its first run before its memory is looked at. */
const settleMs = 1_000;

/** What a chain of commands without a cooldown does once it is warm. */
export interface CommandChainFigures {
  readonly runsPerSecond: number;
  /** The runner's own processor time for one run, without its worker and its tasks. */
  readonly cpuMs: number;
}

/** Runs a chain of one command back to back, watched from outside by the bytes that it appends. */
export async function commandChain(workshop: Workshop, runs: number): Promise<CommandChainFigures> {
  const bytes = workshop.fresh();
  const passes = warmUpRuns + runs;
  const child = startRunner(workshop, [`${workshop.append.path} ${bytes}`, ...backToBack(passes)]);
  const ended = endOf(child, 'runner run');
  const pid = child.pid ?? 0;
  const look = () => ({ runs: sizeOf(bytes), ms: performance.now(), cpuMs: processorMsOf(pid) });
  await until(() => sizeOf(bytes) >= warmUpRuns, 'the first runs');
  const from = look();
  // Not to the very end, where the runner would be gone before its processor time is read.
  await until(() => sizeOf(bytes) >= passes - 50, 'the last runs');
  const to = look();
  await ended;
  if (sizeOf(bytes) !== passes) throw new Error(`${passes} runs appended ${sizeOf(bytes)} bytes`);
  const counted = to.runs - from.runs;
  return {
    runsPerSecond: (counted * 1_000) / (to.ms - from.ms),
    cpuMs: (to.cpuMs - from.cpuMs) / counted,
  };
}

/** Runs per second of a chain of one function back to back, in its warm worker. */
export async function functionChain(workshop: Workshop, runs: number): Promise<number> {
  const answer = workshop.fresh();
  const passes = warmUpRuns + runs;
  const environment = `${workshop.fresh()}.env`;
  const lines = [`BENCH_FROM=${warmUpRuns}`, `BENCH_TO=${passes}`, `BENCH_ANSWER=${answer}`];
  writeFileSync(environment, `${lines.join('\n')}\n`);
  await endOf(
    startRunner(workshop, ['tasks.tick', '--env-file', environment, ...backToBack(passes)]),
    'runner run',
  );
  const told: unknown = JSON.parse(readFileSync(answer, 'utf8'));
  return numberIn(told, 'runsPerSecond');
}

/** Milliseconds of a whole `runner run TASK --passes 1`, in a project that has no state yet. */
export async function wholeCommandMs(workshop: Workshop, task: string): Promise<number> {
  return (
    (await secondsOf(
      process.execPath,
      runnerWords(workshop, [task, '--passes', '1', '--quiet']),
      workshop.project,
    )) * 1_000
  );
}

/** What idle runners and their workers take of the machine's memory, in MiB for each of them. */
export interface MemoryFigures {
  readonly runner: number;
  readonly worker: number;
}

/** Starts some runners with one chain each, which then cools down, and looks at their memory. */
export async function idleMemory(workshop: Workshop, task: string, count: number): Promise<MemoryFigures> {
  const folders = Array.from({ length: count }, () => workshop.fresh());
  const runners = folders.map((folder) =>
    start(
      process.execPath,
      [workshop.runner, 'run', task, '--cooldown', '1h', '--quiet', '--state-dir', folder],
      workshop.project,
    ),
  );
  const ends = runners.map((runner) => endOf(runner, 'runner run'));
  try {
    await until(() => folders.every(hasRunOnce), 'chains that cool down');
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const pids = runners.map((runner) => runner.pid ?? 0);
    return { runner: mean(pids.map(memoryMiBOf)), worker: mean(pids.flatMap(childrenOf).map(memoryMiBOf)) };
  } finally {
    for (const runner of runners) runner.kill('SIGTERM');
    await Promise.all(ends);
  }
}

/** The number `key` of an object that came as JSON. */
export function numberIn(value: unknown, key: string): number {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  if (typeof found !== 'number') throw new Error(`Expected the number "${key}" in ${JSON.stringify(value)}`);
  return found;
}

function startRunner(workshop: Workshop, words: readonly string[]): ChildProcess {
  return start(process.execPath, runnerWords(workshop, words), workshop.project);
}

function runnerWords(workshop: Workshop, words: readonly string[]): readonly string[] {
  return [workshop.runner, 'run', ...words, '--state-dir', workshop.fresh()];
}

function backToBack(passes: number): readonly string[] {
  return ['--cooldown', '0s', '--passes', String(passes), '--quiet'];
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

// The chain's journal has the end of its first run: what follows is an hour of rest.
function hasRunOnce(stateDirectory: string): boolean {
  const folder = `${stateDirectory}/journal`;
  if (!existsSync(folder)) return false;
  return readdirSync(folder).some((name) => readFileSync(`${folder}/${name}`, 'utf8').includes('ended '));
}
