import { tellReady } from '../system/ready.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';

// By name, not by class: to import the classes would load what most commands do not need.
const statusByName: Readonly<Record<string, ExitStatus>> = {
  PerlMissing: exitStatus.unavailable,
  LockError: exitStatus.unavailable,
  StateFolderError: exitStatus.cannotCreate,
  StoreError: exitStatus.ioError,
  ControlSocketError: exitStatus.cannotCreate,
  RunnerNotUp: exitStatus.unavailable,
  RunnerSilent: exitStatus.unavailable,
};

/**
 * Does a command's work. An error with a meaning for people is printed as one line; any other is a bug, which
 * ends the process with its stack. The exit status is set, the process goes on to its end by itself.
 */
export async function guarded(isDebug: boolean, work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined || !(error instanceof Error)) throw error;
    printError(error, isDebug);
    tellReady({ kind: 'failed', text: error.message, exitCode: status });
    process.exitCode = status;
  }
}

function statusOf(error: unknown): ExitStatus | undefined {
  if (!(error instanceof Error)) return undefined;
  return statusByName[error.name] ?? (isRefusal(error) ? exitStatus.ioError : undefined);
}

// What the kernel refuses, such as EACCES or EROFS, names the file and is no bug.
function isRefusal(error: Error): boolean {
  return 'syscall' in error && 'path' in error;
}

/** Prints an error for people: one line, or everything with --debug. */
function printError(error: Error, isDebug: boolean): void {
  const advice = '; see to it that this user can read and write it, or name another folder with --state-dir';
  if (isDebug) console.error(error);
  else console.error(isRefusal(error) ? `Cannot use the state: ${error.message}${advice}` : error.message);
}
