import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isSystemError } from './system-error.ts';

const shownDigits = 12;

/**
 * The version of a project's code, for people: what `RUNNER_CODE_VERSION` says, else the beginning of the commit that
 * is checked out in the folder or in one above it; `null` where there is neither. No program is run for it.
 */
export function codeVersionOf(
  directory: string,
  environment: Readonly<Record<string, string>>,
): string | null {
  const said = environment['RUNNER_CODE_VERSION']?.trim() ?? '';
  if (said !== '') return said.replace(/\p{Cc}/gu, ' ').slice(0, 80);
  const repository = repositoryAbove(directory);
  const commit = repository === null ? null : commitOf(repository);
  return commit === null || !/^[\da-f]{40,64}$/.test(commit) ? null : commit.slice(0, shownDigits);
}

function repositoryAbove(directory: string): string | null {
  for (let folder = directory; ; folder = dirname(folder)) {
    const path = join(folder, '.git');
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) return path;
    // A worktree and a submodule have a file there that says where the rest is.
    const place =
      found === undefined ? undefined : /^gitdir: (?<place>.+)$/m.exec(textOf(path) ?? '')?.groups?.['place'];
    if (place !== undefined) return resolve(folder, place);
    if (dirname(folder) === folder) return null;
  }
}

function commitOf(repository: string): string | null {
  const head = textOf(join(repository, 'HEAD'))?.trim() ?? '';
  const branch = /^ref: (?<branch>refs\/[^\s]+)$/.exec(head)?.groups?.['branch'];
  if (branch === undefined) return head;
  // A worktree has a HEAD of its own, and its branches with all others.
  const common = resolve(repository, textOf(join(repository, 'commondir'))?.trim() ?? '.');
  const loose = textOf(join(repository, branch)) ?? textOf(join(common, branch));
  return loose === null ? packedCommit(common, branch) : loose.trim();
}

function packedCommit(repository: string, branch: string): string | null {
  const lines = (textOf(join(repository, 'packed-refs')) ?? '').split('\n');
  return lines.find((line) => line.endsWith(` ${branch}`))?.split(' ')[0] ?? null;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}
