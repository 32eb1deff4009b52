import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import type { Peer } from '../peers/peer.ts';
import { childrenOf, endOf, memoryMiBOf, processorMsOf, sizeOf, until } from './process-figures.ts';
import { numberIn } from './runner-figures.ts';
import type { Workshop } from './workshop.ts';

const loadMs = 8_000;
const settleMs = 1_500;

/** A `runner up` that is measured. */
export interface UpRunner extends Peer {
  readonly folder: string;
  /** Milliseconds from its start to the word that it is up. */
  readonly startMs: number;
}

/** Starts `runner up` with these chains in a project of their own; resolves when it says that it is up. */
export async function startUp(
  workshop: Workshop,
  chains: object,
  folder: string = workshop.fresh(),
): Promise<UpRunner> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'runner.config.json'), JSON.stringify({ chains }));
  writeFileSync(join(folder, 'tasks.mjs'), readFileSync(join(workshop.project, 'tasks.mjs')));
  const startedMs = performance.now();
  const child = spawn(process.execPath, [workshop.runner, 'up'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = endOf(child, 'runner up');
  await saysUp(child);
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

/** Milliseconds of the supervisor's processor for one run of `count` programs that do nothing but append a byte. */
export async function cpuOfRun(workshop: Workshop, begin: (bytes: string) => Promise<Peer>): Promise<number> {
  const bytes = workshop.fresh();
  const peer = await begin(bytes);
  try {
    await until(() => sizeOf(bytes) > 0, 'the first run');
    await pause(loadMs / 2);
    const from = { runs: sizeOf(bytes), cpuMs: processorMsOf(peer.pid) };
    await pause(loadMs);
    const to = { runs: sizeOf(bytes), cpuMs: processorMsOf(peer.pid) };
    return (to.cpuMs - from.cpuMs) / Math.max(1, to.runs - from.runs);
  } finally {
    await peer.stop();
  }
}

/** The memory of a supervisor, and of each process that it has started itself, in MiB. */
export async function memoryOf(
  begin: () => Promise<Peer>,
): Promise<{ readonly own: number; readonly each: number }> {
  const peer = await begin();
  try {
    await pause(settleMs);
    const each = childrenOf(peer.pid).map(memoryMiBOf);
    return {
      own: memoryMiBOf(peer.pid),
      each: each.reduce((sum, one) => sum + one, 0) / Math.max(1, each.length),
    };
  } finally {
    await peer.stop();
  }
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

async function saysUp(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('The output of the runner is not read');
  for await (const line of createInterface({ input: child.stdout })) {
    if (/\bup with \d+ chains?\b/.test(line)) break;
  }
  child.stdout.resume();
}
