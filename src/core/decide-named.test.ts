import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import { factsOf, momentAt, pauseOf, readyWorker, runOf, waitUntil } from '../../test/support/chain-facts.ts';
import { decide, type Decision } from './decide.ts';
import type { ChainDefinition } from './definition.ts';
import type { Facts, Wanted, WorkerFact } from './facts.ts';
import { toMonotonicMs } from './units.ts';

const nowMs = 100_000;
const now = toMonotonicMs(nowMs);

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
