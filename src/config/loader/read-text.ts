import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { explainFileError } from '../system-error.ts';

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
      if (!stats.isFile()) return problem('it is not a file, write one in its place');
      if (stats.size > mostBytes)
        return problem(`it has ${stats.size} bytes, of which at most ${mostBytes} are read, write less`);
      const bytes = readFileSync(descriptor);
      const text = bytes.toString('utf8');
      return text.includes('\uFFFD') && !Buffer.from(text).equals(bytes)
        ? problem('it is not UTF-8 text, choose that encoding when you save it')
        : { kind: 'text', text };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const why = explainFileError(error);
    if (why === null) throw error;
    return problem(`${why}, write a file that this user can read`);
  }
}

function problem(why: string): ReadText {
  return { kind: 'problem', problem: `Cannot read the configuration: ${why}` };
}
