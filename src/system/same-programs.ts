import { readFileSync, statSync } from 'node:fs';

/** Throws an error for people when a program is not what it was when this process began. */
export type CheckProgram = (file: string) => void;

/**
 * Remembers these programs as they are now. An update puts others in their place while this process lives, and those
 * may speak with a runner of their own version only. The name of each part of a program has a hash of the part in
 * it, so that a program with a changed part has changed itself.
 */
export function rememberPrograms(files: readonly string[]): CheckProgram {
  const known = new Map(files.map((file) => [file, { stamp: stampOf(file), content: contentOf(file) }]));
  return (file) => {
    const remembered = known.get(file);
    if (remembered === undefined) throw new Error(`Nobody remembered the program "${file}"`);
    const stamp = stampOf(file);
    if (stamp !== null && stamp === remembered.stamp) return;
    if (!isSame(contentOf(file), remembered.content)) throw new Error(changedText);
    remembered.stamp = stamp;
  };
}

const changedText =
  'runner was installed anew since this one was started, and the two versions may not fit each other; run "runner upgrade", or start it again';

function stampOf(file: string): string | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined
    ? null
    : [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(' ');
}

/**
 * `null` where there is none: an update takes a moment. Kept as it is, half a megabyte in all: each start is shorter
 * without `node:crypto` for a digest of it.
 */
function contentOf(file: string): Buffer | null {
  return stampOf(file) === null ? null : readFileSync(file);
}

function isSame(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}
