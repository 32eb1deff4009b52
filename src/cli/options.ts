import { resolve } from 'node:path';

/** Options as commander hands them over, read one by one. */
export type RawOptions = Readonly<Record<string, unknown>>;

/** A text that was typed, or `undefined`. */
export function textOption(options: RawOptions, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** A number that was typed and checked, or `null`. */
export function countOption(options: RawOptions, name: string): number | null {
  const value = options[name];
  return typeof value === 'number' ? value : null;
}

/** Whether a switch was given. */
export function isGiven(options: RawOptions, name: string): boolean {
  return options[name] === true;
}

/** The project root, absolute. */
export function projectDirectory(options: RawOptions): string {
  return resolve(textOption(options, 'cwd') ?? '.');
}

/** The state folder, absolute: as typed, as RUNNER_STATE_DIR says, or `.runner` in the project root. */
export function stateDirectory(options: RawOptions): string {
  const typed = textOption(options, 'stateDir');
  return typed === undefined ? resolve(projectDirectory(options), '.runner') : resolve(typed);
}

/** This process's environment without the variables that are not set. */
export function ownEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
