import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { hasErrorCode } from '../../core/error-code.ts';
import { readProcess } from '../../processes/process-table.ts';

/** The processes that this one has to answer for. */
export interface Children {
  /** They live. */
  readonly live: readonly number[];
  /** They have ended, and nobody but this process could clear them away, which Node does not do. */
  readonly zombies: number;
}

/**
 * The child processes of this worker. It was made the reaper of all its descendants, so that whatever a run
 * started and lost is here too: when none lives, the run's whole tree is gone.
 */
export function readChildren(): Children {
  const pids = readdirSync('/proc/self/task').flatMap(childrenOfThread);
  if (pids.length === 0) return { live: [], zombies: 0 };
  const live = pids.filter((pid) => readProcess(pid)?.isZombie === false);
  return { live, zombies: pids.length - live.length };
}

// To keep these files open makes the look after each run ten times as fast.
const openFiles = new Map<string, number>();
const buffer = Buffer.alloc(64 * 1024);

function childrenOfThread(thread: string): number[] {
  try {
    const text = buffer.toString('latin1', 0, readSync(openFile(thread), buffer, 0, buffer.length, 0)).trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch (error) {
    // Another thread may have ended; its children are listed with the main one, which is always there.
    const isGone = hasErrorCode(error, 'ENOENT', 'ESRCH');
    if (!isGone || thread === String(process.pid)) throw error;
    closeFile(thread);
    return [];
  }
}

function openFile(thread: string): number {
  const known = openFiles.get(thread);
  if (known !== undefined) return known;
  const descriptor = openSync(`/proc/self/task/${thread}/children`, 'r');
  openFiles.set(thread, descriptor);
  return descriptor;
}

function closeFile(thread: string): void {
  const descriptor = openFiles.get(thread);
  if (descriptor !== undefined) closeSync(descriptor);
  openFiles.delete(thread);
}
