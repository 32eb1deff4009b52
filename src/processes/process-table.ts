import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { hasErrorCode } from '../core/error-code.ts';
import type { Holder, ProcessIdentity } from '../core/facts.ts';

/** One line of the host's process table. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly session: number;
  /** Clock ticks between boot and the start of the process. */
  readonly startedTicks: string;
  /** A zombie has ended and waits for its parent to notice. */
  readonly isZombie: boolean;
}

const commandLimit = 120;

/** All processes of this pid namespace. Reads about 70 processes a millisecond. */
export function readProcesses(): readonly ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== null);
}

/** The process with this id, or `null` when there is none. */
export function readProcess(pid: number): ProcessEntry | null {
  const stat = readProcFile(pid, 'stat');
  if (stat === null) return null;
  // The name stands in brackets and may hold anything, brackets too: read what follows the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
    parentPid: Number(fields[1]),
    session: Number(fields[3]),
    startedTicks: fields[19] ?? '',
  };
}

/** The identity of a live process, or `null` when it is gone. */
export function identify(pid: number, boot: string): ProcessIdentity | null {
  const entry = readProcess(pid);
  return entry === null ? null : { boot, namespace: pidNamespace(), pid, startedTicks: entry.startedTicks };
}

/** Whether the process still lives: the same one, not another that was given its id. */
export function isAlive(identity: ProcessIdentity, boot: string): boolean {
  if (identity.boot !== boot || identity.namespace !== pidNamespace()) return false;
  const entry = readProcess(identity.pid);
  return entry !== null && !entry.isZombie && entry.startedTicks === identity.startedTicks;
}

/** Signals the process unless another one has been given its id by now. */
export function signalProcess(identity: ProcessIdentity, boot: string, signal: NodeJS.Signals): void {
  if (identity.pid <= 1 || !isAlive(identity, boot)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (!hasErrorCode(error, 'ESRCH')) throw error;
  }
}

/** The process and its command line, for people. */
export function describeProcess(pid: number): Holder {
  const words = (readProcFile(pid, 'cmdline') ?? '').replaceAll('\0', ' ').trim();
  // None while it becomes another program: it has its name at least, which ps shows like this.
  const text = words === '' ? `[${(readProcFile(pid, 'comm') ?? '').trim()}]` : words;
  return { pid, command: text.length > commandLimit ? `${text.slice(0, commandLimit)}…` : text };
}

/** The processes below `root` in the tree, zombies left out. */
export function descendantsOf(root: number, processes: readonly ProcessEntry[]): readonly ProcessEntry[] {
  const children = childrenByParent(processes);
  const found: ProcessEntry[] = [];
  const toVisit = [root];
  for (let pid = toVisit.pop(); pid !== undefined; pid = toVisit.pop()) {
    for (const child of children.get(pid) ?? []) {
      toVisit.push(child.pid);
      if (!child.isZombie) found.push(child);
    }
  }
  return found;
}

/**
 * The processes below `root` as the kernel lists them by parent, zombies left out: some ten microseconds for a few, where
 * the whole table takes milliseconds, in which a process that forks all the time has long another id. Empty on a kernel
 * without these lists (CONFIG_PROC_CHILDREN).
 */
export function readBelow(root: number): readonly ProcessEntry[] {
  return childrenOf(root).flatMap((pid) => {
    const entry = readProcess(pid);
    if (entry === null) return [];
    return entry.isZombie ? readBelow(pid) : [entry, ...readBelow(pid)];
  });
}

function childrenOf(pid: number): readonly number[] {
  return readTasks(pid).flatMap((task) => {
    const list = readProcFile(pid, `task/${task}/children`) ?? '';
    return list.split(' ').filter(Boolean).map(Number);
  });
}

function readTasks(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    // It ended in between: that is an answer.
    return [];
  }
}

/** Whether a process has this file open; `false` also where another user's process cannot be looked into. */
export function hasOpen(pid: number, path: string): boolean {
  try {
    const wanted = statSync(path);
    return readdirSync(`/proc/${pid}/fd`).some((descriptor) => {
      const link = `/proc/${pid}/fd/${descriptor}`;
      if (!readlinkSync(link).startsWith('/')) return false;
      const open = statSync(link);
      return open.ino === wanted.ino && open.dev === wanted.dev;
    });
  } catch {
    // The process ended while it was looked at, or belongs to somebody else.
    return false;
  }
}

/** Whether a process was started with this `NAME=value`; `false` where it cannot be looked into. */
export function hasInEnvironment(pid: number, entry: string): boolean {
  return (readProcFile(pid, 'environ') ?? '').split('\0').includes(entry);
}

function childrenByParent(processes: readonly ProcessEntry[]): ReadonlyMap<number, readonly ProcessEntry[]> {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of processes) {
    const siblings = children.get(entry.parentPid);
    if (siblings === undefined) children.set(entry.parentPid, [entry]);
    else siblings.push(entry);
  }
  return children;
}

let ownNamespace: string | null = null;

function pidNamespace(): string {
  ownNamespace ??= readlinkSync('/proc/self/ns/pid');
  return ownNamespace;
}

function readProcFile(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    // It ended in between: that is an answer.
    return null;
  }
}
