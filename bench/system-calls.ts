import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { missingDebianProgram } from '../peers/debian-package.ts';
import { pause } from './up-figures.ts';

const tracedMs = 3_000;

/** How often each system call is made for one run. */
export type CallCounts = ReadonlyMap<string, number>;

/** Why strace cannot be used here; `null` when it can. Installs it where that is allowed. */
export function missingStrace(): string | null {
  const missing = missingDebianProgram(['strace', '-V'], 'strace');
  if (missing !== null) return missing;
  // It needs more than to be there: a container may forbid it.
  const { status } = spawnSync('strace', ['-c', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
  return status === 0 ? null : 'strace may not trace here';
}

/** Counts the system calls of a process, of its threads, and of the children that it starts meanwhile. */
export async function systemCalls(
  pid: number,
  { runs, folder }: { readonly runs: () => number; readonly folder: string },
): Promise<CallCounts> {
  const file = join(folder, `calls-of-${pid}`);
  const strace = spawn('strace', ['-c', '-f', '-p', String(pid), '-o', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve, reject) => {
    strace.on('error', reject).on('exit', () => resolve());
  });
  const lines = createInterface({ input: strace.stderr });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (/\battached\b/.test(line)) resolve();
    });
    ended.then(() => reject(new Error(`strace could not trace process ${pid}`)), reject);
  });
  const from = runs();
  await pause(tracedMs);
  const counted = runs() - from;
  strace.kill('SIGINT');
  await ended;
  return readCounts(readFileSync(file, 'utf8'), counted);
}

//  48.35    0.000088           2        30        13 openat
function readCounts(text: string, runs: number): CallCounts {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  return new Map(
    lines.flatMap((words) => {
      const [share, , , calls] = words;
      const name = words.at(-1);
      const isCount = /^[\d.]+$/.test(share ?? '') && name !== undefined && name !== 'total';
      return isCount ? [[name, Number(calls) / runs] as const] : [];
    }),
  );
}
