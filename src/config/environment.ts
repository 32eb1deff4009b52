import { readFileSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import type { RunUser } from '../core/identity.ts';
import { quoted } from '../core/quoted.ts';
import type { Written } from './chosen-chains.ts';
import { isVariableName, readEnvFile } from './env-file.ts';
import { fitsPattern } from '../core/patterns.ts';
import type { Problem } from './problem.ts';
import { explainFileError } from './system-error.ts';
import { problemWithWriters } from './trust.ts';

/** What a chain adds to the environment of its tasks. */
export interface EnvironmentSources {
  /** The runner's own environment. */
  readonly own: Readonly<Record<string, string>>;
  /** The user as whom the tasks run, or `null` for that of the runner. */
  readonly user: RunUser | null;
  /** Names and patterns of what tasks may inherit besides the allow-list. */
  readonly inherit: readonly string[];
  /** Files and values, the weakest first. */
  readonly added: readonly AddedEnvironment[];
  /** The project root: environment files are relative to it. */
  readonly directory: string;
}

/** A file of variables, or variables with a way to say where each was written. */
export type AddedEnvironment =
  | { readonly kind: 'file'; readonly file: string; readonly at: string; readonly path: string | null }
  | {
      readonly kind: 'values';
      readonly values: Readonly<Record<string, string>>;
      readonly written: Written;
    };

/** The environment of a chain's tasks, where its added variables come from, and what is wrong with it. */
export interface BuiltEnvironment {
  readonly environment: Readonly<Record<string, string>>;
  readonly added: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

// Secrets of the runner, and NODE_OPTIONS, LD_PRELOAD and the like, stay with the runner.
const inheritedAlways = 'PATH LANG LANGUAGE LC_* TZ'.split(' ');
// These belong to a user: with another one they are its own, and its temporary folder is not that of the runner.
const inheritedWithUser = 'HOME USER LOGNAME SHELL TMPDIR'.split(' ');
const usualPath = '/usr/local/bin:/usr/bin:/bin';
// Linux takes no longer string in an argument list or an environment, its end mark included.
const longestBytes = 131_071;

/** Builds the environment of a chain's tasks from nothing but what it is allowed to have. */
export function buildEnvironment(sources: EnvironmentSources): BuiltEnvironment {
  const values = new Map(inheritedFrom(sources));
  const added = new Map<string, string>();
  const problems: Problem[] = [];
  for (const source of sources.added) {
    const read = source.kind === 'file' ? readFrom(source, sources) : valuesOf(source);
    problems.push(...read.problems);
    for (const { name, value, from, at, path } of read.variables) {
      const message = problemWithVariable(name, value);
      if (message !== null) problems.push({ at, path, message });
      values.set(name, value);
      added.set(name, from);
    }
  }
  return { environment: Object.fromEntries(values), added, problems };
}

/** Whether a text is too long, or has a character, for the system to hand it to a program. */
export function problemWithText(text: string): string | null {
  if (text.includes('\0')) return 'a NUL character in it, which no program can be given, leave it out';
  const bytes = Buffer.byteLength(text);
  return bytes > longestBytes
    ? `${bytes} bytes, of which a program can be given ${longestBytes}, write a file and give its path`
    : null;
}

function inheritedFrom({ own, inherit, user }: EnvironmentSources): [string, string][] {
  const patterns = [...inheritedAlways, ...(user === null ? inheritedWithUser : []), ...inherit];
  const inherited = Object.entries(own).filter(
    ([name]) =>
      isVariableName(name) && !name.startsWith('RUNNER_') && patterns.some((one) => fitsPattern(one, name)),
  );
  return [['PATH', usualPath], ...inherited, ...variablesOf(user)];
}

function variablesOf(user: RunUser | null): [string, string][] {
  if (user === null) return [];
  const { name, home, shell } = user;
  return [
    ['HOME', home],
    ['USER', name],
    ['LOGNAME', name],
    ['SHELL', shell],
  ];
}

interface ReadVariables {
  readonly variables: readonly Variable[];
  readonly problems: readonly Problem[];
}

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly from: string;
  readonly at: string;
  readonly path: string | null;
}

function valuesOf({ values, written }: Extract<AddedEnvironment, { kind: 'values' }>): ReadVariables {
  const variables = Object.entries(values).map(([name, value]) => {
    const path = ['env', name];
    return {
      name,
      value,
      from: written.fromOf(path),
      at: written.placeOf(path),
      path: written.showPath(path),
    };
  });
  return { variables, problems: [] };
}

function readFrom(
  { file, at, path }: Extract<AddedEnvironment, { kind: 'file' }>,
  { directory, user }: EnvironmentSources,
): ReadVariables {
  const shown = isAbsolute(file) ? file : relative(directory, resolve(directory, file));
  try {
    // With PATH or LD_PRELOAD it says what runs. Tasks of another user may have what that user writes.
    const untrusted = user === null || user.uid === 0 ? problemWithWriters(resolve(directory, file)) : null;
    if (untrusted !== null) {
      const message = `Cannot use the environment file ${quoted(file)} as root: ${untrusted}`;
      return { variables: [], problems: [{ at, path, message }] };
    }
    const { values, problems } = readEnvFile(readFileSync(resolve(directory, file), 'utf8'));
    return {
      variables: [...values].map(([name, { value, line }]) => {
        const place = `${shown}:${line}`;
        return { name, value, from: place, at: place, path: null };
      }),
      problems: problems.map(({ line, problem }) => ({
        at: `${shown}:${line}`,
        path: null,
        message: `Cannot read the line: ${problem}`,
      })),
    };
  } catch (error) {
    const why = explainFileError(error);
    if (why === null) throw error;
    const message = `Cannot read the environment file ${quoted(file)}: ${why}, write the path of a file of KEY=value lines`;
    return { variables: [], problems: [{ at, path, message }] };
  }
}

function problemWithVariable(name: string, value: string): string | null {
  if (name.startsWith('RUNNER_')) {
    return `Cannot set ${quoted(name)}: names that start with "RUNNER_" are the runner's own, choose another name`;
  }
  if (!isVariableName(name)) {
    return `Cannot set the variable ${quoted(name)}: write a name of letters, digits and "_" that does not start with a digit`;
  }
  const problem = problemWithText(`${name}=${value}`);
  return problem === null ? null : `Cannot set ${quoted(name)}: found ${problem}`;
}
