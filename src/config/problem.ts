import { shorten } from '../core/plain-text.ts';
import { quoted } from '../core/quoted.ts';

/** Something in the configuration, in what was typed or in the environment that has to be put right. */
export interface Problem {
  /** `runner.config.yaml:12:9`, `--cooldown`, `RUNNER_COOLDOWN`, a file, or the task as it was typed. */
  readonly at: string;
  /** `chains.mail.tasks[1].cooldown`; `null` outside of a configuration file. */
  readonly path: string | null;
  /** One sentence: what could not be done, what was found, what to write instead. */
  readonly message: string;
}

/** A task that was typed may be long. */
const longestHeading = 1_000;

/** Keys and list positions from the top of a configuration down to a value. */
export type KeyPath = readonly (string | number)[];

/** Shows a path as people write it: `hosts."web-*".chains.mail.tasks[1]`. */
export function showPath(path: KeyPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else text += `${text === '' ? '' : '.'}${/^[\w$-]{1,64}$/.test(key) ? key : quoted(key)}`;
  }
  return text;
}

/** One block a problem and a line that counts them, for the terminal; an empty text without problems. */
export function explainProblems(problems: readonly Problem[]): string {
  if (problems.length === 0) return '';
  const blocks = problems.map(({ at, path, message }) => {
    const heading = path === null || path === '' ? at : `${at}  ${path}`;
    return `${visible(shorten(heading, longestHeading))}\n    ${visible(message)}\n`;
  });
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${blocks.join('\n')}\n${count}; nothing was started\n`;
}

/** Leaves out what is said twice, and orders what is left by file, line and column; the rest comes after. */
export function inSourceOrder(problems: readonly Problem[]): Problem[] {
  const unlike = new Map(problems.map((problem) => [`${problem.at}\n${problem.message}`, problem]));
  const placed = [...unlike.values()].map((problem) => ({ problem, place: placeOf(problem) }));
  const files = [...new Set(placed.map(({ place }) => place.file))];
  const rankOf = ({ file }: Place): number => (file === null ? files.length : files.indexOf(file));
  const ordered = placed.toSorted(
    ({ place: one }, { place: other }) =>
      rankOf(one) - rankOf(other) || one.line - other.line || one.column - other.column,
  );
  return ordered.map(({ problem }) => problem);
}

interface Place {
  readonly file: string | null;
  readonly line: number;
  readonly column: number;
}

function placeOf({ at }: Problem): Place {
  const [, file, line, column] = /^(.+?):(\d+)(?::(\d+))?$/.exec(at) ?? [];
  if (file === undefined) return { file: null, line: 0, column: 0 };
  return { file, line: Number(line), column: Number(column ?? 0) };
}

/** Control characters, and those that change the direction of text, are shown by their number. */
function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}
