import type { Pause } from './facts.ts';
import { isBefore, type MonotonicMs } from './units.ts';

/** Whether a pause lasts at `now`: one that ends by itself is over without anybody doing anything. */
export function isPausedAt(pause: Pause | null, now: MonotonicMs): pause is Pause {
  return pause !== null && (pause.until === null || isBefore(now, pause.until.until));
}
