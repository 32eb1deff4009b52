import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backOff, chainOf } from '../../test/support/chain-definition.ts';
import {
  factsOf,
  momentAt,
  pauseOf,
  readyWorker,
  runOf,
  waitUntil,
  workerIdentity,
} from '../../test/support/chain-facts.ts';
import { decide, type Decision } from './decide.ts';
import type { ChainDefinition, LeftoversPolicy } from './definition.ts';
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
} from './facts.ts';
import { toDurationMs, toMonotonicMs, toRunNumber } from './units.ts';

const nowMs = 100_000;
const now = toMonotonicMs(nowMs);
const stopGraceMs = 30_000;
const killGraceMs = 10_000;
const killAgainMs = 1_000;

/** One combination of facts, in the words of the rules below. */
interface Situation {
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
const otherRun = toRunNumber(2);
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

/** Every rule holds in every situation. They are written from what the program promises, not from its code. */
const rules: readonly {
  readonly says: string;
  readonly holds: (at: Situation, answer: Decision) => boolean;
}[] = [
  {
    says: 'a run is started exactly when it is intended, wanted, stored, not held and a fresh worker is ready',
    holds: (at, answer) =>
      (answer.kind === 'start run') ===
      (at.stage === 'intended' &&
        mayBegin(at) &&
        at.facts.worker.kind === 'ready' &&
        at.facts.staleWorker === null),
  },
  {
    says: 'a run is intended exactly when there is none and nothing stands against it',
    holds: (at, answer) =>
      (answer.kind === 'intend run') === (isNextDue(at) && !at.facts.state.isSkippingNext),
  },
  {
    says: 'a run that is due is left out exactly when somebody asked so and nothing else stands against it',
    holds: (at, answer) => (answer.kind === 'skip run') === (isNextDue(at) && at.facts.state.isSkippingNext),
  },
  {
    says: 'exactly an intended run that is not wanted any more, or not now, is withdrawn',
    holds: (at, answer) =>
      (answer.kind === 'withdraw run') ===
      (at.stage === 'intended' && storeWorks(at) && (!isWanted(at) || isPaused(at))),
  },
  {
    says: 'a paused chain begins nothing until its pause is over',
    holds: (at, answer) =>
      !isPaused(at) ||
      hasBegun(at) ||
      !['intend run', 'start run', 'skip run', 'start worker'].includes(answer.kind),
  },
  {
    says: 'a paused chain that waits wakes exactly at the end of its pause',
    holds: (at, answer) =>
      answer.kind !== 'wait' ||
      answer.why !== 'paused' ||
      answer.until === (at.facts.state.pause?.until?.until ?? null),
  },
  {
    says: 'a cooldown is never cut short by a pause',
    holds: ({ facts, definition, stage }) => {
      const { pause, cooldown, isPoked } = facts.state;
      if (stage !== 'none' || isPoked || cooldown === null || pause === null) return true;
      const resumed = { ...facts, state: { ...facts.state, pause: null } };
      const last = toMonotonicMs(cooldown.until - 1);
      return [decide(facts, definition, last), decide(resumed, definition, last)].every(
        ({ kind }) => kind !== 'intend run' && kind !== 'skip run',
      );
    },
  },
  {
    says: 'a cooldown ends early exactly by a poke',
    holds: (at, answer) => {
      const { cooldown, isPoked } = at.facts.state;
      if (at.stage !== 'none' || cooldown === null || cooldown.until <= now) return true;
      if (isPoked) return answer.kind !== 'wait' || answer.why !== 'cooling down';
      return answer.kind !== 'intend run' && answer.kind !== 'skip run';
    },
  },
  {
    says: 'a worker is started only for a run, where there is none and its rest is over',
    holds: (at, answer) => answer.kind !== 'start worker' || (at.stage !== 'none' && mayStartWorker(at)),
  },
  {
    says: 'a worker is released only between runs, and only a stale one',
    holds: ({ facts, stage }, answer) =>
      answer.kind !== 'release worker' ||
      ((stage === 'none' || stage === 'intended') &&
        facts.staleWorker !== null &&
        facts.worker.kind !== 'absent'),
  },
  {
    says: 'a stale worker is released before anything else begins, and also while the chain rests',
    holds: (at, answer) =>
      at.facts.staleWorker === null ||
      at.facts.worker.kind === 'absent' ||
      !isWanted(at) ||
      !storeWorks(at) ||
      !(at.stage === 'none' ? !isGoalReached(at) : at.stage === 'intended' && !isPaused(at)) ||
      answer.kind === 'release worker',
  },
  {
    says: 'nothing begins while the state cannot be stored',
    holds: (at, answer) => storeWorks(at) || ['end run', 'store', 'wait', 'finish'].includes(answer.kind),
  },
  {
    says: 'the state is stored again only after a failure, and not before its time',
    holds: ({ facts: { store } }, answer) =>
      answer.kind !== 'store' || (store.kind === 'fails' && store.retryAt <= now),
  },
  {
    says: 'only a run that began is ended',
    holds: (at, answer) => answer.kind !== 'end run' || hasBegun(at),
  },
  {
    says: 'no step to end a run is gentler than the one before, and only SIGKILL is repeated',
    holds: (at, answer) =>
      answer.kind !== 'end run' ||
      answer.step === 'killed' ||
      strength(answer.step) > strength(at.ending?.step ?? null),
  },
  {
    says: 'SIGKILL comes only after SIGTERM and its grace, a second after the last one, or for who cannot wait',
    holds: (at, answer) =>
      answer.kind !== 'end run' ||
      answer.step !== 'killed' ||
      isStopNow(at) ||
      (isNamed(at) && at.facts.endAsked?.step === 'killed') ||
      isGraceOver(at),
  },
  {
    says: 'a run is only asked when the chain is stopped for the first time',
    holds: (at, answer) =>
      answer.kind !== 'end run' ||
      answer.step !== 'asked' ||
      (at.facts.wanted.kind === 'stop' && at.ending === null && at.stage === 'running'),
  },
  {
    says: 'a run beyond its timeout is ended, whatever else is the matter',
    holds: (at, answer) =>
      !(at.stage === 'running' && isGentle(at.ending) && isOvertime(at)) || answer.kind === 'end run',
  },
  {
    says: 'a run in progress is ended only for a stop, for a timeout or by the wish of an operator',
    holds: (at, answer) =>
      !(answer.kind === 'end run' && at.stage === 'running' && at.ending === null) ||
      isStopAsked(at) ||
      (answer.why === 'timeout' ? isOvertime(at) : answer.why === 'operator' && isNamed(at)),
  },
  {
    says: 'what a run left behind is ended only if the policy or an operator says so, or if its run was being ended',
    holds: (at, answer) =>
      !(answer.kind === 'end run' && at.stage === 'left behind') ||
      at.leftovers === 'kill' ||
      isNamed(at) ||
      !isGentle(at.ending),
  },
  {
    says: 'an operator’s wish ends the run that it named, whatever else is the matter',
    holds: (at, answer) => {
      const { endAsked } = at.facts;
      if (endAsked === null || !isNamed(at) || !hasBegun(at)) return true;
      if (strength(at.ending?.step ?? null) >= strength(endAsked.step)) return true;
      // A stop that came first may be told to the run before; the wish follows at once.
      const least = endAsked.step === 'killed' ? 'killed' : 'asked';
      return answer.kind === 'end run' && strength(answer.step) >= strength(least);
    },
  },
  {
    says: 'an operator’s wish ends no other run than the one that it named',
    holds: (at, answer) =>
      at.facts.endAsked?.run !== otherRun || isSame(answer, answerWith(at, { endAsked: null })),
  },
  {
    says: 'a drain never ends a run',
    holds: (at, answer) =>
      at.facts.wanted.kind !== 'drain' ||
      answer.kind !== 'end run' ||
      isSame(answer, answerWith(at, { wanted: { kind: 'run' } })),
  },
  {
    says: 'what is said of the next run never ends one, nor keeps it from its end',
    holds: (at, answer) =>
      !hasBegun(at) ||
      isSame(
        answer,
        answerWith(at, {
          staleWorker: null,
          state: stateWith({ run: at.facts.state.run }),
          passes: { goal: null, done: 0, isFailing: false, lastFailed: false },
        }),
      ),
  },
  {
    says: 'a stop asked twice kills a run in progress at once',
    holds: (at, answer) =>
      !(isStopNow(at) && at.stage === 'running' && at.ending?.step !== 'killed') ||
      (answer.kind === 'end run' && answer.step === 'killed'),
  },
  {
    says: 'the chain finishes only on a stop, on a drain or at its goal',
    holds: (at, answer) =>
      answer.kind !== 'finish' || !isWanted(at) || (isGoalReached(at) && at.stage === 'none'),
  },
  {
    says: 'the chain does not finish while a run is in progress that can still be ended',
    holds: (at, answer) => answer.kind !== 'finish' || at.stage !== 'running' || (at.ending?.times ?? 0) >= 5,
  },
  {
    says: 'a stop or a drain without a run in progress finishes as soon as all is stored',
    holds: (at, answer) =>
      !(at.stage === 'none' && !isWanted(at) && storeWorks(at)) || answer.kind === 'finish',
  },
  {
    says: 'a stop asked twice finishes also while nothing can be stored',
    holds: (at, answer) =>
      !(isStopNow(at) && mayForget(at) && !storeWorks(at) && !hasBegun(at)) || answer.kind === 'finish',
  },
  {
    says: 'a chain that somebody stops at once is not finished before that is stored',
    holds: (at, answer) =>
      !(isStopNow(at) && !mayForget(at) && !storeWorks(at) && !hasBegun(at)) || answer.kind !== 'finish',
  },
  {
    says: 'a wait ends in the future, or with an event that something will bring',
    holds: (at, answer) =>
      answer.kind !== 'wait' || (answer.until === null ? canBringEvent(at, answer.why) : answer.until > now),
  },
  {
    says: 'while a wait lasts it is not answered otherwise',
    holds: ({ facts, definition }, answer) =>
      answer.kind !== 'wait' ||
      answer.until === null ||
      isSame(decide(facts, definition, toMonotonicMs(answer.until - 1)), answer),
  },
  {
    says: 'when a wait is over it is not answered again',
    holds: ({ facts, definition }, answer) => {
      if (answer.kind !== 'wait' || answer.until === null) return true;
      const next = decide(facts, definition, answer.until);
      return next.kind !== 'wait' || next.until === null || next.until > answer.until;
    },
  },
  {
    says: 'the reason of a wait is true',
    holds: (at, answer) => answer.kind !== 'wait' || isTrueReason(at, answer.why),
  },
  {
    says: 'asked again without a new fact it answers the same',
    holds: ({ facts, definition }, answer) => isSame(decide(facts, definition, now), answer),
  },
];

describe('in every combination of facts', () => {
  const broken = new Map<string, Situation>();
  let count = 0;
  for (const situation of allSituations()) {
    count += 1;
    const answer = decide(situation.facts, situation.definition, now);
    for (const rule of rules) {
      if (!broken.has(rule.says) && !rule.holds(situation, answer)) broken.set(rule.says, situation);
    }
  }

  for (const rule of rules) {
    test(rule.says, () => {
      const found = broken.get(rule.says);
      if (found === undefined) return;
      const answer = decide(found.facts, found.definition, now);
      assert.fail(`broken by ${JSON.stringify(answer)} to ${JSON.stringify(found)}`);
    });
  }

  test('which are more than four hundred thousand', () => assert.equal(count, 408_240));
});

describe('in a situation with a name', () => {
  const chain = chainOf([{ timeoutMs: 60_000 }]);
  const killing = chainOf([{}], { leftovers: 'kill' });
  const intended = runOf({ stage: { kind: 'intended', at: momentAt(0) } });
  const running = runOf({ stage: { kind: 'running', since: momentAt(nowMs) } });
  const leftBehind = runOf({
    stage: { kind: 'left behind', since: momentAt(nowMs), outcome: { kind: 'succeeded' } },
  });
  const ready: WorkerFact = readyWorker();
  const stop: Wanted = { kind: 'stop', since: now };

  const situations: readonly [string, Facts, Decision, ChainDefinition?][] = [
    ['a new chain intends its first run', factsOf(), { kind: 'intend run' }],
    [
      'an intended run without a worker starts one',
      factsOf({ state: { run: intended } }),
      { kind: 'start worker' },
    ],
    [
      'an intended run with a ready worker starts',
      factsOf({ state: { run: intended }, worker: ready }),
      { kind: 'start run', run: intended },
    ],
    [
      'a run in progress is waited for until its timeout',
      factsOf({ state: { run: running }, worker: ready }),
      { kind: 'wait', until: toMonotonicMs(nowMs + 60_000), why: 'running' },
    ],
    [
      'a run of a dead runner is proven over by a new worker',
      factsOf({ state: { run: running } }),
      { kind: 'start worker' },
    ],
    [
      'a new worker that is not let start holds its proof back until then',
      factsOf({
        state: { run: running },
        worker: { kind: 'absent', notBefore: toMonotonicMs(nowMs + 1_000), reason: 'no perl' },
      }),
      { kind: 'wait', until: toMonotonicMs(nowMs + 1_000), why: 'worker cannot start' },
    ],
    [
      'a run of a dead runner times out while its worker is not let start',
      factsOf({
        state: { run: running },
        worker: { kind: 'absent', notBefore: toMonotonicMs(nowMs + 90_000), reason: 'no perl' },
      }),
      { kind: 'wait', until: toMonotonicMs(nowMs + 60_000), why: 'worker cannot start' },
    ],
    [
      'a worker that waits for the lock is named as the reason',
      factsOf({ state: { run: leftBehind }, worker: { kind: 'blocked', since: now, holders: [] } }),
      { kind: 'wait', until: null, why: 'worker blocked' },
    ],
    [
      'a chain that cools down waits until then',
      factsOf({ state: { cooldown: waitUntil(nowMs + 5) } }),
      { kind: 'wait', until: toMonotonicMs(nowMs + 5), why: 'cooling down' },
    ],
    [
      'a paused chain waits for somebody',
      factsOf({ state: { pause: pauseOf(0) } }),
      { kind: 'wait', until: null, why: 'paused' },
    ],
    [
      'a paused chain wakes when its pause ends by itself',
      factsOf({ state: { pause: pauseOf(0, waitUntil(nowMs + 5)) } }),
      { kind: 'wait', until: toMonotonicMs(nowMs + 5), why: 'paused' },
    ],
    [
      'an intended run is withdrawn when the chain is paused before it starts',
      factsOf({ state: { run: intended, pause: pauseOf(0) }, worker: { kind: 'starting', since: now } }),
      { kind: 'withdraw run', reason: 'the chain was paused' },
    ],
    [
      'a paused chain still proves the run of a dead runner over',
      factsOf({ state: { run: running, pause: pauseOf(0) } }),
      { kind: 'start worker' },
    ],
    [
      'a poke ends the cooldown',
      factsOf({ state: { cooldown: waitUntil(nowMs + 5), isPoked: true } }),
      { kind: 'intend run' },
    ],
    [
      'a poke does not end a pause',
      factsOf({ state: { pause: pauseOf(0), isPoked: true } }),
      { kind: 'wait', until: null, why: 'paused' },
    ],
    [
      'a run to be left out is left out only when it is due',
      factsOf({ state: { cooldown: waitUntil(nowMs + 5), isSkippingNext: true } }),
      { kind: 'wait', until: toMonotonicMs(nowMs + 5), why: 'cooling down' },
    ],
    [
      'a stale worker goes while the chain is paused',
      factsOf({ state: { pause: pauseOf(0) }, worker: ready, staleWorker: 'it grew' }),
      { kind: 'release worker', reason: 'it grew' },
    ],
    [
      'a stale worker stays with its run',
      factsOf({ state: { run: running }, worker: ready, staleWorker: 'it grew' }),
      { kind: 'wait', until: toMonotonicMs(nowMs + 60_000), why: 'running' },
    ],
    [
      'a drain waits for the run in progress',
      factsOf({ state: { run: running }, worker: ready, wanted: { kind: 'drain' } }),
      { kind: 'wait', until: toMonotonicMs(nowMs + 60_000), why: 'running' },
    ],
    [
      'an operator ends what a run left behind before a stop finishes the chain',
      factsOf({
        state: { run: leftBehind },
        worker: ready,
        wanted: stop,
        endAsked: { run: leftBehind.number, step: 'cancelled', at: now },
      }),
      { kind: 'end run', run: leftBehind, step: 'cancelled', why: 'operator' },
    ],
    [
      'a stop asks the run in progress first',
      factsOf({ state: { run: running }, worker: ready, wanted: stop }),
      { kind: 'end run', run: running, step: 'asked', why: 'stop' },
    ],
    [
      'a stop leaves alone what a run left behind',
      factsOf({ state: { run: leftBehind }, worker: ready, wanted: stop }),
      { kind: 'finish' },
    ],
    [
      'what a run left behind is ended where the policy says so',
      factsOf({ state: { run: leftBehind }, worker: ready }),
      { kind: 'end run', run: leftBehind, step: 'cancelled', why: 'leftovers' },
      killing,
    ],
    [
      'a stop withdraws an intended run',
      factsOf({ state: { run: intended }, wanted: stop }),
      { kind: 'withdraw run', reason: 'the chain was asked to stop' },
    ],
    [
      'a run that is due waits for a store that fails',
      factsOf({
        state: { run: intended },
        worker: ready,
        store: { kind: 'fails', reason: 'full', retryAt: toMonotonicMs(nowMs + 1) },
      }),
      { kind: 'wait', until: toMonotonicMs(nowMs + 1), why: 'store fails' },
    ],
    [
      'a chain at its goal finishes although it is paused',
      factsOf({
        state: { pause: pauseOf(0) },
        passes: { goal: 1, done: 1, isFailing: false, lastFailed: true },
      }),
      { kind: 'finish' },
    ],
  ];
  for (const [name, facts, expected, definition = chain] of situations) {
    test(name, () => assert.deepEqual(decide(facts, definition, now), expected));
  }
});

function* allSituations(): Generator<Situation> {
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

function stateWith(changed: Partial<Facts['state']>): Facts['state'] {
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

function isWanted({ facts }: Situation): boolean {
  return facts.wanted.kind === 'run';
}

function isStopNow({ facts }: Situation): boolean {
  return facts.wanted.kind === 'stop now';
}

function mayForget({ facts: { wanted } }: Situation): boolean {
  return wanted.kind === 'stop now' && !wanted.waitsForStore;
}

function isStopAsked(at: Situation): boolean {
  return at.facts.wanted.kind === 'stop' || isStopNow(at);
}

function isPaused({ facts }: Situation): boolean {
  const { pause } = facts.state;
  return pause !== null && (pause.until === null || pause.until.until > now);
}

/** Whether the operator's wish is about this run. */
function isNamed({ facts: { endAsked, state } }: Situation): boolean {
  return endAsked !== null && endAsked.run === state.run?.number;
}

function mayBegin(at: Situation): boolean {
  return isWanted(at) && storeWorks(at) && !isPaused(at);
}

function answerWith({ facts, definition }: Situation, changed: Partial<Facts>): Decision {
  return decide({ ...facts, ...changed }, definition, now);
}

function storeWorks({ facts }: Situation): boolean {
  return facts.store.kind === 'works';
}

function hasBegun({ stage }: Situation): boolean {
  return stage === 'running' || stage === 'left behind';
}

function isOvertime({ overtimeMs }: Situation): boolean {
  return overtimeMs !== null && overtimeMs >= 0;
}

function isGoalReached({ facts: { passes: made } }: Situation): boolean {
  return made.goal === made.done;
}

function isNextDue(at: Situation): boolean {
  const { staleWorker, worker, state } = at.facts;
  const isCool = state.cooldown === null || state.cooldown.until <= now || state.isPoked;
  const hasStaleWorker = staleWorker !== null && worker.kind !== 'absent';
  return at.stage === 'none' && mayBegin(at) && isCool && !hasStaleWorker && !isGoalReached(at);
}

function mayStartWorker(at: Situation): boolean {
  const { worker } = at.facts;
  return storeWorks(at) && worker.kind === 'absent' && (worker.notBefore === null || worker.notBefore <= now);
}

/** Whether nothing was done yet that hurts the run. */
function isGentle(ending: EndingStep | null): boolean {
  return strength(ending?.step ?? null) < strength('cancelled');
}

function isGraceOver({ ending }: Situation): boolean {
  if (ending === null || ending.step === 'asked') return false;
  return nowMs - ending.at >= (ending.step === 'cancelled' ? killGraceMs : killAgainMs);
}

function strength(step: EndingStep['step'] | null): number {
  return [null, 'asked', 'cancelled', 'killed'].indexOf(step);
}

/** Whether an event is still to come that ends a wait for this reason. */
function canBringEvent({ facts, stage }: Situation, why: string): boolean {
  if (why === 'paused') return stage === 'none';
  return stage !== 'none' && facts.worker.kind !== 'absent';
}

function isTrueReason(at: Situation, why: string): boolean {
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

function isSame(one: Decision, other: Decision): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
