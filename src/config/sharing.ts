import type { Work } from '../core/definition.ts';
import { isRunnersOwn, type Identity } from '../core/identity.ts';
import type { ChainValues } from './chain-values.ts';
import type { ChosenChain } from './chosen-chains.ts';
import type { KeyPath, Problem } from './problem.ts';

/** What of a chain decides whether it can be in a worker of many. */
interface Sharing {
  readonly works: readonly Work[];
  readonly identity: Identity;
  readonly values: ChainValues;
}

/** What a worker of many chains cannot do for one of them. */
export function problemsWithSharing(chosen: ChosenChain, { works, identity, values }: Sharing): Problem[] {
  if (values.isolation.value !== 'shared') return [];
  const problem = (path: KeyPath, message: string): Problem => ({
    at: chosen.placeOf(path),
    path: chosen.showPath(path),
    message,
  });
  const command = works.findIndex((work) => work.kind === 'command' && work.argv.length > 0);
  const found: (Problem | false)[] = [
    command !== -1 &&
      problem(
        ['tasks', command],
        'Cannot run a command in a worker that chains share: write functions only, or isolation "chain"',
      ),
    values.leftovers.value === 'kill' &&
      problem(
        ['leftovers'],
        'Cannot tell whose leftovers to kill in a worker that chains share: write "wait"',
      ),
    chosen.chain.recycle !== undefined &&
      problem(
        ['recycle'],
        'Cannot recycle a worker that chains share: leave it out, or write isolation "chain"',
      ),
    !isRunnersOwn(identity) &&
      problem(
        ['isolation'],
        'Cannot give a chain a user, a priority or limits of its own in a worker that chains share: leave them out, or write isolation "chain"',
      ),
  ];
  return found.filter((one) => one !== false);
}
