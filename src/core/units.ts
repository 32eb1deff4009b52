declare const brand: unique symbol;

/** A value that cannot be swapped with another of the same primitive type. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name };

/** A length of time in whole milliseconds, from 0. */
export type DurationMs = Brand<number, 'DurationMs'>;

/** A moment of the wall clock: whole milliseconds since 1970 UTC. The clock may be set back at any time. */
export type EpochMs = Brand<number, 'EpochMs'>;

/** A moment of a monotonic clock, in whole milliseconds. It means nothing to another process. */
export type MonotonicMs = Brand<number, 'MonotonicMs'>;

/** Grows with each grant of a chain's lease, from 1. */
export type Fence = Brand<number, 'Fence'>;

/** Counts the runs of a chain, from 1. */
export type RunNumber = Brand<number, 'RunNumber'>;

/** Counts the passes of a chain, from 1. */
export type PassNumber = Brand<number, 'PassNumber'>;

/** No time at all. */
export const zeroMs: DurationMs = 0 as DurationMs;

type Moment = EpochMs | MonotonicMs;
type Count = Fence | RunNumber | PassNumber;

/** @throws RangeError unless `value` is a whole number of milliseconds from 0. */
export function toDurationMs(value: number): DurationMs {
  requireWhole(value, 0, 'a duration');
  return value as DurationMs;
}

/** @throws RangeError unless `value` is a whole number of milliseconds; before 1970 it is negative. */
export function toEpochMs(value: number): EpochMs {
  requireWhole(value, Number.MIN_SAFE_INTEGER, 'a moment');
  return value as EpochMs;
}

/** @throws RangeError unless `value` is a whole number of milliseconds: round what the clock says down. */
export function toMonotonicMs(value: number): MonotonicMs {
  requireWhole(value, Number.MIN_SAFE_INTEGER, 'a moment');
  return value as MonotonicMs;
}

/** @throws RangeError unless `value` is a whole number from 1. */
export function toFence(value: number): Fence {
  requireWhole(value, 1, 'a fence');
  return value as Fence;
}

/** @throws RangeError unless `value` is a whole number from 1. */
export function toRunNumber(value: number): RunNumber {
  requireWhole(value, 1, 'a run number');
  return value as RunNumber;
}

/** @throws RangeError unless `value` is a whole number from 1. */
export function toPassNumber(value: number): PassNumber {
  requireWhole(value, 1, 'a pass number');
  return value as PassNumber;
}

/** The fence, run number or pass number that follows. */
export function nextAfter<One extends Count>(count: One): One {
  return (count + 1) as One;
}

/** Whether `one` comes before `other`: two moments of the same clock, or two counts of the same kind. */
export function isBefore<One extends Moment | Count>(one: One, other: One): boolean {
  return one < other;
}

/** Whether `one` takes less time than `other`. */
export function isShorter(one: DurationMs, other: DurationMs): boolean {
  return one < other;
}

/** The moment `length` after `moment`. */
export function add<One extends Moment>(moment: One, length: DurationMs): One {
  return (moment + length) as One;
}

/** The moment `length` before `moment`. */
export function subtract<One extends Moment>(moment: One, length: DurationMs): One {
  return (moment - length) as One;
}

/** The time from one moment to the other; 0 when `to` is before `from`, as after a clock was set back. */
export function durationBetween<One extends Moment>(from: One, to: One): DurationMs {
  return Math.max(0, to - from) as DurationMs;
}

/** The later of two moments of the same clock. */
export function laterOf<One extends Moment>(one: One, other: One): One {
  return isBefore(one, other) ? other : one;
}

/** The earlier of two moments of the same clock. */
export function earlierOf<One extends Moment>(one: One, other: One): One {
  return isBefore(other, one) ? other : one;
}

function requireWhole(value: number, least: number, what: string): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  const from = least === Number.MIN_SAFE_INTEGER ? '' : ` from ${least}`;
  throw new RangeError(`Cannot take ${value} for ${what}: it must be a whole number${from}`);
}
