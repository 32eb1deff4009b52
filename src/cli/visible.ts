/**
 * Text of a task made safe for a terminal: what could move the cursor, clear the screen or change the direction of
 * writing is shown by its number. Tabs and line ends stay.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === '\t' || character === '\n' ? character : shownByNumber(character),
  );
}

function shownByNumber(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
