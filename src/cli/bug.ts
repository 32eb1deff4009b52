import { exitStatus } from './exit-status.ts';

/** A bug: says what is known, and ends. Runs in progress go on, and the next runner picks them up. */
export function dieOfBug(error: unknown): never {
  console.error(
    'This is a bug of runner. Runs in progress go on to their end; start it again to pick them up.',
  );
  console.error(error);
  process.exit(exitStatus.software);
}

/**
 * Sees a command through. Node ends as soon as nothing is left to wait for, in the midst of a command as well: that
 * must not look like success, nor may an error that nobody has expected.
 */
export function seeThrough(command: Promise<void>): void {
  const endedEarly = (): never => dieOfBug(new Error('Nothing is left to wait for, but the command goes on'));
  process.once('beforeExit', endedEarly);
  command.then(() => process.off('beforeExit', endedEarly), dieOfBug);
}
