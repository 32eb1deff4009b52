import { playWorld, type WorldReport, type WorldWishes } from './world.ts';

/** A world in which a promise is broken, with as few harms as break it. */
export interface Violation {
  readonly seed: number;
  readonly promise: string;
  /** The harms that are left. */
  readonly harms: readonly number[];
  /** How many harms were done before. */
  readonly harmsBefore: number;
  /** What happens with the harms that are left. */
  readonly story: readonly string[];
}

/**
 * Leaves out harms of a world as long as the same promise is broken without them: halves first, then ever smaller
 * parts (delta debugging), and at last one by one.
 */
export async function shrink(
  seed: number,
  found: WorldReport,
  wishes: Omit<WorldWishes, 'harms'> = {},
): Promise<Violation> {
  const promise = kindOf(found.broken);
  async function breaks(harms: readonly number[]): Promise<boolean> {
    const { broken } = await playWorld(seed, { ...wishes, harms: new Set(harms) });
    return kindOf(broken) === promise;
  }
  const harms = await fewest(found.harms, breaks);
  const last = await playWorld(seed, { ...wishes, harms: new Set(harms), isTold: true });
  return {
    seed,
    promise: last.broken ?? 'none, which says that the same world was not the same twice',
    harms,
    harmsBefore: found.harms.length,
    story: last.story,
  };
}

/** As few of these as still pass the test, which all of them do; without any single one it fails. */
export async function fewest(
  all: readonly number[],
  isEnough: (some: readonly number[]) => Promise<boolean>,
): Promise<readonly number[]> {
  if (await isEnough([])) return [];
  let left = all;
  let size = Math.ceil(left.length / 2);
  while (left.length > 0) {
    const smaller = await withoutOnePart(left, size, isEnough);
    if (smaller !== null) left = smaller;
    else if (size === 1) break;
    else size = Math.ceil(size / 2);
    size = Math.min(size, Math.max(1, left.length));
  }
  return left;
}

async function withoutOnePart(
  left: readonly number[],
  size: number,
  isEnough: (some: readonly number[]) => Promise<boolean>,
): Promise<readonly number[] | null> {
  for (let from = 0; from < left.length; from += size) {
    const others = [...left.slice(0, from), ...left.slice(from + size)];
    if (await isEnough(others)) return others;
  }
  return null;
}

/** The promise without the numbers of its world. */
function kindOf(broken: string | null): string | null {
  return broken?.split('\n')[0]?.replaceAll(/\d+/g, '#') ?? null;
}
