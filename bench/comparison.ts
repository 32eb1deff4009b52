/** One thing that is measured in a comparison: the runner, its floor, or a peer. */
export interface Contender {
  readonly name: string;
  /** Why it cannot be measured on this machine; `null` when it can. */
  readonly missing: string | null;
  /** Measures once; resolves to a figure in the comparison's unit. */
  readonly measure: () => Promise<number>;
}

/** Contenders that are measured in turn, round by round, so that a change of the machine's mood hits them all. */
export interface Comparison {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  readonly rounds: number;
  /** The contender that every other one is divided by. */
  readonly floor: string;
  /** What the figures mean and how they were taken. */
  readonly note: string;
  readonly goals: readonly Goal[];
  readonly contenders: readonly Contender[];
}

/** What a contender is to reach: with its median, or with its ratio to the floor. */
export interface Goal {
  readonly contender: string;
  readonly of: 'median' | 'ratio';
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What was measured of one contender. */
export interface Result {
  readonly contender: Contender;
  /** One figure a round; empty when it is missing. */
  readonly figures: readonly number[];
  /** The median over the rounds of its figure divided by the floor's in the same round; `null` without a floor. */
  readonly ratio: number | null;
}

/** Measures all contenders of a comparison, after one round that does not count. */
export async function measure(
  comparison: Comparison,
  tell: (text: string) => void,
): Promise<readonly Result[]> {
  const present = comparison.contenders.filter((contender) => contender.missing === null);
  const figures = new Map<string, number[]>(comparison.contenders.map(({ name }) => [name, []]));
  for (let round = 0; round <= comparison.rounds; round += 1) {
    tell(`${comparison.title}: ${round === 0 ? 'warming up' : `round ${round} of ${comparison.rounds}`}`);
    // Every second round goes backwards: nobody always comes after the same neighbour.
    const order = round % 2 === 0 ? present : present.toReversed();
    for (const contender of order) {
      const figure = await contender.measure();
      if (round > 0) figures.get(contender.name)?.push(figure);
    }
  }
  const floor = figures.get(comparison.floor) ?? [];
  return comparison.contenders.map((contender) => {
    const own = figures.get(contender.name) ?? [];
    const ratios = own.flatMap((figure, round) => {
      const divisor = floor[round];
      return divisor === undefined ? [] : [figure / divisor];
    });
    return { contender, figures: own, ratio: ratios.length === 0 ? null : median(ratios) };
  });
}

/** The middle one of some numbers; the mean of the two in the middle when there is no such one. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
