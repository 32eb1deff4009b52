import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { toEpochMs } from '../core/units.ts';
import type { Clock, Coordinator, RunnerHolder, Taken } from '../ports.ts';
import { createLocker } from '../processes/perl.ts';
import { identify, isAlive } from '../processes/process-table.ts';

/** Nobody could tell whether a lock is free: no process could be started to try it, or there are no locks. */
export class LockError extends Error {
  override readonly name = 'LockError';

  constructor(path: string, cause: unknown) {
    const found = cause instanceof Error ? cause.message : String(cause);
    super(
      `Cannot lock "${path}": ${found}; nothing was started. See to it that this user can start processes, and that ` +
        'the state is on a file system that has locks, or name another folder with --state-dir',
      { cause },
    );
  }
}

/**
 * The right to run a chain on this host: a kernel lock on `locks/<chain>.runner`, which this process has and no
 * other inherits. When the process ends, however it ends, the lock is free. The file says who has it.
 * @param projectLock the file whose lock makes a process the one runner of the project
 * @param alertsLock the same for the one process that sends what people are to be told
 */
export function createSingleHostCoordinator(
  paths: { readonly folder: string; readonly projectLock: string; readonly alertsLock: string },
  perl: string,
  clock: Clock,
): Coordinator {
  const tryLock = createLocker(perl);
  const identity = identify(process.pid, clock.boot);
  async function take(path: string): Promise<Taken> {
    const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      if (await isLockedNow(path, descriptor)) {
        writeHolder(descriptor, { identity, since: clock.now().wall, command: process.argv.join(' ') });
        return { kind: 'taken', release: () => closeSync(descriptor) };
      }
    } catch (error) {
      // Left open it would keep the lock, if it has it, from this process itself.
      closeSync(descriptor);
      throw error;
    }
    closeSync(descriptor);
    return { kind: 'held elsewhere', holder: readHolder(path, clock) };
  }
  async function isLockedNow(path: string, descriptor: number): Promise<boolean> {
    try {
      return await tryLock(descriptor);
    } catch (cause) {
      throw new LockError(path, cause);
    }
  }
  return {
    take: (chain) => take(join(paths.folder, `${chain}.runner`)),
    takeProject: () => take(paths.projectLock),
    takeAlerts: () => take(paths.alertsLock),
  };
}

function writeHolder(descriptor: number, holder: object): void {
  // To make a file shorter costs far more than to write over it, and most holders are called the same.
  const writtenBytes = writeSync(descriptor, JSON.stringify(holder), 0);
  if (fstatSync(descriptor).size > writtenBytes) ftruncateSync(descriptor, writtenBytes);
}

function readHolder(path: string, clock: Clock): RunnerHolder {
  const unknownHolder: RunnerHolder = {
    pid: null,
    identity: null,
    command: 'a process that has only just started',
    since: null,
  };
  const value = parseJson(readFileSync(path, 'utf8'));
  if (!isHolder(value) || !isAlive(value.identity, clock.boot)) return unknownHolder;
  return {
    pid: value.identity.pid,
    identity: value.identity,
    command: value.command,
    since: toEpochMs(value.since),
  };
}

// The holder may be about to write it: no text, or half of one, is no error.
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // As above.
    return null;
  }
}

interface StoredHolder {
  readonly identity: NonNullable<ReturnType<typeof identify>>;
  readonly since: number;
  readonly command: string;
}

function isHolder(value: unknown): value is StoredHolder {
  return (
    typeof value === 'object' &&
    value !== null &&
    'identity' in value &&
    typeof value.identity === 'object' &&
    value.identity !== null &&
    'pid' in value.identity &&
    'since' in value &&
    Number.isSafeInteger(value.since) &&
    'command' in value &&
    typeof value.command === 'string'
  );
}
