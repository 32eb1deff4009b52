import type { Cooldown, FailureCooldown } from './definition.ts';
import {
  add,
  durationBetween,
  earlierOf,
  subtract,
  toDurationMs,
  zeroMs,
  type DurationMs,
  type EpochMs,
  type MonotonicMs,
} from './units.ts';

/** One moment, read from both clocks of a host. */
export interface Moment {
  /** Counts from the boot of the host, suspend included, and is never set. */
  readonly monotonic: MonotonicMs;
  readonly wall: EpochMs;
}

/** Where moments of the monotonic clock can be compared: within one boot of one host. */
export interface Here {
  readonly boot: string;
  readonly now: Moment;
}

/** A wait that is stored, so that a restart does not cut it short. */
export interface StoredWait {
  /** The boot in which `until` means something. */
  readonly boot: string;
  readonly until: MonotonicMs;
  /** The end by the wall clock, for after a reboot. */
  readonly untilWall: EpochMs;
  /** The whole length of the wait: no clock can stretch it beyond. */
  readonly lengthMs: DurationMs;
}

/** How long the cooldown after a success is, or after the `streak`-th failure in a row (from 1). */
export function cooldownLength(
  cooldown: Cooldown,
  result: { readonly streak: number; readonly chance: number },
): DurationMs {
  return result.streak === 0 ? cooldown.successMs : failureCooldown(cooldown.failure, result);
}

/** A wait of `lengthMs` that begins at `here.now`. */
export function storedWait(lengthMs: DurationMs, here: Here): StoredWait {
  return {
    boot: here.boot,
    until: add(here.now.monotonic, lengthMs),
    untilWall: add(here.now.wall, lengthMs),
    lengthMs,
  };
}

/**
 * The moment at which a stored wait ends. In the boot in which it began this is the monotonic clock's own
 * moment. After a reboot only the wall clock is left. It never lasts longer than its whole length from `here` on.
 */
export function endOfWait(wait: StoredWait, here: Here): MonotonicMs {
  const { monotonic, wall } = here.now;
  const end = wait.boot === here.boot ? wait.until : add(monotonic, durationBetween(wall, wait.untilWall));
  return earlierOf(end, add(monotonic, wait.lengthMs));
}

/** The same wait as it is in force here, in the present boot. */
export function broughtHere(wait: StoredWait, here: Here): StoredWait {
  return { ...wait, boot: here.boot, until: endOfWait(wait, here) };
}

/** When a moment of another boot was by the clocks of this one: only the wall clock tells, and it was not later than now. */
export function momentHere(moment: Moment, boot: string, here: Here): Moment {
  if (boot === here.boot) return moment;
  const agoMs = durationBetween(moment.wall, here.now.wall);
  return { monotonic: subtract(here.now.monotonic, agoMs), wall: moment.wall };
}

function failureCooldown(
  failure: FailureCooldown,
  result: { readonly streak: number; readonly chance: number },
): DurationMs {
  switch (failure.kind) {
    case 'fixed':
      return failure.lengthMs;
    case 'back-off': {
      const grown = failure.firstMs * failure.factor ** (result.streak - 1);
      const wholeMs = failure.firstMs === zeroMs ? 0 : Math.min(grown, failure.capMs);
      return toDurationMs(Math.ceil(wholeMs * (1 - failure.jitter * result.chance)));
    }
  }
}
