import { inspect } from 'node:util';
import type { Ending } from '../../core/outcome.ts';

// All of this program is in one folder, with what its parts have in common one level below.
const ownFolder = new URL(import.meta.url.includes('/chunks/') ? '..' : '.', import.meta.url).href;
const longestText = 10_000;

/** The whole error for the log, but for the frames of this program, which come last, and those of Node. */
export function errorText(error: unknown): string {
  const lines = inspect(error).split('\n');
  const firstOwn = lines.findIndex((line) => line.includes(ownFolder));
  const theirs = lines.slice(0, firstOwn === -1 ? undefined : firstOwn);
  return `${theirs.filter((line) => !/^ +at .*\(?node:/.test(line)).join('\n')}\n`;
}

/** The ending of a function that threw this. */
export function threw(error: unknown): Ending {
  const { name, message, stack } =
    error instanceof Error
      ? { name: error.name, message: error.message, stack: error.stack ?? '' }
      : { name: 'Error', message: `threw ${String(error)}, which is not an Error`, stack: '' };
  const cut = (text: string): string => text.slice(0, longestText);
  return { kind: 'threw', error: { name, message: cut(message), stack: cut(stack) } };
}
