import { existsSync, readdirSync, readFileSync, readlinkSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Resolves when the file is there. */
export async function waitForFile(path: string): Promise<void> {
  const watcher = watch(dirname(path));
  try {
    await new Promise<void>((resolve) => {
      watcher.on('change', (_, name) => {
        if (name === basename(path)) resolve();
      });
      if (existsSync(path)) resolve();
    });
  } finally {
    watcher.close();
  }
}

/** The letter of a process's state, such as `S` or `T`; empty for a process that is gone. */
export function readProcessState(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
}

/** The worker of a runner, and what runs below it. */
export function workerBelow(runner: number): { readonly pid: number; readonly below: readonly number[] } {
  const [pid] = processesBelow(runner, '/usr/bin/perl');
  if (pid === undefined) throw new Error(`Runner ${runner} has no worker`);
  return { pid, below: processesBelow(pid, '') };
}

/** The processes below `root` whose command line begins with `name`. */
export function processesBelow(root: number, name: string): readonly number[] {
  const table = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => ({ pid: Number(entry), parent: parentOf(entry), command: commandOf(entry) }));
  const below = (pid: number): readonly number[] =>
    table.filter(({ parent }) => parent === pid).flatMap((entry) => [entry.pid, ...below(entry.pid)]);
  const found = new Set(below(root));
  return table.filter(({ pid, command }) => found.has(pid) && command.startsWith(name)).map(({ pid }) => pid);
}

/** Resolves when none of the processes lives; zombies count as gone. */
export async function waitUntilGone(pids: readonly number[]): Promise<void> {
  // There is no event for the end of a process that is not a child.
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Whether a process lives; a zombie does not. */
export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(')') + 1));
}

/** The parent of a process. */
export function parentOf(pid: string | number): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function commandOf(pid: string): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended in between.
    return '';
  }
}

/** Ends all processes whose working folder is this one or one below: runners, workers and runs. */
export async function endAllIn(folder: string): Promise<void> {
  for (;;) {
    const pids = processesIn(folder);
    if (pids.length === 0) return;
    for (const pid of pids) endOne(pid);
    await waitUntilGone(pids);
  }
}

/** The processes whose folder is this one or one below. */
export function processesIn(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && `${folderOf(entry)}/`.startsWith(`${folder}/`))
    .map(Number);
}

function folderOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It ended in between.
    return '';
  }
}

function endOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
