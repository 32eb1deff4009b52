import type { ChainState } from './facts.ts';
import { ownValue } from './own-value.ts';
import type { Verdict } from './outcome.ts';
import type { DurationMs } from './units.ts';

/** How much the newest run counts: about the last ten runs make up most of the mean. */
const weightOfNewest = 0.2;

/**
 * How long the runs of a task usually take, after one more: an exponential moving average of the successful ones.
 * A run that failed, or whose length nobody measured, says nothing about it.
 */
export function usualAfter(
  usualMs: ChainState['usualMs'],
  task: string,
  run: { readonly verdict: Verdict; readonly durationMs: DurationMs | null },
): ChainState['usualMs'] {
  if (run.verdict !== 'success' || run.durationMs === null) return usualMs;
  const known = ownValue(usualMs, task);
  const usual = known === undefined ? run.durationMs : known + (run.durationMs - known) * weightOfNewest;
  // To a tenth of a millisecond: rounded to whole ones it would never come down to a few.
  const rounded = Math.round(usual * 10) / 10;
  return rounded === known ? usualMs : { ...usualMs, [task]: rounded };
}
