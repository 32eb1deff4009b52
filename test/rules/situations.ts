import type { ChainDefinition, LeftoversPolicy } from '../../src/core/definition.ts';
import type {
  EndAsked,
  EndingReason,
  EndingStep,
  Facts,
  Run,
  Stage,
  StoreFact,
  Wanted,
  WorkerFact,
} from '../../src/core/facts.ts';
import {
  toDurationMs,
  toMonotonicMs,
  toRunNumber,
  type MonotonicMs,
  type RunNumber,
} from '../../src/core/units.ts';
import { backOff, chainOf } from '../support/chain-definition.ts';
import {
  factsOf,
  momentAt,
  pauseOf,
  readyWorker,
  runOf,
  waitUntil,
  workerIdentity,
} from '../support/chain-facts.ts';

export const nowMs = 100_000;
export const now: MonotonicMs = toMonotonicMs(nowMs);
const stopGraceMs = 30_000;
export const killGraceMs = 10_000;
export const killAgainMs = 1_000;

/** One combination of facts, in the words of the rules below. */
export interface Situation {
  readonly facts: Facts;
  readonly definition: ChainDefinition;
  readonly stage: Stage['kind'] | 'none';
  readonly ending: EndingStep | null;
  readonly leftovers: LeftoversPolicy;
  /** How long ago the run's timeout was reached; negative if it is still to come, `null` without one. */
  readonly overtimeMs: number | null;
}

const wanteds: readonly Wanted[] = [
  { kind: 'run' },
  { kind: 'drain' },
  { kind: 'stop', since: toMonotonicMs(nowMs - 10) },
  { kind: 'stop', since: toMonotonicMs(nowMs - stopGraceMs) },
  { kind: 'stop now', waitsForStore: false },
  { kind: 'stop now', waitsForStore: true },
];
const workers: readonly WorkerFact[] = [
  { kind: 'absent', notBefore: null, reason: null },
  { kind: 'absent', notBefore: now, reason: 'it died' },
  { kind: 'absent', notBefore: toMonotonicMs(nowMs + 500), reason: 'it died' },
  { kind: 'starting', since: now },
  { kind: 'blocked', since: now, holders: [{ pid: 7, command: 'sleep 60' }] },
  { kind: 'loading', since: now, identity: workerIdentity() },
  readyWorker(),
];
const stores: readonly StoreFact[] = [
  { kind: 'works' },
  { kind: 'fails', reason: 'the disk is full', retryAt: now },
  { kind: 'fails', reason: 'the disk is full', retryAt: toMonotonicMs(nowMs + 700) },
];
const endings: readonly (EndingStep | null)[] = [
  null,
  endingOf('asked', 10),
  endingOf('cancelled', 10),
  endingOf('cancelled', killGraceMs),
  endingOf('killed', 10),
  endingOf('killed', killAgainMs),
  endingOf('killed', 10, 5),
];
const policies: readonly LeftoversPolicy[] = ['wait', 'kill', 'allow'];
const overtimes: readonly (number | null)[] = [null, 0, -400];
const cooldowns = [null, waitUntil(nowMs), waitUntil(nowMs + 900)];
const pauses = [
  null,
  pauseOf(50_000),
  pauseOf(50_000, waitUntil(nowMs)),
  pauseOf(50_000, waitUntil(nowMs + 300)),
];
const trueOrFalse = [false, true];
const staleWorkers = [null, 'the configuration has changed'];
export const otherRun: RunNumber = toRunNumber(2);
const wishes: readonly (EndAsked | null)[] = [
  null,
  { run: runOf().number, step: 'cancelled', at: now },
  { run: runOf().number, step: 'killed', at: toMonotonicMs(nowMs - 5) },
  { run: otherRun, step: 'killed', at: now },
];
const passes: readonly Facts['passes'][] = [
  { goal: null, done: 4, isFailing: false, lastFailed: false },
  { goal: 3, done: 2, isFailing: false, lastFailed: false },
  { goal: 3, done: 3, isFailing: false, lastFailed: false },
];
/** What is said of the next run while another one is not over. */
const aheads: readonly Partial<Facts>[] = [
  {},
  {
    state: stateWith({ pause: pauseOf(50_000), cooldown: waitUntil(nowMs + 900), isPoked: true }),
    staleWorker: 'its memory grew',
    passes: { goal: 3, done: 3, isFailing: false, lastFailed: false },
  },
  {
    state: stateWith({ pause: pauseOf(50_000, waitUntil(nowMs + 300)), isSkippingNext: true }),
    passes: { goal: 3, done: 2, isFailing: true, lastFailed: false },
  },
];

