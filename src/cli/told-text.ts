import type { ChainTold, RunEndedTold, Told } from '../core/event.ts';
import type { Holder } from '../core/facts.ts';
import { counted } from '../core/counted.ts';
import { lengthText, outcomeText } from './outcome-text.ts';
import { requestText } from './request-text.ts';

/** How much a line matters: `--quiet` shows only what went wrong, and what makes up for it. */
export type Weight = 'routine' | 'notice' | 'problem';

/** How a run that a stop waits for is killed by whoever sits before it. */
export const againToKill = 'press Ctrl-C again to kill it';

/**
 * A line for people, or `null` for what is not worth one.
 * @param toKill how they kill a run that a stop waits for, as the end of a sentence
 */
export function toldText(
  { told, fence }: ChainTold,
  toKill: string,
): { readonly text: string; readonly weight: Weight } | null {
  switch (told.kind) {
    case 'run started':
      return { text: `run ${told.run.number}  ${told.run.task}`, weight: 'routine' };
    case 'run ended':
      return endedText(told, told.run.fence !== fence);
    case 'run left behind':
      // Processes that end just now are not worth a line: they may be gone before it is read.
      if (told.leftovers.length === 0) return null;
      return { text: leftBehindText(told.run.number, told.leftovers), weight: 'problem' };
    case 'leftovers gone':
      return { text: `what run ${told.run.number} left behind is gone`, weight: 'notice' };
    case 'ending step taken':
      return endingText(told);
    case 'paused':
    case 'resumed':
    case 'muted':
    case 'unmuted':
    case 'poked':
    case 'skip asked':
    case 'run skipped':
    case 'end asked':
    case 'chain stopped':
    case 'drain asked':
      return requestText(told);
    case 'stop asked':
      return stopText(told, toKill);
    case 'worker outdated':
      return { text: `gets a new worker: ${told.reason}`, weight: 'notice' };
    case 'definition changed':
      return { text: 'goes on by the new configuration', weight: 'notice' };
    case 'worker blocked':
      return { text: blockedText(told), weight: 'problem' };
    case 'worker lost':
      return null;
    case 'store failed':
      return { text: told.reason, weight: 'problem' };
    case 'store works again':
      return { text: 'the state can be stored again', weight: 'problem' };
    case 'incident changed':
    case 'notice':
    case 'run intended':
    case 'pass ended':
    case 'worker ready':
      return null;
  }
}

function endedText(told: RunEndedTold, isTakenOver: boolean): { text: string; weight: Weight } {
  const { run, outcome, healedStreak, streak, durationMs } = told;
  const origin = isTakenOver ? ' (of the runner before)' : '';
  const healed = healedStreak > 0 ? `, the first time after ${counted(healedStreak, 'failure')}` : '';
  const repeated = streak > 1 ? ` (${streak} times in a row)` : '';
  return {
    text: `run ${run.number}${origin}  ${run.task} ${outcomeText(outcome, durationMs)}${healed}${repeated}${nextText(told)}`,
    weight: weightOf(told),
  };
}

function weightOf({ verdict, healedStreak, outcome }: RunEndedTold): Weight {
  if (verdict === 'failure' || healedStreak > 0) return 'problem';
  return outcome.kind === 'stopped' ? 'notice' : 'routine';
}

function nextText({ run, next }: RunEndedTold): string {
  if (next === null) return '';
  const task = next.task === run.task ? 'again' : next.task;
  return next.cooldownMs === 0 ? `; ${task} now` : `; ${task} in ${lengthText(next.cooldownMs)}`;
}

function endingText(
  told: Extract<Told, { kind: 'ending step taken' }>,
): { text: string; weight: Weight } | null {
  const { run, step, why } = told;
  if (step === 'asked' || (run.ending?.times ?? 1) > 1) return null;
  const reason = {
    timeout: 'it takes too long',
    stop: 'the chain stops',
    leftovers: 'it left processes behind',
    operator: 'somebody wants it to end',
  }[why];
  const signal = step === 'cancelled' ? 'SIGTERM' : 'SIGKILL';
  return { text: `run ${run.number}  ${run.task} gets ${signal}: ${reason}`, weight: 'problem' };
}

function stopText(
  told: Extract<Told, { kind: 'stop asked' }>,
  toKill: string,
): { text: string; weight: Weight } {
  if (told.isNow) return { text: 'stopping now', weight: 'notice' };
  if (told.run === null || told.run.stage.kind !== 'running') return { text: 'stopping', weight: 'notice' };
  return {
    text: `stopping when run ${told.run.number} (${told.run.task}) has ended; ${toKill}`,
    weight: 'notice',
  };
}

function blockedText({ run, holders }: Extract<Told, { kind: 'worker blocked' }>): string {
  const who = run === null ? 'an earlier run' : `run ${run.number} (${run.task})`;
  if (holders.length === 0) {
    return `waiting for ${who}: a process of another user still has the chain's lock; look for it with "ps -ef" as root`;
  }
  return `waiting for ${who}, which has outlived its runner; it goes on in ${listed(holders)}`;
}

function leftBehindText(run: number, leftovers: readonly Holder[]): string {
  const many = counted(leftovers.length, 'process', 'processes');
  return `run ${run} has left ${many} behind; the next run waits for the end of ${listed(leftovers)}`;
}

function listed(holders: readonly Holder[]): string {
  const shown = holders.slice(0, 5).map(({ pid, command }) => `${pid} (${command})`);
  return [...shown, ...(holders.length > 5 ? [`and ${holders.length - 5} more`] : [])].join(', ');
}
