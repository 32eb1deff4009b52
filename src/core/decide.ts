import { nextDue } from './alarm/due-notice.ts';
import type { ChainDefinition } from './definition.ts';
import { isBeyondEnding, isEndAsked, nextEndingStep } from './ending.ts';
import type { EndingReason, Facts, Run } from './facts.ts';
import { isPausedAt } from './pause.ts';
import { earlierOf, isBefore, type MonotonicMs } from './units.ts';

/** What is to be done next. */
export type Decision =
  /** Write down that the next task is to run. */
  | { readonly kind: 'intend run' }
  /** The intended run is stored: start it. */
  | { readonly kind: 'start run'; readonly run: Run }
  /** The intended run is not wanted any more. */
  | { readonly kind: 'withdraw run'; readonly reason: string }
  | {
      readonly kind: 'end run';
      readonly run: Run;
      readonly step: 'asked' | 'cancelled' | 'killed';
      readonly why: EndingReason;
    }
  | { readonly kind: 'start worker' }
  /** The worker is to be replaced, and has no run. */
  | { readonly kind: 'release worker'; readonly reason: string }
  /** Leave the run out that is due. */
  | { readonly kind: 'skip run' }
  /** Something is to be told to people by now. */
  | { readonly kind: 'give notice' }
  /** Try again to store the facts. */
  | { readonly kind: 'store' }
  /** Do nothing before `until`, or before an event if that is `null`. */
  | { readonly kind: 'wait'; readonly until: MonotonicMs | null; readonly why: WaitReason }
  /** Nothing more is wanted of the chain, or can be done. */
  | { readonly kind: 'finish' };

/** Why a chain does nothing right now; people are told in these words. */
export type WaitReason =
  | 'running'
  | 'cooling down'
  | 'paused'
  | 'left behind'
  | 'worker starting'
  | 'worker blocked'
  | 'worker cannot start'
  | 'store fails';

/**
 * What a chain does next, from all its facts. Asked again without a new fact it answers the same.
 * The order of the questions is the order of what matters: end what must end, store what happened,
 * obey a stop, prove the last run over, and only then think of the next one.
 */
export function decide(facts: Facts, definition: ChainDefinition, now: MonotonicMs): Decision {
  const decision = decideRun(facts, definition, now);
  // What cannot be stored cannot be told; and who has something to do does that first.
  if (decision.kind !== 'wait' || decision.why === 'store fails') return decision;
  const next = nextDue(facts, definition);
  if (next === null) return decision;
  if (!isBefore(now, next.at)) return { kind: 'give notice' };
  return { ...decision, until: decision.until === null ? next.at : earlierOf(decision.until, next.at) };
}

function decideRun(facts: Facts, definition: ChainDefinition, now: MonotonicMs): Decision {
  const { run } = facts.state;
  const isDone = facts.wanted.kind !== 'run' && isLeftAlone(facts, definition);
  if (isDone && (facts.store.kind !== 'fails' || mayForget(facts))) return { kind: 'finish' };
  const step = isDone ? null : nextEndingStep(facts, definition);
  if (step !== null && !isBefore(now, step.at)) {
    return { kind: 'end run', run: step.run, step: step.step, why: step.why };
  }
  const stepAt = step?.at ?? null;
  if (facts.store.kind === 'fails') {
    // The journal keeps what is not stored. A chain that could not be stopped on a full disk would be worse.
    if (mayForget(facts) && !isInProgress(run)) return { kind: 'finish' };
    return afterStoreFailed(facts.store.retryAt, stepAt, now);
  }
  if (run === null) return withoutRun(facts, now);
  switch (run.stage.kind) {
    case 'intended':
      return withIntendedRun(facts, run, now);
    case 'running':
      return withUnprovenRun(facts, { now, stepAt, why: 'running' });
    case 'left behind':
      return withUnprovenRun(facts, { now, stepAt, why: 'left behind' });
  }
}

