import { closeSync, fstatSync, openSync, readSync, watch, type FSWatcher } from 'node:fs';

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

/**
 * Follows the log at `path` from byte `from` on. When the file becomes shorter it was set aside, and is read
 * from its start again.
 */
export function followLog(path: string, from: number, reader: LogReader): FollowedLog {
  const descriptor = openSync(path, 'r');
  const buffer = Buffer.alloc(chunkBytes);
  const decoder = new TextDecoder('utf8');
  let offset = from;

  function drain(): void {
    const { size } = fstatSync(descriptor);
    if (size < offset) offset = 0;
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

  const stopWatching = watchFile(path, drain);
  return {
    drain,
    close() {
      stopWatching();
      closeSync(descriptor);
    },
  };
}

function watchFile(path: string, changed: () => void): () => void {
  const watcher = tryWatch(path, changed);
  if (watcher !== null) return () => watcher.close();
  const timer = setInterval(changed, pollMs);
  return () => clearInterval(timer);
}

// The kernel watches only so many files for a user; without it there is the clock.
function tryWatch(path: string, changed: () => void): FSWatcher | null {
  try {
    return watch(path, changed);
  } catch {
    // As above.
    return null;
  }
}
