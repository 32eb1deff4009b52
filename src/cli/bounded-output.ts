import type { Writable } from 'node:stream';

/** Where lines are printed that nobody may be reading. */
export interface BoundedOutput {
  /** Prints a piece of text, or counts it as left out while too much waits for the reader. */
  write(piece: string | Buffer): void;
}

/** How much may wait for a reader that is slow. */
const mostWaitingBytes = 4 * 1024 * 1024;

/**
 * Prints to a stream whose reader may be slow, or stand still, without filling the memory: what it does not take is
 * left out.
 * @param leftOut the text that says how many pieces were left out
 */
export function createBoundedOutput(stream: Writable, leftOut: (pieces: number) => string): BoundedOutput {
  let missing = 0;
  return {
    write(piece) {
      if (stream.writableLength > mostWaitingBytes) {
        missing += 1;
        return;
      }
      if (missing > 0) stream.write(leftOut(missing));
      missing = 0;
      stream.write(piece);
    },
  };
}
