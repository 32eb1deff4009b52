import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { quoted } from '../core/quoted.ts';
import { explainFileError, isSystemError } from './system-error.ts';

/** A program that can be started, or why it cannot. */
export type FoundProgram =
  | { readonly kind: 'found'; readonly program: string }
  | { readonly kind: 'problem'; readonly problem: string };

/** Where a program is looked for. */
export interface ProgramPlace {
  /** Programs with a slash are relative to it; absolute. */
  readonly directory: string;
  /** Programs without a slash are looked up there; folders that are not absolute are passed over. */
  readonly path: string;
}

/**
 * Looks a program up as the system would when it starts a task. One with a slash is left as it is written,
 * because it is started in that directory; one without becomes absolute.
 */
export function findProgram(program: string, { directory, path }: ProgramPlace): FoundProgram {
  if (program.includes('/')) {
    const problem = problemWithFile(resolve(directory, program));
    if (problem === null) return { kind: 'found', program };
    return { kind: 'problem', problem: `Cannot run ${quoted(program)} in ${directory}: ${problem}` };
  }
  const folders = path.split(':').filter(isAbsolute);
  const found = folders.map((folder) => join(folder, program)).find((file) => problemWithFile(file) === null);
  if (found !== undefined) return { kind: 'found', program: found };
  const problem = `Cannot run ${quoted(program)}: there is no such program in PATH (${path}), write its path such as ${quoted(`./${program}`)}`;
  return { kind: 'problem', problem };
}

function problemWithFile(file: string): string | null {
  try {
    if (statSync(file).isDirectory()) return 'it is a folder, write the path of a program';
    accessSync(file, constants.X_OK);
    return null;
  } catch (error) {
    if (isSystemError(error) && error.code === 'EACCES')
      return `it may not be executed, make it so with "chmod +x ${file}"`;
    const why = explainFileError(error);
    if (why === null) throw error;
    return `${why}, write the path of a program`;
  }
}
