/** Makes lines of pieces of text. */
export interface LineSplitter {
  add(text: string): void;
  /** Hands over what has no line end yet. */
  finish(): void;
}

/** A line that is longer comes in several, so that one without an end does not fill the memory. */
const longestLine = 64 * 1024;

/** Calls `take` with each whole line. */
export function createLineSplitter(take: (line: string) => void): LineSplitter {
  let unfinished = '';
  return {
    add(text) {
      const lines = text.split('\n');
      lines[0] = unfinished + (lines[0] ?? '');
      unfinished = lines.pop() ?? '';
      for (const line of lines) take(line);
      if (unfinished.length < longestLine) return;
      take(unfinished);
      unfinished = '';
    },
    finish() {
      if (unfinished !== '') take(unfinished);
      unfinished = '';
    },
  };
}
