import { InvalidArgumentError, Option } from 'commander';

/** Where the state is, for every command that reads it. */
export function stateOption(): Option {
  return new Option(
    '--state-dir <folder>',
    'where state, locks and logs are (default: .runner in the project root)',
  ).env('RUNNER_STATE_DIR');
}

/** For whoever looks for a bug. */
export function debugOption(): Option {
  return new Option('--debug', 'print stack traces of errors').default(false);
}

/** A whole number from 1. @throws InvalidArgumentError */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`Found "${text}", write a whole number from 1, such as 10`);
}
