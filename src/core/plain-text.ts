const escape = String.fromCodePoint(0x1b);
const bell = String.fromCodePoint(0x07);
/** What a terminal obeys instead of showing it: colours, the place of the cursor, titles of windows. */
const sequence = new RegExp(
  `${escape}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${bell}${escape}\\n]*(?:${bell}|${escape}\\\\)?|[@-Z^_])`,
  'g',
);
const unseen = /[^\P{Cc}\t]|[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * The lines of a text as a terminal would show them: without colours and control characters, of a line that was
 * written over and over the last state. Blank lines are left out, long ones cut at 1 000 characters.
 */
export function plainLines(text: string): readonly string[] {
  return text.replace(sequence, '').split('\n').map(shownLine).filter(isNotBlank);
}

/** A text in one line of at most so many characters, without control characters. */
export function oneLine(text: string, length: number): string {
  const [line = ''] = plainLines(text.replace(/[\r\n]+/g, ' '));
  return shorten(line.replace(/\s+/g, ' ').trim(), length);
}

/** The same text, or its begin and `…` where it is longer than so many characters. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  // A character of two units is not cut through.
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

function shownLine(line: string): string {
  const written = line.replace(/\r+$/, '');
  const last = written.slice(written.lastIndexOf('\r') + 1);
  return last.replace(unseen, '').slice(0, 1_000).trimEnd();
}

function isNotBlank(line: string): boolean {
  return line.trim() !== '';
}
