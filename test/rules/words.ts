import { decide, type Decision } from '../../src/core/decide.ts';
import type { EndingStep, Facts } from '../../src/core/facts.ts';
import { killAgainMs, killGraceMs, now, nowMs, type Situation } from './situations.ts';

export function isWanted({ facts }: Situation): boolean {
  return facts.wanted.kind === 'run';
}

export function isStopNow({ facts }: Situation): boolean {
  return facts.wanted.kind === 'stop now';
}

export function mayForget({ facts: { wanted } }: Situation): boolean {
  return wanted.kind === 'stop now' && !wanted.waitsForStore;
}

export function isStopAsked(at: Situation): boolean {
  return at.facts.wanted.kind === 'stop' || isStopNow(at);
}

export function isPaused({ facts }: Situation): boolean {
  const { pause } = facts.state;
  return pause !== null && (pause.until === null || pause.until.until > now);
}

/** Whether the operator's wish is about this run. */
export function isNamed({ facts: { endAsked, state } }: Situation): boolean {
  return endAsked !== null && endAsked.run === state.run?.number;
}

export function mayBegin(at: Situation): boolean {
  return isWanted(at) && storeWorks(at) && !isPaused(at);
}

export function answerWith({ facts, definition }: Situation, changed: Partial<Facts>): Decision {
  return decide({ ...facts, ...changed }, definition, now);
}

export function storeWorks({ facts }: Situation): boolean {
  return facts.store.kind === 'works';
}

export function hasBegun({ stage }: Situation): boolean {
  return stage === 'running' || stage === 'left behind';
}

export function isOvertime({ overtimeMs }: Situation): boolean {
  return overtimeMs !== null && overtimeMs >= 0;
}

export function isGoalReached({ facts: { passes: made } }: Situation): boolean {
  return made.goal === made.done;
}

export function isNextDue(at: Situation): boolean {
  const { staleWorker, worker, state } = at.facts;
  const isCool = state.cooldown === null || state.cooldown.until <= now || state.isPoked;
  const hasStaleWorker = staleWorker !== null && worker.kind !== 'absent';
  return at.stage === 'none' && mayBegin(at) && isCool && !hasStaleWorker && !isGoalReached(at);
}

export function mayStartWorker(at: Situation): boolean {
  const { worker } = at.facts;
  return storeWorks(at) && worker.kind === 'absent' && (worker.notBefore === null || worker.notBefore <= now);
}

/** Whether nothing was done yet that hurts the run. */
export function isGentle(ending: EndingStep | null): boolean {
  return strength(ending?.step ?? null) < strength('cancelled');
}

export function isGraceOver({ ending }: Situation): boolean {
  if (ending === null || ending.step === 'asked') return false;
  return nowMs - ending.at >= (ending.step === 'cancelled' ? killGraceMs : killAgainMs);
}

export function strength(step: EndingStep['step'] | null): number {
  return [null, 'asked', 'cancelled', 'killed'].indexOf(step);
}

/** Whether an event is still to come that ends a wait for this reason. */
export function canBringEvent({ facts, stage }: Situation, why: string): boolean {
  if (why === 'paused') return stage === 'none';
  return stage !== 'none' && facts.worker.kind !== 'absent';
}

export function isTrueReason(at: Situation, why: string): boolean {
  const { worker, store, state } = at.facts;
  const truths: Readonly<Record<string, boolean>> = {
    running: at.stage === 'running',
    'left behind': at.stage === 'left behind',
    'cooling down':
      at.stage === 'none' && !state.isPoked && state.cooldown !== null && state.cooldown.until > now,
    paused: at.stage === 'none' && isPaused(at),
    'worker starting': worker.kind === 'starting' || worker.kind === 'loading',
    'worker blocked': worker.kind === 'blocked',
    'worker cannot start': worker.kind === 'absent' && !mayStartWorker(at),
    'store fails': store.kind === 'fails' && store.retryAt > now,
  };
  return truths[why] ?? false;
}

export function isSame(one: Decision, other: Decision): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
