import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { hasErrorCode } from '../../core/error-code.ts';
import { formatLine, parseLine } from '../protocol.ts';

const requestsDescriptor = 3;
const messagesDescriptor = 4;

/** Calls `take` with the words of each request, and `end` when the runner is gone or lets this worker go. */
export function listen(take: (words: readonly string[]) => void, end: () => void): void {
  const requests = new Socket({ fd: requestsDescriptor, readable: true, writable: false });
  let rest = '';
  requests.setEncoding('utf8');
  requests.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(parseLine(line));
  });
  // A runner that was killed resets the connection: that, too, is its end.
  requests.on('error', () => undefined);
  requests.on('close', end);
}

/** Tells the runner; does nothing when it is gone. */
export function tell(words: readonly (string | number)[]): void {
  try {
    writeSync(messagesDescriptor, formatLine(words));
  } catch (error) {
    if (!hasErrorCode(error, 'EPIPE', 'ECONNRESET')) throw error;
  }
}