/** All combinations of facts that can be. */
export function* allSituations(): Generator<Situation> {
  for (const leftovers of policies) {
    const rest = { leftovers, ending: null, overtimeMs: null, definition: definitionOf(leftovers, null) };
    const intended = runOf({ stage: { kind: 'intended', at: momentAt(nowMs - 5) } });
    for (const facts of factsBetweenRuns(null)) yield { ...rest, facts, stage: 'none' };
    for (const facts of factsBetweenRuns(intended)) yield { ...rest, facts, stage: 'intended' };
    for (const overtimeMs of overtimes) {
      const definition = definitionOf(leftovers, overtimeMs);
      for (const [stage, ending, run] of allRuns(overtimeMs)) {
        for (const facts of factsDuring(run))
          yield { facts, definition, stage, ending, leftovers, overtimeMs };
      }
    }
  }
}

/** A timeout and an operator's wish mean nothing before a run began. */
function* factsBetweenRuns(run: Run | null): Generator<Facts> {
  for (const facts of commonFacts())
    for (const cooldown of cooldowns)
      for (const pause of pauses)
        for (const isPoked of trueOrFalse)
          for (const isSkippingNext of trueOrFalse)
            for (const staleWorker of staleWorkers)
              for (const made of passes) {
                const state = stateWith({ run, cooldown, pause, isPoked, isSkippingNext });
                yield { ...facts, staleWorker, passes: made, state };
              }
}

/** What is said of the next run matters little before this one is over. */
function* factsDuring(run: Run): Generator<Facts> {
  for (const facts of commonFacts())
    for (const endAsked of wishes)
      for (const ahead of aheads) {
        const state = { ...(ahead.state ?? facts.state), run };
        yield { ...facts, ...ahead, endAsked, state };
      }
}

function* commonFacts(): Generator<Facts> {
  for (const wanted of wanteds)
    for (const worker of workers) for (const store of stores) yield factsOf({ wanted, worker, store });
}

export function stateWith(changed: Partial<Facts['state']>): Facts['state'] {
  return factsOf({ state: changed }).state;
}

function* allRuns(overtimeMs: number | null): Generator<[Situation['stage'], EndingStep | null, Run]> {
  const since = momentAt(nowMs - 20_000 - (overtimeMs ?? 0));
  for (const ending of endings) {
    yield ['running', ending, runOf({ stage: { kind: 'running', since }, ending })];
    const stage: Stage = { kind: 'left behind', since, outcome: { kind: 'succeeded' } };
    yield ['left behind', ending, runOf({ stage, ending })];
  }
}

function definitionOf(leftovers: LeftoversPolicy, overtimeMs: number | null): ChainDefinition {
  const task = overtimeMs === null ? {} : { timeoutMs: 20_000 };
  return chainOf([{ failure: backOff(1_000), ...task }], {
    leftovers,
    stopGraceMs: toDurationMs(stopGraceMs),
    killGraceMs: toDurationMs(killGraceMs),
  });
}

function endingOf(step: EndingStep['step'], agoMs: number, times = 1): EndingStep {
  const why: EndingReason = step === 'asked' ? 'stop' : 'timeout';
  const at = toMonotonicMs(nowMs - agoMs);
  return { step, why, at, since: at, times };
}
