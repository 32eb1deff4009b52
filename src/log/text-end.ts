import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { findHoles } from './holes.ts';

/** What one system call takes out of the page cache in a few microseconds, and what a stack needs. */
const longestBytes = 8 * 1024;

/**
 * The end of a file from an offset on, at most 8 KiB, as text: without a character that is cut at its begin or its
 * end, and with a line for each hole. From its start when it is shorter than `from`, because its task has emptied
 * it. An empty text unless it is the regular file with this inode.
 * @throws the system's error when it cannot be opened or read.
 */
export function readTextEnd(path: string, inode: number, from: number): string {
  // Somebody may have put a pipe there: to open it must not wait.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const descriptor = openSync(path, flags);
  try {
    const stats = fstatSync(descriptor);
    if (stats.ino !== inode || !stats.isFile()) return '';
    const { size } = stats;
    const start = Math.max(size < from ? 0 : from, size - longestBytes);
    const buffer = Buffer.allocUnsafe(Math.min(longestBytes, size - start));
    return textOf(buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, start)));
  } finally {
    closeSync(descriptor);
  }
}

function textOf(bytes: Buffer): string {
  // The rest of a hole that began before is no text; nor is that of a character.
  let begin = 0;
  while (bytes[begin] === 0) begin += 1;
  if (begin === 0) while (isContinuation(bytes[begin]) && begin < 3) begin += 1;
  const holes = findHoles();
  const pieces = [...holes.pass(bytes.subarray(begin)), ...holes.end()];
  // What is incomplete at the end of a stream is kept back.
  return new TextDecoder().decode(Buffer.concat(pieces), { stream: true });
}

/** Whether a byte goes on with a character of UTF-8. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
