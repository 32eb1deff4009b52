import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasErrorCode } from '../core/error-code.ts';

/** Where the state of a project lives. All paths are absolute. */
export interface StateFolder {
  readonly path: string;
  readonly database: string;
  readonly locks: string;
  readonly logs: string;
  readonly journals: string;
  readonly cache: string;
  /** Locked by the one runner of the project that is up. */
  readonly projectLock: string;
  /** Locked by the one process that sends alerts. No chain's lock can have this name. */
  readonly alertsLock: string;
  /** The socket at which that runner answers. */
  readonly socket: string;
  /** What that runner prints when it is in the background. */
  readonly runnerLog: string;
}

/** The state folder cannot be used; `message` says what to do about it. */
class StateFolderError extends Error {
  override readonly name = 'StateFolderError';
}

/** The paths within a state folder, whether it is there or not. */
export function stateFolderAt(path: string): StateFolder {
  return {
    path,
    database: join(path, 'state.db'),
    locks: join(path, 'locks'),
    logs: join(path, 'logs'),
    journals: join(path, 'journal'),
    cache: join(path, 'cache'),
    projectLock: join(path, 'runner.lock'),
    alertsLock: join(path, 'locks', 'alerts'),
    socket: join(path, 'runner.sock'),
    runnerLog: join(path, 'runner.log'),
  };
}

/** Makes the folder, for this user only, unless it is there already. @throws StateFolderError */
export function makeStateFolder(path: string): StateFolder {
  const folder = stateFolderAt(path);
  checkOwner(path);
  try {
    for (const part of [path, folder.locks, folder.logs, folder.journals, folder.cache]) {
      makeFolder(part);
    }
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new StateFolderError(
      `Cannot make the state folder "${path}": ${found}; name a folder that can be written with --state-dir`,
      { cause: error },
    );
  }
  return folder;
}

// Step by step: `recursive` spins for ever in Node where the kernel refuses a folder with ENOENT, as below /proc.
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another runner that starts just now was faster.
    if (!hasErrorCode(error, 'EEXIST')) throw error;
  }
}

/** Whether a runner has ever kept state there. */
export function hasState(path: string): boolean {
  return existsSync(stateFolderAt(path).database);
}

// Two users would lock each other out of files, and trust each other's.
function checkOwner(path: string): void {
  const user = process.getuid?.();
  if (user === undefined || !existsSync(path)) return;
  const owner = lstatSync(path).uid;
  if (owner === user) return;
  throw new StateFolderError(
    `Cannot use the state folder "${path}": it belongs to user ${owner} and this is user ${user}; ` +
      'run as that user, or name another folder with --state-dir',
  );
}
