/** A quantity at a moment. */
export interface Point {
  /** Milliseconds since the begin. */
  readonly atMs: number;
  readonly value: number;
}

/** With more points the slope becomes no better, and takes the square of the time. */
const mostPoints = 400;

/**
 * How fast a quantity grows, in its unit per hour: the median of the slopes between any two of the points
 * (Theil and Sen), which single outliers do not move. 0 where there are fewer than two points.
 */
export function slopePerHour(points: readonly Point[]): number {
  const few = thinned(points);
  const slopes = few.flatMap((one, index) =>
    few
      .slice(index + 1)
      .filter((other) => other.atMs > one.atMs)
      .map((other) => ((other.value - one.value) * 3_600_000) / (other.atMs - one.atMs)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}

/** The middle one of the numbers; `NaN` of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  return (low + (sorted[Math.floor(middle)] ?? low)) / 2;
}

function thinned(points: readonly Point[]): readonly Point[] {
  const step = Math.ceil(points.length / mostPoints);
  return step <= 1 ? points : points.filter((_, index) => index % step === 0);
}
