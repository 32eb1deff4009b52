import { openSync, closeSync, writeSync } from 'node:fs';
import { hasErrorCode } from '../../core/error-code.ts';
import { formatLine } from '../protocol.ts';
import { isRefusedWrite } from './refused-write.ts';

const retryMs = 200;

/** What the journal of a chain did not take because the disk was full, by the journal's file or descriptor. */
const unwritten = new Map<string | number, string>();

/**
 * Writes a line to a chain's journal, which outlives the runner. On a full disk the runner still hears of the end, and
 * what is not in the journal waits for room until it is stored.
 */
export function appendToJournal(journal: string | number, words: readonly (string | number)[]): void {
  // What came before the begin of a run is stored by now.
  const before = words[0] === 'began' ? '' : (unwritten.get(journal) ?? '');
  unwritten.delete(journal);
  write(journal, before + formatLine(words));
}

/** Resolves when there is nothing left to write: without a runner the journal alone tells how a run ended. */
export async function journalsWritten(): Promise<void> {
  for (;;) {
    const waiting = [...unwritten];
    unwritten.clear();
    for (const [journal, text] of waiting) write(journal, text);
    if (unwritten.size === 0) return;
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

function write(journal: string | number, text: string): void {
  let written = 0;
  try {
    written = writeOnce(journal, text);
  } catch (error) {
    if (!isRefusedWrite(error)) throw error;
    // A broken disk never takes it: the line is lost, and the runner, if there is one, has heard how the run ended.
    if (!hasErrorCode(error, 'ENOSPC', 'EDQUOT')) return;
  }
  // A line that was cut short ends there; then it comes again, whole.
  const again = written === 0 ? text : `\n${text}`;
  if (written < Buffer.byteLength(text)) unwritten.set(journal, again);
}

// A file is opened each time: ten thousand open ones are too many.
function writeOnce(journal: string | number, text: string): number {
  if (typeof journal === 'number') return writeSync(journal, text);
  const descriptor = openSync(journal, 'a', 0o600);
  try {
    return writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}
