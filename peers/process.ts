import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Longer takes nothing here, unless it hangs. */
const limitMs = 180_000;
/** A command of PM2 that is given twice at once may never end. */
const commandLimitMs = 30_000;
const lookMs = 5;

/** Where and with what environment a program runs. */
interface Surroundings {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A supervisor that was started in the foreground. */
export interface Daemon {
  readonly pid: number;
  readonly ended: Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/** Starts a program that stays, in the foreground; its output is thrown away. */
export function startDaemon(
  program: string,
  args: readonly string[],
  { cwd, env = process.env }: Surroundings,
): Daemon {
  const child = spawn(program, args, { cwd, env, stdio: 'ignore' });
  const ended = endOf(child).then(() => undefined);
  return { pid: child.pid ?? 0, ended, signal: (signal) => void child.kill(signal) };
}

/** Runs a command to its end, whatever that is; resolves to its exit status, 1 for a signal or where there is none. */
export function runCommand(
  program: string,
  args: readonly string[],
  { cwd, env = process.env }: Surroundings,
): Promise<number> {
  return endOf(spawn(program, args, { cwd, env, stdio: 'ignore', timeout: commandLimitMs }));
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (exitCode) => resolve(exitCode ?? 1));
  });
}

/** Resolves once `isTrue`. @throws after three minutes */
export async function until(isTrue: () => boolean, what: string): Promise<void> {
  const startedMs = performance.now();
  while (!isTrue()) {
    if (performance.now() - startedMs > limitMs) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/** Resolves when a process that need not be ours has ended. */
export function untilGone(pid: number, what: string): Promise<void> {
  return until(() => !existsSync(`/proc/${pid}`), `the end of ${what}`);
}

/** The child of a process whose command line begins with these words; 0 where there is none. */
export function childWith(parent: number, words: string): number {
  const tasks = `/proc/${parent}/task`;
  if (!existsSync(tasks)) return 0;
  const children = readdirSync(tasks).flatMap((thread) => textOf(`${tasks}/${thread}/children`).split(' '));
  const found = children.find((pid) =>
    textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').startsWith(words),
  );
  return Number(found ?? 0);
}

/**
 * A process whose command line has these words, wherever it came from; 0 where there is none.
 * @param variable `NAME=value` that it must have been started with, where its command line alone does not tell it
 */
export function processWith(words: string, variable?: string): number {
  const isIt = (pid: string): boolean =>
    textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').includes(words) &&
    (variable === undefined || textOf(`/proc/${pid}/environ`).split('\0').includes(variable));
  return Number(readdirSync('/proc').find((entry) => /^\d+$/.test(entry) && isIt(entry)) ?? 0);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended in between.
    return '';
  }
}
