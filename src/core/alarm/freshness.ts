import { storedWait, type Here, type StoredWait } from '../cooldown.ts';
import type { AlertPolicy } from '../definition.ts';
import { add, subtract, type DurationMs, type EpochMs } from '../units.ts';
import type { Alarm, Freshness } from './alarm.ts';

/** A success: the next one is due after the freshness of the chain. */
export function freshAfterSuccess(freshnessMs: DurationMs, here: Here): Freshness {
  return { lastSuccessAt: here.now.wall, due: storedWait(freshnessMs, here), missed: null };
}

/**
 * What is due by this policy: what was due until now, with the length that the policy has; from here on, where
 * nothing was; and nothing, where the policy does not ask.
 */
export function freshnessBy(policy: AlertPolicy, known: Freshness | null, here: Here): Freshness | null {
  const { freshnessMs } = policy;
  if (freshnessMs === null) return null;
  if (known === null) return { lastSuccessAt: null, due: storedWait(freshnessMs, here), missed: null };
  return known.due.lengthMs === freshnessMs ? known : { ...known, due: withLength(known.due, freshnessMs) };
}

/** A chain that did not run because somebody wanted it so has its whole time again. */
export function dueAnew(alarm: Alarm, here: Here): Alarm {
  const { freshness } = alarm;
  if (freshness === null) return alarm;
  return { ...alarm, freshness: { ...freshness, due: storedWait(freshness.due.lengthMs, here) } };
}

/** Since when there was no success: the last one, or since when one is awaited. */
export function awaitedSince({ lastSuccessAt, due }: Freshness): EpochMs {
  return lastSuccessAt ?? subtract(due.untilWall, due.lengthMs);
}

function withLength(wait: StoredWait, lengthMs: DurationMs): StoredWait {
  const { lengthMs: before } = wait;
  return {
    ...wait,
    until: add(subtract(wait.until, before), lengthMs),
    untilWall: add(subtract(wait.untilWall, before), lengthMs),
    lengthMs,
  };
}
