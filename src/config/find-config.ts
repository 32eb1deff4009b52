import { readdirSync } from 'node:fs';
import { explainFileError } from './system-error.ts';

/** The configuration files of a project root. */
export type FoundConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'found'; readonly name: string }
  | { readonly kind: 'several'; readonly names: readonly string[] }
  | { readonly kind: 'unreadable'; readonly problem: string };

/** The names that a configuration file may have. */
export const configNames: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'].map(
  (extension) => `runner.config.${extension}`,
);

/** Looks for a configuration file right in `directory`, the project root. */
export function findConfig(directory: string): FoundConfig {
  try {
    const names = readdirSync(directory).filter((name) => configNames.includes(name));
    const [name] = names;
    if (name === undefined) return { kind: 'none' };
    return names.length === 1 ? { kind: 'found', name } : { kind: 'several', names: names.toSorted() };
  } catch (error) {
    const why = explainFileError(error);
    if (why === null) throw error;
    return { kind: 'unreadable', problem: `Cannot read the folder: ${why}, name another one with --cwd` };
  }
}
