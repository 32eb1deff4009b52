/**
 * Whether a pattern of plain characters, `*` (any text) and `?` (any one character) fits all of `text`. Only the last
 * `*` is ever tried again, with one more character: at most the product of both lengths in steps, unlike a regular
 * expression, which may also be too long to be one.
 */
export function fitsPattern(pattern: string, text: string): boolean {
  let inPattern = 0;
  let inText = 0;
  let last: { readonly after: number; readonly end: number } | null = null;
  while (inText < text.length) {
    const wanted = pattern[inPattern];
    if (wanted === '*') {
      inPattern += 1;
      last = { after: inPattern, end: inText };
    } else if (wanted === '?' || wanted === text[inText]) {
      inPattern += 1;
      inText += 1;
    } else if (last === null) {
      return false;
    } else {
      last = { after: last.after, end: last.end + 1 };
      inPattern = last.after;
      inText = last.end;
    }
  }
  return /^\**$/.test(pattern.slice(inPattern));
}
