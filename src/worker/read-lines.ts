import type { Readable, Writable } from 'node:stream';

/** Calls `take` with each line that comes; does nothing where there is no stream to read. */
export function readLines(
  stream: Readable | Writable | null | undefined,
  take: (line: string) => void,
): void {
  if (stream === null || stream === undefined || !('setEncoding' in stream)) return;
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}
