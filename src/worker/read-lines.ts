import type { Readable, Writable } from 'node:stream';

/** What was read in the present turn of the event loop, from all streams. */
let unheard: (() => void)[] = [];

/**
 * Calls `take` with each line that comes; does nothing where there is no stream to read. The lines of all streams are
 * taken together at the end of a turn of the event loop, so that what follows from them can be stored together.
 */
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
    if (unheard.length === 0) setImmediate(hearAll);
    unheard.push(() => lines.forEach((line) => take(line)));
  });
}

function hearAll(): void {
  const heard = unheard;
  unheard = [];
  for (const hear of heard) hear();
}
