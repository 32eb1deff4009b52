import { copyFileSync, lstatSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { asidePath, logPath } from './log-files.ts';
import { isSystemRefusal } from './system-refusal.ts';

/** The log of the runner is `runner.log` in the state folder. */
export const runnerLogName = 'runner';

/** What the log of a runner may take. */
export interface RunnerLogLimits {
  /** Default 10 MiB. */
  readonly fileLimitBytes: number;
  /** How many older files are kept, from 1. Default 3. */
  readonly filesKept: number;
}

const usualLimits: RunnerLogLimits = { fileLimitBytes: 10 * 1024 * 1024, filesKept: 3 };

/** Where the standard output and standard error of a runner in the background go; to be opened with O_APPEND. */
export function runnerLogPath(stateFolder: string): string {
  return logPath(stateFolder, runnerLogName);
}

/**
 * Keeps the runner's own log small; to be called by the runner itself from time to time, such as once a minute. When
 * the log is too large, it is copied to `runner.log.1`, and emptied. Nothing is lost between the two, because
 * nobody else writes to it, and this process writes to a file at once.
 *
 * On a full disk it goes on as it is, up to twice its limit, and then begins anew without a copy.
 */
export function limitRunnerLog(stateFolder: string, limits: RunnerLogLimits = usualLimits): void {
  const path = runnerLogPath(stateFolder);
  const size = lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= limits.fileLimitBytes) return;
  const isCopied = tryCopy(path, `${path}.new`);
  if (isCopied) shift(stateFolder, limits.filesKept);
  if (isCopied || size > 2 * limits.fileLimitBytes) truncateSync(path, 0);
}

function tryCopy(from: string, to: string): boolean {
  try {
    copyFileSync(from, to);
    return true;
  } catch (error) {
    if (!isSystemRefusal(error)) throw error;
    rmSync(to, { force: true });
    return false;
  }
}

/** The newest has the number 1. */
function shift(stateFolder: string, filesKept: number): void {
  const numbers = Array.from({ length: filesKept - 1 }, (_, index) => filesKept - 1 - index);
  for (const number of numbers) {
    const path = asidePath(stateFolder, runnerLogName, number);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      renameSync(path, asidePath(stateFolder, runnerLogName, number + 1));
  }
  renameSync(`${runnerLogPath(stateFolder)}.new`, asidePath(stateFolder, runnerLogName, 1));
}
