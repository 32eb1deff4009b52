import { Coverage, type CoverageCounts } from './coverage.ts';
import { shrink, type Violation } from './shrink.ts';
import { playWorld, type WorldWishes } from './world.ts';

/** What came of many worlds. */
export interface Simulation {
  readonly from: number;
  /** How many were played: not all if a promise was broken. */
  readonly worlds: number;
  readonly runs: number;
  readonly cpuMs: number;
  readonly coverage: CoverageCounts;
  readonly violation: Violation | null;
}

/** Plays so many worlds, from one seed on, up to the first in which a promise is broken. */
export async function simulate(
  { from, worlds }: { readonly from: number; readonly worlds: number },
  wishes: Pick<WorldWishes, 'sabotage'> = {},
): Promise<Simulation> {
  const coverage = new Coverage();
  const before = process.cpuUsage();
  let violation: Violation | null = null;
  let played = 0;
  let runs = 0;
  while (played < worlds && violation === null) {
    const seed = from + played;
    const report = await playWorld(seed, { ...wishes, coverage });
    played += 1;
    runs += report.runs;
    if (report.broken !== null) violation = await shrink(seed, report, wishes);
  }
  const { user, system } = process.cpuUsage(before);
  return {
    from,
    worlds: played,
    runs,
    cpuMs: (user + system) / 1_000,
    coverage: coverage.counts(),
    violation,
  };
}
