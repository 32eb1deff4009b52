import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { logPath, readGeneration } from './chain-log.ts';

const chunkBytes = 64 * 1024;

/** A part of a chain's log. */
export interface LogRange {
  readonly generation: number;
  readonly from: number;
  /** `null` for up to the present end. */
  readonly to: number | null;
}

/** The file that holds a generation of a chain's log; `null` when it was removed to make room. */
export function logFileOf(folder: string, chain: string, generation: number): string | null {
  const current = readGeneration(folder, chain);
  const path = logPath(folder, chain, generation === current ? undefined : generation);
  return existsSync(path) ? path : null;
}

/**
 * Reads a part of a log piece by piece; `false` when that part is not kept any more. What was cut out of the middle
 * of a flood is given as one line that says how much it was.
 */
export function readLog(
  log: { readonly folder: string; readonly chain: string },
  range: LogRange,
  take: (bytes: Buffer) => void,
): boolean {
  const path = logFileOf(log.folder, log.chain, range.generation);
  if (path === null) return false;
  const descriptor = openSync(path, 'r');
  try {
    const end = Math.min(range.to ?? Number.MAX_SAFE_INTEGER, statSync(path).size);
    readPieces(descriptor, { from: range.from, to: end }, take);
    return true;
  } finally {
    closeSync(descriptor);
  }
}

function readPieces(
  descriptor: number,
  range: { readonly from: number; readonly to: number },
  take: (bytes: Buffer) => void,
): void {
  const buffer = Buffer.alloc(chunkBytes);
  let zeros = 0;
  for (let offset = range.from; offset < range.to;) {
    const bytes = readSync(descriptor, buffer, 0, Math.min(chunkBytes, range.to - offset), offset);
    if (bytes === 0) break;
    offset += bytes;
    const piece = Buffer.from(buffer.subarray(0, bytes));
    // A hole reads as zeros. Single ones are the task's own; a piece of nothing else is a hole.
    if (piece.every((byte) => byte === 0)) {
      zeros += bytes;
      continue;
    }
    if (zeros > 0) take(Buffer.from(`\n... about ${zeros} bytes left out ...\n`));
    zeros = 0;
    take(piece);
  }
}

/** The byte at which the last `lines` lines of a file begin. */
export function startOfLastLines(path: string, lines: number): number {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = statSync(path);
    const buffer = Buffer.alloc(chunkBytes);
    let missing = lines + 1;
    for (let end = size; end > 0;) {
      const length = Math.min(chunkBytes, end);
      readSync(descriptor, buffer, 0, length, end - length);
      for (let index = length - 1; index >= 0; index -= 1) {
        const isAtEnd = end - length + index === size - 1;
        if (buffer[index] === 0x0a && !isAtEnd) missing -= 1;
        if (missing === 1 && buffer[index] === 0x0a && !isAtEnd) return end - length + index + 1;
      }
      end -= length;
    }
    return 0;
  } finally {
    closeSync(descriptor);
  }
}

/** The last lines of a chain's current log; `null` when it has none. */
export function readTail(folder: string, chain: string, lines: number): Buffer | null {
  const path = logFileOf(folder, chain, readGeneration(folder, chain));
  if (path === null) return null;
  const pieces: Buffer[] = [];
  const range = { generation: readGeneration(folder, chain), from: startOfLastLines(path, lines), to: null };
  return readLog({ folder, chain }, range, (bytes) => pieces.push(bytes)) ? Buffer.concat(pieces) : null;
}
