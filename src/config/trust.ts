import { statSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { findConfig } from './find-config.ts';

/**
 * Why a runner that is root may not obey this file, or `null`: whoever can write it, or put another one in its place,
 * would be root. Who owns it is not asked here: see `warningOfOwner`.
 * @throws the system's error when there is no such file.
 */
export function problemWithWriters(file: string): string | null {
  if (process.geteuid?.() !== 0) return null;
  if (isWritableByOthers(statSync(file)))
    return `others than its owner can write it, run "chmod go-w ${file}"`;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const stats = statSync(folder);
    // In a folder with the sticky bit, like /tmp, nobody replaces the files of others.
    const isSticky = (stats.mode & 0o1000) !== 0;
    if (isWritableByOthers(stats) && !isSticky) {
      return `others than its owner can write to the folder ${folder}, run "chmod go-w ${folder}"`;
    }
    if (folder === dirname(folder)) return null;
  }
}

/**
 * What a runner that is root says of a configuration that belongs to another user, itself or by a folder above it;
 * `null` when none does. In a container the sources are often those of the user outside, so it is no reason to refuse.
 */
export function warningOfOwner(directory: string): string | null {
  const found = findConfig(directory);
  if (process.geteuid?.() !== 0 || found.kind !== 'found') return null;
  for (let path = join(directory, found.name); ; path = dirname(path)) {
    const owner = statSync(path, { throwIfNoEntry: false })?.uid ?? 0;
    if (owner !== 0) {
      return `${path} belongs to user ${owner}, who can so make this runner, which is root, run anything; if that is not meant, run "chown root ${path}"`;
    }
    if (path === dirname(path)) return null;
  }
}

function isWritableByOthers({ mode }: Stats): boolean {
  return (mode & 0o022) !== 0;
}
