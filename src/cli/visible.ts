/**
 * Text of a task made safe for a terminal: what could move the cursor, clear the screen or change the direction of
 * writing is shown by its number. Tabs and line ends stay.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]/gu, (character) =>
    character === '\t' || character === '\n' ? character : shownByNumber(character),
  );
}

/** The same for what has to stay on one line: it cannot pretend to be two. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll('\n', shownByNumber);
}

function shownByNumber(character: string): string {
  const digits = character.charCodeAt(0).toString(16);
  return digits.length > 2 ? `\\u${digits.padStart(4, '0')}` : `\\x${digits.padStart(2, '0')}`;
}
