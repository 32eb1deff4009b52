import { exitStatus, type ExitStatus } from './exit-status.ts';

// By name, not by class: to import the classes would load what most commands do not need.
const statusByName: Readonly<Record<string, ExitStatus>> = {
  PerlMissing: exitStatus.unavailable,
  StateFolderError: exitStatus.cannotCreate,
  StoreError: exitStatus.ioError,
};

/**
 * Does a command's work. An error with a meaning for people is printed as one line; any other is a bug, which
 * ends the process with its stack. The exit status is set, the process goes on to its end by itself.
 */
export async function guarded(isDebug: boolean, work: () => Promise<ExitStatus>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    const status = error instanceof Error ? statusByName[error.name] : undefined;
    if (status === undefined) throw error;
    printError(error, isDebug);
    process.exitCode = status;
  }
}

/** Prints an error for people: one line, or everything with --debug. */
function printError(error: unknown, isDebug: boolean): void {
  if (isDebug) console.error(error);
  else console.error(error instanceof Error ? error.message : String(error));
}

/** A bug: says what is known, and ends. Runs in progress go on, and the next runner picks them up. */
export function dieOfBug(error: unknown): never {
  console.error(
    'This is a bug of runner. Runs in progress go on to their end; start it again to pick them up.',
  );
  console.error(error);
  process.exit(exitStatus.software);
}
