import { spawn } from 'node:child_process';
import { lstatSync } from 'node:fs';

/** How often the logs of runs in progress are looked at. */
const lookMs = 250;
/** How many of them at one time: with more, each has its turn less often, and the runner stays free. */
const looksAtOnce = 500;

/** A log that a run is writing. */
export interface WatchedLog {
  readonly path: string;
  limitBytes: number;
  /** Up to where its middle was cut out. */
  punchedTo: number;
}

/**
 * Keeps single runs from filling the disk. A log that grows to more than twice its limit during a run, when it
 * cannot be set aside, gets a hole punched into its middle: its first and its last part stay, what lies between
 * takes no room any more and reads as zeros.
 *
 * There is one timer for all logs, and none while no run is in progress.
 */
export interface FloodWatch {
  /** Looks at a log from time to time, until `unwatch`. Does nothing when it is watched already. */
  watch(log: WatchedLog): void;
  unwatch(log: WatchedLog): void;
}

/** A watch over no log yet. */
export function createFloodWatch(): FloodWatch {
  const logs = new Set<WatchedLog>();
  let timer: NodeJS.Timeout | null = null;

  function look(): void {
    if (timer !== null && logs.size === 0) {
      clearInterval(timer);
      timer = null;
    }
    for (const log of [...logs].slice(0, looksAtOnce)) {
      // To the end of the queue.
      logs.delete(log);
      logs.add(log);
      cutMiddle(log);
    }
  }

  return {
    watch(log) {
      logs.add(log);
      timer ??= setInterval(look, lookMs).unref();
    },
    // The timer stays for its next turn: to make one for each of a thousand runs a second would cost.
    unwatch: (log) => void logs.delete(log),
  };
}

function cutMiddle(log: WatchedLog): void {
  const size = lstatSync(log.path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < log.punchedTo) log.punchedTo = 0;
  const headBytes = Math.ceil(log.limitBytes / 2);
  const to = size - log.limitBytes;
  const from = Math.max(headBytes, log.punchedTo);
  if (size <= 2 * log.limitBytes || to - from < headBytes) return;
  log.punchedTo = to;
  punchHole(log.path, from, to);
}

// Where the file system cannot do it the log just grows, as it would without a limit.
function punchHole(path: string, from: number, to: number): void {
  const args = ['--punch-hole', '--offset', String(from), '--length', String(to - from), path];
  spawn('fallocate', args, { stdio: 'ignore' }).on('error', () => undefined);
}
