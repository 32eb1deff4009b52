import { closeSync, fstatSync, openSync, readSync, statSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { hasErrorCode } from '../core/error-code.ts';

/** How often a file is looked at where the kernel does not tell of changes. */
const pollMs = 250;
const chunkBytes = 64 * 1024;
/** What is read of a flood of output in one go; the rest of it stays in the file only. */
const floodBytes = 1024 * 1024;

/** A log that is read while it grows. */
export interface FollowedLog {
  /** Hands over at once what has been written until now. */
  drain(): void;
  close(): void;
}

/** What a follower is handed: text, or the news that so many bytes of a flood were left out. */
export interface LogReader {
  text(text: string): void;
  leftOut(bytes: number): void;
}

/** Follows the log at `path` from byte `from` on, and goes on with the new file when it was set aside. */
export function followLog(path: string, from: number, reader: LogReader): FollowedLog {
  let descriptor = openSync(path, 'r');
  let offset = from;
  const buffer = Buffer.alloc(chunkBytes);
  const decoder = new TextDecoder('utf8');

  function readOn(): void {
    const { size } = fstatSync(descriptor);
    if (size - offset > floodBytes) {
      reader.leftOut(size - offset - floodBytes);
      offset = size - floodBytes;
    }
    while (offset < size) {
      const bytes = readSync(descriptor, buffer, 0, Math.min(chunkBytes, size - offset), offset);
      if (bytes === 0) return;
      offset += bytes;
      reader.text(decoder.decode(buffer.subarray(0, bytes), { stream: true }));
    }
  }

  function drain(): void {
    readOn();
    if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino) return;
    const next = tryOpen(path);
    if (next === null) return;
    closeSync(descriptor);
    descriptor = next;
    offset = 0;
    readOn();
  }

  // The folder, not the file: a file that was set aside is no longer the one to watch.
  const stopWatching = watchFolder(dirname(path), drain);
  return {
    drain,
    close() {
      stopWatching();
      closeSync(descriptor);
    },
  };
}

// In the moment between setting aside and beginning anew there is no file.
function tryOpen(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function watchFolder(folder: string, changed: () => void): () => void {
  const watcher = tryWatch(folder, changed);
  if (watcher !== null) return () => watcher.close();
  const timer = setInterval(changed, pollMs);
  return () => clearInterval(timer);
}

// The kernel watches only so many files for a user; without it there is the clock.
function tryWatch(folder: string, changed: () => void): FSWatcher | null {
  try {
    return watch(folder, changed);
  } catch {
    // As above.
    return null;
  }
}
