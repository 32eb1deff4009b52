import { watch, type FSWatcher } from 'node:fs';

/** How often to look where the kernel does not tell of changes. */
const pollMs = 250;

/**
 * Calls `changed` with the name of each file of a folder that changes, or with `null` when any of them may have. It
 * is the folder that is watched: a file that was set aside is no longer the one to watch. What it returns ends it.
 */
export function watchFolder(folder: string, changed: (name: string | null) => void): () => void {
  const watcher = tryWatch(folder, changed);
  if (watcher !== null) return () => watcher.close();
  const timer = setInterval(() => changed(null), pollMs);
  return () => clearInterval(timer);
}

// The kernel watches only so many files for a user; without it there is the clock.
function tryWatch(folder: string, changed: (name: string | null) => void): FSWatcher | null {
  try {
    return watch(folder, (_, name) => changed(name));
  } catch {
    // As above.
    return null;
  }
}
