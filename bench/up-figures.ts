import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import type { Peer } from '../peers/peer.ts';
import { childrenOf, endOf, memoryMiBOf, nameOf, processorMsOf, sizeOf, until } from './process-figures.ts';
import { numberIn } from './runner-figures.ts';
import type { Workshop } from './workshop.ts';

/** How long programs run back to back before, while or between they are looked at. */
const busyMs = 4_000;
const settleMs = 1_500;

/** A `runner up` that is measured. */
export interface UpRunner extends Peer {
  readonly folder: string;
  /** Milliseconds from its start to the word that it is up. */
  readonly startMs: number;
}

/** How a `runner up` is started that is not as all others. */
export interface UpOptions {
  /** The folder of the project. Default: a new one. */
  readonly folder?: string;
  /** Options of Node. Default: none. */
  readonly node?: readonly string[];
  /** Hears each line of what it prints. */
  readonly hear?: (line: string) => void;
}

/** Starts `runner up` with these chains in a project of their own; resolves when it says that it is up. */
export async function startUp(
  workshop: Workshop,
  chains: object,
  { folder = workshop.fresh(), node = [], hear }: UpOptions = {},
): Promise<UpRunner> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'runner.config.json'), JSON.stringify({ chains }));
  writeFileSync(join(folder, 'tasks.mjs'), readFileSync(join(workshop.project, 'tasks.mjs')));
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...node, workshop.runner, 'up'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = endOf(child, 'runner up');
  await saysUp(child, hear);
  return {
    folder,
    pid: child.pid ?? 0,
    startMs: performance.now() - startedMs,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Milliseconds of the supervisor's processor for one run of programs that do nothing but append a byte. */
export async function cpuOfRun(workshop: Workshop, begin: (bytes: string) => Promise<Peer>): Promise<number> {
  return whileBusy(workshop, begin, async (look) => {
    await pause(busyMs);
    const from = look();
    await pause(2 * busyMs);
    const to = look();
    return (to.cpuMs - from.cpuMs) / Math.max(1, to.runs - from.runs);
  });
}

/** Runs per second of programs that do nothing but append a byte, under a supervisor. */
export async function runsPerSecondOf(
  workshop: Workshop,
  begin: (bytes: string) => Promise<Peer>,
): Promise<number> {
  return whileBusy(workshop, begin, async (look) => {
    await pause(settleMs);
    const from = look();
    await pause(busyMs);
    const to = look();
    return ((to.runs - from.runs) * 1_000) / (to.ms - from.ms);
  });
}

interface Looked {
  readonly runs: number;
  readonly ms: number;
  readonly cpuMs: number;
}

async function whileBusy(
  workshop: Workshop,
  begin: (bytes: string) => Promise<Peer>,
  measure: (look: () => Looked) => Promise<number>,
): Promise<number> {
  const bytes = workshop.fresh();
  const peer = await begin(bytes);
  try {
    await until(() => sizeOf(bytes) > 0, 'the first run');
    return await measure(() => ({
      runs: sizeOf(bytes),
      ms: performance.now(),
      cpuMs: supervising(peer.pid).reduce((sum, pid) => sum + processorMsOf(pid), 0),
    }));
  } finally {
    await peer.stop();
  }
}

/** The processes of a supervisor: some have one more for each program. */
function supervising(pid: number): readonly number[] {
  const perProgram = ['runsv', 's6-supervise'];
  return [pid, ...childrenOf(pid).filter((child) => perProgram.includes(nameOf(child)))];
}

/** The memory in MiB of a supervisor, of each process that it has started, and of all of its own among those. */
export async function memoryOf(
  begin: () => Promise<Peer>,
): Promise<{ readonly own: number; readonly each: number; readonly others: number }> {
  const peer = await begin();
  try {
    await pause(settleMs);
    const own = memoryMiBOf(peer.pid);
    const each = childrenOf(peer.pid).map(memoryMiBOf);
    const others = supervising(peer.pid).slice(1).map(memoryMiBOf);
    return { own, each: sumOf(each) / Math.max(1, each.length), others: sumOf(others) };
  } finally {
    await peer.stop();
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

/** The share of a core, in percent, that a process takes over some seconds. */
export async function percentOfCore(pid: number, seconds: number): Promise<number> {
  const before = processorMsOf(pid);
  await pause(seconds * 1_000);
  return (processorMsOf(pid) - before) / (seconds * 10);
}

/** The 99th percentile of the milliseconds that answers of the control API take. */
export async function answerMs(folder: string, count: number): Promise<number> {
  const socketPath = join(folder, '.runner', 'runner.sock');
  const lengths: number[] = [];
  for (let asked = 0; asked < count; asked += 1) {
    const startedMs = performance.now();
    await new Promise<void>((resolve, reject) => {
      request({ socketPath, path: '/v1/status' }, (response) => {
        response.resume().on('end', resolve);
      })
        .on('error', reject)
        .end();
    });
    lengths.push(performance.now() - startedMs);
    await pause(20);
  }
  return percentile(lengths, 0.99);
}

/** The 99th percentile of the milliseconds by which runs of a chain begin late, counted from the end of its cooldown. */
export function lateness(
  workshop: Workshop,
  folder: string,
  of: { chain: string; cooldownMs: number },
): number {
  const runs = timesOf(workshop, folder, of.chain);
  const late = runs.slice(1).flatMap(({ startedAt }, index) => {
    const endedAt = runs[index]?.endedAt ?? null;
    return endedAt === null ? [] : [startedAt - endedAt - of.cooldownMs];
  });
  return percentile(late, 0.99);
}

/** When a run began and ended, by the wall clock. */
interface RunTimes {
  readonly startedAt: number;
  readonly endedAt: number | null;
}

/** When the runs of a chain began and ended, the oldest first. */
export function timesOf(workshop: Workshop, folder: string, chain: string): readonly RunTimes[] {
  const words = ['history', chain, '--json', '--limit', '100000', '--cwd', folder];
  const printed = execFileSync(process.execPath, [workshop.runner, ...words], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return printed.trim().split('\n').map(readTimes);
}

function readTimes(line: string): RunTimes {
  const value: unknown = JSON.parse(line);
  const endedAt: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'endedAt') : null;
  return { startedAt: numberIn(value, 'startedAt'), endedAt: typeof endedAt === 'number' ? endedAt : null };
}

/** The smallest number that a share of the numbers do not exceed. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Resolves after a while, during which something is measured. */
export function pause(lengthMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, lengthMs));
}

async function saysUp(child: ChildProcess, hear?: (line: string) => void): Promise<void> {
  const { stdout } = child;
  if (stdout === null) throw new Error('The output of the runner is not read');
  const lines = createInterface({ input: stdout });
  if (hear !== undefined) lines.on('line', hear);
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (/\bup with \d+ chains?\b/.test(line)) resolve();
    });
    lines.on('close', () => reject(new Error('The runner ended before it was up')));
  });
  if (hear !== undefined) return;
  lines.close();
  stdout.resume();
}
