import { createHash } from 'node:crypto';
import { readdirSync, statSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '../system-error.ts';

/** More files than a project has: a tree that holds more is not one of sources. */
const mostFiles = 50_000;
const isCode = /\.(?:[mc]?[jt]sx?|json|node|wasm)$/;

/**
 * A text that changes when a source file below `directory` does, by path, size and time of change. Which of them a
 * function imports is not looked into: an import can hide behind anything, and a new worker too many costs little.
 * Packages count by the lock file that npm, yarn and pnpm keep in node_modules.
 */
export function codeVersion(directory: string): string {
  const hash = createHash('sha256');
  const folders = [directory];
  let files = 0;
  for (let folder = folders.pop(); folder !== undefined && files < mostFiles; folder = folders.pop()) {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && isOfProject(entry.name)) folders.push(path);
      if (!isCode.test(entry.name) || entry.isDirectory()) continue;
      files += 1;
      hash.update(lineOf(path));
    }
  }
  for (const name of ['.package-lock.json', '.yarn-state.yml', '.modules.yaml']) {
    hash.update(lineOf(join(directory, 'node_modules', name)));
  }
  return hash.digest('base64url').slice(0, 22);
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    // A folder that cannot be read holds nothing that could be imported.
    if (isSystemError(error)) return [];
    throw error;
  }
}

function isOfProject(name: string): boolean {
  return name !== 'node_modules' && !name.startsWith('.');
}

function lineOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? '' : `${path} ${found.size} ${found.mtimeMs}\n`;
}
