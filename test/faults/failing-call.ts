import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One system call that fails. */
export interface FailingCall {
  readonly syscall: string;
  /** The name of the error, such as `EIO`. */
  readonly error: string;
  /** The file that it is for, within the state folder or absolute; `null` for one that is for no file. */
  readonly path: string | null;
  /** Which of these calls it is, from 1. Each thread counts its own. */
  readonly nth: number;
}

/** How a program ended. */
export interface Ended {
  readonly exitCode: number | null;
  /** What it printed on both outputs. */
  readonly text: string;
  /** How many calls were made to fail. */
  readonly failed: number;
}

/** Calls that were made on one file by the thread that made the most of them. */
export interface CallCount {
  readonly syscall: string;
  readonly path: string | null;
  readonly count: number;
}

/** A hang is told with the call that led to it, not by the limit of the whole test. */
const hangLimitMs = 60_000;
/** Calls that name a file; the others have it open. */
const naming = ['openat', 'mkdir', 'rename', 'unlink'];

/** Runs a program in which one call fails. */
export function runWithFailure(words: readonly string[], folder: string, call: FailingCall): Ended {
  const trace = join(folder, 'trace');
  const failing = wordsOf(call, folder);
  const result = spawnSync('strace', [...always(trace), ...failing, ...words], {
    cwd: folder,
    encoding: 'utf8',
    timeout: hangLimitMs,
    killSignal: 'SIGKILL',
  });
  if (result.error !== undefined && result.signal === null) throw straceError(result.error);
  const failed = readFileSync(trace, 'utf8').split('(INJECTED)').length - 1;
  return { exitCode: result.status, text: result.stdout + result.stderr, failed };
}

/** The same as a line of shell, to play it again by hand. */
export function describeFailure(words: readonly string[], folder: string, call: FailingCall): string {
  const quoted = [...always('/dev/stderr'), ...wordsOf(call, folder), ...words].map((word) =>
    /^[\w./:=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`,
  );
  return `strace ${quoted.join(' ')}`;
}

/** Runs a program, and counts its calls of these kinds on files in the state folder, or on none. */
export function countCalls(
  words: readonly string[],
  folder: string,
  syscalls: { readonly onFiles: readonly string[]; readonly others: readonly string[] },
): readonly CallCount[] {
  const trace = join(folder, 'trace');
  const traced = [...syscalls.onFiles, ...syscalls.others];
  const { error, status, stderr } = spawnSync(
    'strace',
    [...always(trace), '-y', '-e', `trace=${traced.join(',')}`, ...words],
    { cwd: folder, encoding: 'utf8' },
  );
  if (error !== undefined) throw straceError(error);
  if (status !== 0 && status !== 1) throw new Error(`Without a failure it ended with ${status}: ${stderr}`);
  const byThread = new Map<string, number>();
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const { thread, syscall, args } =
      /^(?<thread>\d+) +(?<syscall>\w+)\((?<args>.*)/.exec(line)?.groups ?? {};
    if (thread === undefined || syscall === undefined || args === undefined) continue;
    const path = pathIn(args, syscall, `${folder}/.runner`);
    if (path === null && syscalls.onFiles.includes(syscall)) continue;
    const key = JSON.stringify([syscall, path, thread]);
    byThread.set(key, (byThread.get(key) ?? 0) + 1);
  }
  return largest(byThread);
}

function largest(byThread: ReadonlyMap<string, number>): readonly CallCount[] {
  const found = new Map<string, CallCount>();
  for (const [key, count] of byThread) {
    const [, syscall = '', text = ''] = /^\["(\w+)",(.*),"\d+"\]$/.exec(key) ?? [];
    const path = text === 'null' ? null : text.slice(1, -1);
    const before = found.get(syscall + text);
    if (before === undefined || before.count < count) found.set(syscall + text, { syscall, path, count });
  }
  return [...found.values()];
}

/** The file within the state folder that a call is for; empty for the folder itself, `null` for any other file. */
function pathIn(args: string, syscall: string, folder: string): string | null {
  const pattern = naming.includes(syscall) ? /"(?<path>[^"]*)"/ : /^\d+<(?<path>[^>]*)>/;
  const path = pattern.exec(args)?.groups?.['path'] ?? '';
  if (path === folder) return '';
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : null;
}

function always(trace: string): readonly string[] {
  return ['-f', '-qq', '--seccomp-bpf', '-o', trace];
}

function wordsOf({ syscall, error, path, nth }: FailingCall, folder: string): readonly string[] {
  const only = path === null ? [] : ['-P', path.startsWith('/') ? path : join(folder, '.runner', path)];
  return [...only, '-e', `trace=${syscall}`, '-e', `inject=${syscall}:error=${error}:when=${nth}`];
}

function straceError(cause: Error): Error {
  return new Error('Cannot run strace, which makes system calls fail: install the Debian package "strace"', {
    cause,
  });
}