/** Whether a stop leaves the run as it is: what it left behind may live on, or nothing can end it. */
function isLeftAlone(facts: Facts, definition: ChainDefinition): boolean {
  const { run } = facts.state;
  if (run === null) return false;
  if (isBeyondEnding(run)) return true;
  if (isBeingEnded(run) || isEndAsked(facts, run)) return false;
  return run.stage.kind === 'left behind' && definition.leftovers !== 'kill';
}

function mayForget({ wanted }: Facts): boolean {
  return wanted.kind === 'stop now' && !wanted.waitsForStore;
}

function isInProgress(run: Run | null): boolean {
  return run !== null && run.stage.kind !== 'intended';
}

function isBeingEnded(run: Run): boolean {
  return run.ending !== null && run.ending.step !== 'asked';
}

function afterStoreFailed(retryAt: MonotonicMs, stepAt: MonotonicMs | null, now: MonotonicMs): Decision {
  if (!isBefore(now, retryAt)) return { kind: 'store' };
  return { kind: 'wait', until: stepAt === null ? retryAt : earlierOf(stepAt, retryAt), why: 'store fails' };
}

function withoutRun(facts: Facts, now: MonotonicMs): Decision {
  if (facts.wanted.kind !== 'run') return { kind: 'finish' };
  if (facts.passes.goal !== null && facts.passes.done >= facts.passes.goal) return { kind: 'finish' };
  if (hasStaleWorker(facts)) return { kind: 'release worker', reason: facts.staleWorker };
  const { pause, cooldown, isPoked, isSkippingNext } = facts.state;
  if (isPausedAt(pause, now)) return { kind: 'wait', until: pause.until?.until ?? null, why: 'paused' };
  if (cooldown !== null && !isPoked && isBefore(now, cooldown.until)) {
    return { kind: 'wait', until: cooldown.until, why: 'cooling down' };
  }
  return isSkippingNext ? { kind: 'skip run' } : { kind: 'intend run' };
}

function hasStaleWorker(facts: Facts): facts is Facts & { readonly staleWorker: string } {
  return facts.staleWorker !== null && facts.worker.kind !== 'absent';
}

function withIntendedRun(facts: Facts, run: Run, now: MonotonicMs): Decision {
  if (facts.wanted.kind !== 'run') return { kind: 'withdraw run', reason: 'the chain was asked to stop' };
  if (isPausedAt(facts.state.pause, now)) return { kind: 'withdraw run', reason: 'the chain was paused' };
  if (hasStaleWorker(facts)) return { kind: 'release worker', reason: facts.staleWorker };
  const { worker } = facts;
  switch (worker.kind) {
    case 'absent':
      return startWorker(worker.notBefore, now);
    case 'starting':
    case 'loading':
      return { kind: 'wait', until: null, why: 'worker starting' };
    case 'blocked':
      return { kind: 'wait', until: null, why: 'worker blocked' };
    case 'ready':
      return { kind: 'start run', run };
  }
}

/** A run that is not proven over: its own worker tells, or a new worker that gets the lock proves it. */
function withUnprovenRun(
  facts: Facts,
  waiting: { readonly now: MonotonicMs; readonly stepAt: MonotonicMs | null; readonly why: WaitReason },
): Decision {
  const { worker } = facts;
  if (worker.kind !== 'absent') {
    return {
      kind: 'wait',
      until: waiting.stepAt,
      why: worker.kind === 'blocked' ? 'worker blocked' : waiting.why,
    };
  }
  const decision = startWorker(worker.notBefore, waiting.now);
  if (decision.kind !== 'wait' || decision.until === null || waiting.stepAt === null) return decision;
  return { ...decision, until: earlierOf(decision.until, waiting.stepAt) };
}

function startWorker(notBefore: MonotonicMs | null, now: MonotonicMs): Decision {
  if (notBefore === null || !isBefore(now, notBefore)) return { kind: 'start worker' };
  return { kind: 'wait', until: notBefore, why: 'worker cannot start' };
}
