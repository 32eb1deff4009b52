import type { RunUser } from '../core/identity.ts';
import { askProgram } from './ask-program.ts';
import { userWords } from './launch.ts';

/** Something that a user has to be able to get at. `path` is absolute. */
export interface Needed {
  readonly path: string;
  readonly how: 'read' | 'run' | 'enter';
}

const script = 'n=0; while [ $# -gt 1 ]; do [ "$1" "$2" ] || echo $n; n=$((n+1)); shift 2; done';

/**
 * Tries as that user what it can get at, since only the kernel knows the rules; gives what it cannot. Only root can
 * ask this.
 * @throws Error when no process can be started as that user, or `signal` is aborted.
 */
export async function outOfReach<Wanted extends Needed>(
  user: RunUser,
  needed: readonly Wanted[],
  signal: AbortSignal | null,
): Promise<readonly Wanted[]> {
  const [setpriv = '', ...words] = userWords(user);
  const tests = needed.flatMap(({ path, how }) => [how === 'read' ? '-r' : '-x', path]);
  const asked = [...words, '/bin/sh', '-c', script, 'sh', ...tests];
  const { status, stdout, problem } = await askProgram(setpriv, asked, signal);
  if (status !== 0) throw new Error(`no process can be started as "${user.name}" (${problem})`);
  const failed = new Set(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map(Number),
  );
  return needed.filter((_, index) => failed.has(index));
}

/** What a user may not do, as the end of a sentence. */
export function describeOutOfReach(user: RunUser, { path, how }: Needed): string {
  const verb = { read: 'read', run: 'run', enter: 'enter' }[how];
  return `"${user.name}" may not ${verb} ${path}, or a folder above it`;
}
