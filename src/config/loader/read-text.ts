import { closeSync, constants, fstatSync, openSync, readFileSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { isSystemError } from '../system-error.ts';

/** The text of a configuration file, or why it is not read. */
export type ReadText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'problem'; readonly problem: string };

const mostBytes = 1024 * 1024;

/** Reads a configuration file of at most 1 MB. */
export function readConfigText(file: string): ReadText {
  try {
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) return problem('it is not a file');
      if (stats.size > mostBytes)
        return problem(`it has ${stats.size} bytes, of which at most ${mostBytes} are read`);
      const bytes = readFileSync(descriptor);
      const text = bytes.toString('utf8');
      return text.includes('\uFFFD') && !Buffer.from(text).equals(bytes)
        ? problem('it is not UTF-8 text')
        : { kind: 'text', text };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return problem(error.message);
  }
}

/**
 * Why code in this file may not run as root, or `null`: whoever can write it, or put another one in its
 * place, would be root.
 */
export function problemWithOwner(file: string): string | null {
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

function isWritableByOthers({ mode }: Stats): boolean {
  return (mode & 0o022) !== 0;
}

function problem(why: string): ReadText {
  return { kind: 'problem', problem: `Cannot read the configuration: ${why}` };
}
