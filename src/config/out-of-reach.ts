import { resolve } from 'node:path';
import type { Work } from '../core/definition.ts';
import type { RunUser } from '../core/identity.ts';
import { describeOutOfReach, outOfReach, type Needed } from '../processes/reach.ts';
import type { ChosenChain } from './chosen-chains.ts';
import type { KeyPath, Problem } from './problem.ts';

/** Where the tasks of a chain run, and what they run. */
interface ChainPlace {
  readonly chosen: ChosenChain;
  readonly directory: string;
  readonly works: readonly Work[];
}

/**
 * Reports what of a chain its user cannot get at. Everything else was looked at with the eyes of the runner, and
 * root sees more than others; a runner that is not root is that user itself.
 */
export async function reportOutOfReach(
  user: RunUser | null,
  { chosen, directory, works }: ChainPlace,
  report: (problem: Problem) => void,
): Promise<void> {
  if (user === null || user.uid === 0 || process.geteuid?.() !== 0) return;
  const needed: (Needed & { readonly at: KeyPath; readonly path: string })[] = [
    { path: directory, how: 'enter', at: ['cwd'] },
  ];
  for (const [index, work] of works.entries()) {
    const program = work.kind === 'command' ? work.argv[0] : undefined;
    if (program === undefined) continue;
    needed.push({ path: resolve(directory, program), how: 'run', at: ['tasks', index, 'run'] });
  }
  try {
    for (const wanted of await outOfReach(user, needed, null)) {
      const message = `Cannot run as "${user.name}": ${describeOutOfReach(user, wanted)}; allow it, or choose another place`;
      report({
        at: chosen.placeOf(wanted.at) || directory,
        path: chosen.showPath(wanted.at.slice(0, 2)),
        message,
      });
    }
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const message = `Cannot run as "${user.name}": ${found}`;
    report({ at: chosen.placeOf(['user']) || '--user', path: chosen.showPath(['user']), message });
  }
}
