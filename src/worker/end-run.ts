import type { ChainName } from '../core/definition.ts';
import { hasErrorCode } from '../core/error-code.ts';
import type { Run } from '../core/facts.ts';
import {
  descendantsOf,
  hasInEnvironment,
  hasOpen,
  isAlive,
  readBelow,
  readProcess,
  readProcesses,
  type ProcessEntry,
} from '../processes/process-table.ts';

/** A tree that forks while it is being killed is read and killed again, at most so often in one go. */
const maxPasses = 10;
/** What is below a live worker is read in no time, and is looked at so often: some ten milliseconds in all. */
const maxQuickPasses = 200;
/** It is gone when so many looks in a row have found nothing: one that forks is in no list for a moment. */
const cleanPasses = 3;

/** What the processes of a worker of many chains have in their environment: any of them may be of any of the chains. */
const sharedMark = 'RUNNER_SHARED=1';

/** What of a run is to be signalled. */
export interface Target {
  readonly chain: ChainName;
  readonly run: Run;
  readonly boot: string;
  readonly lockFile: string;
  /** Whether the worker itself has to go too: a function cannot be ended without the process it runs in. */
  readonly withWorker: boolean;
  /** A process that has the lock file open only to wait for it, or `null`. */
  readonly spared: number | null;
}

/**
 * Asks all processes of a run to end. SIGCONT follows, since a stopped process takes SIGTERM only once it goes on.
 */
export function terminate(target: Target): void {
  for (const entry of processesOf(target)) {
    send(entry, 'SIGTERM');
    send(entry, 'SIGCONT');
  }
}

/** Kills all processes of a run, and what they start meanwhile. */
export function kill(target: Target): void {
  const { worker } = target.run;
  if (worker !== null && isAlive(worker, target.boot)) killBelow(worker.pid);
  for (let pass = 0; pass < maxPasses; pass += 1) {
    const entries = processesOf(target);
    if (entries.length === 0) return;
    for (const entry of entries) send(entry, 'SIGKILL');
  }
}

function killBelow(worker: number): void {
  let clean = 0;
  for (let pass = 0; pass < maxQuickPasses && clean < cleanPasses; pass += 1) {
    const entries = readBelow(worker);
    clean = entries.length === 0 ? clean + 1 : 0;
    for (const entry of entries) send(entry, 'SIGKILL');
  }
}

/**
 * The live processes of a run. While its worker lives these are exactly the processes below the worker, since
 * whatever loses its parent becomes the worker's child. Without the worker they are those that have the chain's
 * lock open, or belong to the worker's session and carry the chain's mark in their environment.
 */
export function processesOf(target: Target): readonly ProcessEntry[] {
  const { run, boot, lockFile, withWorker, spared } = target;
  const processes = readProcesses().filter(
    (entry) => !entry.isZombie && entry.pid !== process.pid && entry.pid !== spared,
  );
  const { worker } = run;
  if (worker !== null && isAlive(worker, boot)) {
    const own = withWorker ? processes.filter((entry) => entry.pid === worker.pid) : [];
    return [...descendantsOf(worker.pid, processes), ...own];
  }
  return processes.filter(
    (entry) => hasOpen(entry.pid, lockFile) || (worker?.boot === boot && isStray(entry, worker.pid, target)),
  );
}

// Some programs close the lock for their children (sudo, Python's Popen). The session alone would not do: its
// number is given away again once all its processes are gone.
function isStray(entry: ProcessEntry, session: number, target: Target): boolean {
  if (entry.session !== session) return false;
  return (
    hasInEnvironment(entry.pid, `RUNNER_CHAIN=${target.chain}`) || hasInEnvironment(entry.pid, sharedMark)
  );
}

// Between the reading of the table and the signal the process may have ended and its id been given away: look again.
function send(entry: ProcessEntry, signal: NodeJS.Signals): void {
  if (entry.pid <= 1 || readProcess(entry.pid)?.startedTicks !== entry.startedTicks) return;
  try {
    process.kill(entry.pid, signal);
  } catch (error) {
    // ESRCH: gone. EPERM: it became another user; it stays in the way, and is named as such.
    if (!hasErrorCode(error, 'ESRCH', 'EPERM')) throw error;
  }
}
