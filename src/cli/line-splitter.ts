/** Makes lines of pieces of text. */
export interface LineSplitter {
  add(text: string): void;
  /** Hands over what has no line end yet. */
  finish(): void;
}

/** Calls `take` with each whole line. */
export function createLineSplitter(take: (line: string) => void): LineSplitter {
  let unfinished = '';
  return {
    add(text) {
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop() ?? '';
      for (const line of lines) take(line);
    },
    finish() {
      if (unfinished !== '') take(unfinished);
      unfinished = '';
    },
  };
}
