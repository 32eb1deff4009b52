import { median, slopePerHour, type Point } from './trend.ts';
import type { Sample } from './sample.ts';

/** What became of a quantity over the second half of a soak. */
export interface Verdict {
  readonly quantity: string;
  readonly median: number;
  readonly perHour: number;
  /** By how much it has grown in the time that was looked at, by its slope. */
  readonly growth: number;
  readonly bound: number;
  readonly isFlat: boolean;
}

/**
 * By how much each quantity may seem to grow in the time that was looked at. It is no rate: what is measured goes up and
 * down by that much within minutes, as garbage is collected and workers come and go. A leak goes on, so that a longer
 * soak finds a smaller one.
 */
const bounds: readonly (readonly [pattern: RegExp, share: number, least: number])[] = [
  // After a collection: what is known of chains, incidents and compiled code.
  [/^runner heap/, 0.05, 1_024],
  // A heap is collected when it has grown by some of what it is.
  [/^runner RSS/, 0.1, 8 * 1_024],
  // Sockets and pipes of requests and of runs that begin or end at the moment.
  [/^runner descriptors/, 0.1, 10],
  [/^runner threads/, 0, 2],
  // Between a third and two thirds of the chains have a run in progress.
  [/ below/, 0.15, 20],
  [/^state files/, 0.05, 10],
  // Logs grow to their limit and are set aside then.
  [/^logs/, 0.15, 2 * 1_024],
  [/^journals/, 0.1, 512],
  [/^write-ahead log/, 0.1, 512],
  // What is too much of a chain is removed after each 64 of its runs: the 50 chains go up and down by that.
  [/^rows of run/, 0.1, 64 * 50],
  [/^rows of (chain|channel)/, 0, 1],
];

/** What is kept for 400 days: it may grow up to these numbers of docs/configuration.md, at any rate. */
const kept: Readonly<Record<string, number>> = {
  'rows of incident': 10_000,
  'rows of incident_kind': 200_000,
  'rows of notice': 50_000,
  'rows of delivery': 50_000,
};
/** What a row that is kept takes in the file, its indexes included. */
const keptRowKib = 4;

/** Judges all quantities by the second half of the samples. */
export function judge(
  samples: readonly { readonly atMs: number; readonly sample: Sample }[],
): readonly Verdict[] {
  const half = samples.slice(Math.floor(samples.length / 2));
  const hours = ((half.at(-1)?.atMs ?? 0) - (half[0]?.atMs ?? 0)) / 3_600_000;
  const names = Object.keys(half[0]?.sample ?? {});
  const series = new Map<string, readonly Point[]>(
    names.map((name) => [name, half.map(({ atMs, sample }) => ({ atMs, value: sample[name] ?? 0 }))]),
  );
  const keptRows = [...series]
    .filter(([name]) => name in kept)
    .reduce((sum, [, points]) => sum + Math.max(0, slopePerHour(points) * hours), 0);
  return names.map((quantity) => {
    const points = series.get(quantity) ?? [];
    const middle = median(points.map(({ value }) => value));
    const perHour = slopePerHour(points);
    const growth = perHour * hours;
    const bound = boundOf(quantity, middle, keptRows);
    return { quantity, median: middle, perHour, growth, bound, isFlat: growth <= bound };
  });
}

function boundOf(quantity: string, middle: number, keptRows: number): number {
  const limit = kept[quantity];
  if (limit !== undefined) return limit - middle;
  if (quantity === 'state.db KiB') return Math.max(middle * 0.1, 512) + keptRows * keptRowKib;
  const [, share, least] = bounds.find(([pattern]) => pattern.test(quantity)) ?? [null, 0, 0];
  return Math.max(middle * share, least);
}
