import { readFileSync, statSync, truncateSync } from 'node:fs';
import type { JournalEntry } from '../core/event.ts';
import type { Run } from '../core/facts.ts';
import { parseJournalLine } from './protocol.ts';

/** Above this size the journal is emptied between runs: all that it says is stored by then. */
const limitBytes = 64 * 1024;

/**
 * What the journal at `path` says of `run`. A line that was cut short counts as not written. A run of the same
 * number but of another fence is another run: after a power cut a number can be given away again.
 */
export function findInJournal(path: string, run: Run): JournalEntry {
  let entry: JournalEntry = { kind: 'nothing' };
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  for (const line of lines) {
    const parsed = parseJournalLine(line);
    if (parsed?.kind === 'began') {
      entry =
        parsed.run === run.number && parsed.fence === run.fence ? { kind: 'began' } : { kind: 'nothing' };
    }
    // On a full disk a line may come once cut short and then once whole.
    if (parsed?.kind === 'ended' && entry.kind !== 'nothing') {
      const { at, durationMs, usage, ending } = parsed.end;
      entry = { kind: 'ended', at, durationMs, usage, ending, boot: run.boot };
    }
  }
  return entry;
}

/** Empties the journal. Call it between runs only, when all its results are stored. */
export function emptyJournal(path: string): void {
  truncateSync(path, 0);
}

/** Whether the journal has grown so much that it should be emptied. */
export function isLongJournal(path: string): boolean {
  return statSync(path).size > limitBytes;
}
