import { closeSync, constants, fstatSync, openSync } from 'node:fs';

/**
 * Calls `start` with outputs of this process for another one, such as 1 and 2. Node starts a process with outputs that wait
 * for a slow reader; by a pipe that both share this process would then wait as well, and stand still. So a pipe is opened
 * anew for the other process. What cannot be, such as the socket of a service manager or the pipe of another user, is
 * shared.
 */
export function withOutputs<Result>(
  outputs: readonly number[],
  start: (outputs: readonly number[]) => Result,
): Result {
  const own = outputs.map((output) => ({ output, again: openAgain(output) }));
  try {
    return start(own.map(({ output, again }) => again ?? output));
  } finally {
    for (const { again } of own) if (again !== null) closeSync(again);
  }
}

function openAgain(output: number): number | null {
  if (!fstatSync(output).isFIFO()) return null;
  try {
    return openSync(`/proc/self/fd/${output}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}
