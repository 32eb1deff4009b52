/** One thing that is measured in a comparison: the runner, its floor, or a peer. */
export interface Contender {
  readonly name: string;
  /** Why it cannot be measured on this machine; `null` when it can. May install what it needs. Nothing is needed without. */
  readonly missing?: () => string | null;
  /** Measures once; resolves to a figure in the comparison's unit. */
  readonly measure: () => Promise<number>;
  /** Whether it is another program that people could use instead. Default: false. */
  readonly isPeer?: boolean;
  /** At most so many rounds, and none to warm up: for one that takes long. Default: as many as the comparison has. */
  readonly rounds?: number;
}

/** Contenders that are measured in turn, round by round, so that a change of the machine's mood hits them all. */
export interface Comparison {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  readonly rounds: number;
  /** Whether a round that does not count comes first. Default: true. */
  readonly warmsUp?: boolean;
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
  /** One figure a round; empty when there is none. */
  readonly figures: readonly number[];
  /** The median over the rounds of its figure divided by the floor's in the same round; `null` without a floor. */
  readonly ratio: number | null;
  /** Why there are no figures; `null` when there are. */
  readonly unmeasured: Unmeasured | null;
}

/** Why a contender has no figures: it is not to be had here, or it failed, which is a fault. */
export interface Unmeasured {
  readonly reason: string;
  readonly isFault: boolean;
}

/** How a comparison is measured. */
export interface Measuring {
  readonly rounds: number;
  readonly tell: (text: string) => void;
}

/** Measures all contenders of a comparison. One that fails is not asked again, and takes nothing from the others. */
export async function measure(comparison: Comparison, measuring: Measuring): Promise<readonly Result[]> {
  const { title, contenders, warmsUp = true } = comparison;
  const { rounds, tell } = measuring;
  tell(`${title}: looking for what it needs`);
  const unmeasured = new Map<Contender, Unmeasured>();
  for (const contender of contenders) {
    const reason = contender.missing?.() ?? null;
    if (reason !== null) unmeasured.set(contender, { reason, isFault: false });
  }
  const figures = new Map<Contender, Map<number, number>>(contenders.map((one) => [one, new Map()]));
  for (let round = warmsUp ? 0 : 1; round <= rounds; round += 1) {
    // Every second round goes backwards: nobody always comes after the same neighbour.
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      if (unmeasured.has(contender) || isLeftOut(contender, round)) continue;
      tell(`${title}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}, ${contender.name}`);
      try {
        const figure = await contender.measure();
        if (round > 0) figures.get(contender)?.set(round, figure);
      } catch (error) {
        unmeasured.set(contender, { reason: messageOf(error), isFault: true });
        figures.get(contender)?.clear();
      }
    }
  }
  const floor = contenders.find(({ name }) => name === comparison.floor);
  const divisors = (floor && figures.get(floor)) ?? new Map<number, number>();
  return contenders.map((contender) => {
    const own = figures.get(contender) ?? new Map<number, number>();
    const ratios = [...own].flatMap(([round, figure]) => {
      const divisor = divisors.get(round);
      return divisor === undefined ? [] : [figure / divisor];
    });
    return {
      contender,
      figures: [...own.values()],
      ratio: ratios.length === 0 ? null : median(ratios),
      unmeasured: unmeasured.get(contender) ?? null,
    };
  });
}

function isLeftOut({ rounds }: Contender, round: number): boolean {
  return rounds !== undefined && (round === 0 || round > rounds);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Contenders whose figures are of the same processes: whoever is asked first looks, the others get what was seen. */
export function together(
  names: readonly string[],
  look: () => Promise<readonly number[]>,
): readonly Contender[] {
  const seenBy = new Set<string>();
  let seen: Promise<readonly number[]> | null = null;
  return names.map((name, index) => ({
    name,
    async measure() {
      if (seen === null || seenBy.has(name)) {
        seenBy.clear();
        seen = look();
      }
      seenBy.add(name);
      return (await seen)[index] ?? Number.NaN;
    },
  }));
}

/** The middle one of some numbers; the mean of the two in the middle when there is no such one. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
