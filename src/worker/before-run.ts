import { statSync } from 'node:fs';
import type { Run } from '../core/facts.ts';
import { emptyJournal, isLongJournal } from './journal.ts';

/** The journal's size is looked at once in so many runs. */
const journalCheckEvery = 64;

/** What a worker has of its chain. */
interface WorkerFiles {
  readonly lockFile: string;
  /** The inode of the file that is locked; `undefined` when none is. */
  readonly lockInode: number | undefined;
  readonly journalFile: string;
}

/** Makes ready for each run of one worker. */
export class BeforeRun {
  #hasJournalEmptied = false;

  /** Tidies the journal up; what speaks against the run, for people, or `null`. */
  prepare(run: Run, { lockFile, lockInode, journalFile }: WorkerFiles): string | null {
    if (statSync(lockFile, { throwIfNoEntry: false })?.ino !== lockInode) {
      return `The lock file "${lockFile}" was removed or replaced; a worker with a new lock takes over`;
    }
    try {
      this.#tidyJournal(run, journalFile);
      return null;
    } catch (error) {
      return `Cannot use the journal: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  // What is in the journal is stored by now: a start is stored after all ends before it.
  #tidyJournal(run: Run, journalFile: string): void {
    const isDue = run.number % journalCheckEvery === 0 && isLongJournal(journalFile);
    if (!this.#hasJournalEmptied || isDue) emptyJournal(journalFile);
    this.#hasJournalEmptied = true;
  }
}
