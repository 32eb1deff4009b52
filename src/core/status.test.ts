import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import {
  factsOf,
  momentAt,
  pauseOf,
  readyWorker,
  runOf,
  waitUntil,
  workerIdentity,
} from '../../test/support/chain-facts.ts';
import type { Facts, Run, WorkerFact } from './facts.ts';
import { bareStatus, statusOf, type ChainStatus } from './status.ts';
import { toDurationMs, toFence, toMonotonicMs, toPassNumber, type DurationMs } from './units.ts';

const chain = chainOf([{}, {}]);
const now = momentAt(10_000);
const past = toMonotonicMs(9_000);
const later = toMonotonicMs(12_000);
const holders = [{ pid: 77, command: 'sleep 60' }];
const ready: WorkerFact = readyWorker();
const full = { kind: 'fails', reason: 'the disk is full', retryAt: later } as const;
const running = runOf({ stage: { kind: 'running', since: momentAt(4_000) } });
const intended = runOf({ stage: { kind: 'intended', at: momentAt(9_000) } });
const leftBehind = runOf({
  stage: { kind: 'left behind', since: momentAt(8_000), outcome: { kind: 'succeeded' } },
});

function status(changed: Parameters<typeof factsOf>[0] = {}): ChainStatus {
  return statusOf(factsOf(changed), chain, now);
}

function withRun(run: Run, worker: WorkerFact = ready): Partial<ChainStatus> {
  return status({ state: { run }, worker });
}

/** What a case says must stand in the status; the rest is of no interest to it. */
function assertSays(found: Partial<ChainStatus>, expected: Partial<ChainStatus>): void {
  const said = Object.fromEntries(Object.entries(found).filter(([key]) => key in expected));
  assert.deepEqual(said, expected);
}

test('a mute is told while it lasts', () => {
  const mute = { since: momentAt(9_000), by: 'ada', until: waitUntil(12_000) };
  const { mute: told } = status({ state: { mute } });
  assert.deepEqual(told, { since: momentAt(9_000).wall, by: 'ada', remainingMs: 2_000 });
  assert.equal(status({ state: { mute: { ...mute, until: waitUntil(10_000) } } }).mute, null);
});

describe('why is it not running?', () => {
  const cases: readonly [string, Partial<ChainStatus>, Partial<ChainStatus>][] = [
    ['it is: a run is in progress', withRun(running), { state: 'running', task: 'task1', reason: null }],
    [
      'it cools down, and for so long',
      status({ state: { cooldown: waitUntil(10_400, 1_000), taskIndex: 1 } }),
      { state: 'cooling down', task: 'task2', cooldown: { remainingMs: ms(400), lengthMs: ms(1_000) } },
    ],
    [
      'somebody paused it, and must resume it',
      status({ state: { pause: pauseOf(5_000) } }),
      {
        state: 'paused',
        pause: { since: momentAt(5_000).wall, by: { kind: 'operator', name: 'ada' }, remainingMs: null },
      },
    ],
    [
      'a failure paused it',
      status({ state: { pause: { ...pauseOf(0), by: { kind: 'failure', task: 'task1' } } } }),
      {
        state: 'paused',
        pause: { since: momentAt(0).wall, by: { kind: 'failure', task: 'task1' }, remainingMs: null },
      },
    ],
    [
      'it is paused, and for so long',
      status({ state: { pause: pauseOf(5_000, waitUntil(10_700)) } }),
      {
        state: 'paused',
        pause: { since: momentAt(5_000).wall, by: { kind: 'operator', name: 'ada' }, remainingMs: ms(700) },
      },
    ],
    ['a run left something behind', withRun(leftBehind), { state: 'left behind', task: 'task1' }],
    [
      'its worker starts',
      withRun(intended, { kind: 'starting', since: past }),
      { state: 'worker starting', worker: null },
    ],
    [
      'its worker loads the tasks',
      withRun(intended, { kind: 'loading', since: past, identity: workerIdentity(3) }),
      { state: 'worker starting', worker: { pid: 1_003 } },
    ],
    [
      'something has its lock, and what',
      withRun(intended, { kind: 'blocked', since: past, holders }),
      { state: 'worker blocked', inTheWay: holders },
    ],
    [
      'its worker cannot start, and why',
      withRun(running, { kind: 'absent', notBefore: later, reason: 'no perl' }),
      { state: 'worker cannot start', reason: 'no perl' },
    ],
    [
      'its state cannot be stored, and why',
      status({ store: full, state: { cooldown: waitUntil(20_000) } }),
      { state: 'store fails', reason: 'the disk is full' },
    ],
    ['it is about to', status(), { state: 'waiting', reason: null, run: null }],
    [
      'it has made its passes',
      status({ passes: { goal: 1, done: 1, isFailing: false, lastFailed: false } }),
      { state: 'waiting' },
    ],
    [
      'somebody stopped it',
      status({
        wanted: { kind: 'stop', since: past },
        state: { stopped: { since: momentAt(3_000), by: 'ada' } },
      }),
      { wanted: 'stop', stopped: { since: momentAt(3_000).wall, by: 'ada' } },
    ],
    [
      'it is let go after the run in progress',
      status({ wanted: { kind: 'drain' }, state: { run: running }, worker: ready }),
      { state: 'running', wanted: 'drain' },
    ],
  ];
  for (const [name, found, expected] of cases) test(name, () => assertSays(found, expected));

  for (const word of ['held elsewhere', 'stopped', 'cannot begin', 'let go'] as const) {
    test(`this runner does not run it: ${word}`, () => {
      assertSays(bareStatus(chain, word), { state: word, chain: chain.name, task: 'task1', run: null });
    });
  }

  test('a chain without tasks, which no configuration yields, has no name for the next one', () => {
    assert.equal(bareStatus(chainOf([]), 'stopped').task, '');
    assert.equal(statusOf(factsOf(), chainOf([]), now).task, '');
  });
});

describe('the status', () => {
  test('says all that is known, of a run in progress', () => {
    const facts: Facts = factsOf({
      fence: toFence(4),
      worker: ready,
      state: {
        run: { ...running, ending: { why: 'operator', step: 'cancelled', at: past, since: past, times: 1 } },
        pass: toPassNumber(3),
        isPoked: true,
        isSkippingNext: true,
        streaks: { task1: 2 },
        usualMs: { task1: 5_000.5 },
        lastEnd: {
          run: running.number,
          task: 'task1',
          outcome: { kind: 'succeeded' },
          endedAt: momentAt(1).wall,
          durationMs: ms(1),
          streak: 0,
        },
      },
    });
    assertSays(statusOf(facts, chain, now), {
      pass: facts.state.pass,
      fence: facts.fence,
      isPoked: true,
      isSkippingNext: true,
      streaks: { task1: 2 },
      last: facts.state.lastEnd,
      worker: { pid: 1_001 },
      run: {
        number: 1,
        task: 'task1',
        stage: 'running',
        since: momentAt(4_000).wall,
        forMs: ms(6_000),
        usualMs: 5_000.5,
        ending: { why: 'operator', step: 'cancelled' },
      },
    });
  });

  test('says how far a run has come, and since when', () => {
    const expected = [
      [intended, 'intended', 9_000],
      [running, 'running', 4_000],
      [leftBehind, 'left behind', 8_000],
    ] as const;
    for (const [run, stage, sinceMs] of expected) {
      const found = withRun(run).run;
      assert.deepEqual([found?.stage, found?.since], [stage, momentAt(sinceMs).wall]);
      assert.deepEqual([found?.usualMs, found?.ending], [null, null]);
    }
  });

  test('says nothing of a cooldown that is over, or that begins only when what is left behind is gone', () => {
    const cooldown = waitUntil(10_000);
    assert.equal(status({ state: { cooldown } }).cooldown, null);
    assert.equal(status({ state: { cooldown: waitUntil(20_000), run: leftBehind } }).cooldown, null);
  });

  test('says nothing of a pause that ended by itself, and names one during a run', () => {
    assert.equal(status({ state: { pause: pauseOf(0, waitUntil(10_000)) } }).pause, null);
    const during = status({ state: { pause: pauseOf(0), run: running }, worker: ready });
    assert.equal(during.state, 'running');
    assert.notEqual(during.pause, null);
  });

  // A bug of the first days: a chain that cooled down was said to do so because its worker had been killed.
  test('gives the end of the last worker as a reason only while none can be started', () => {
    const worker: WorkerFact = { kind: 'absent', notBefore: past, reason: 'it was killed' };
    const found = status({ worker, state: { cooldown: waitUntil(20_000) } });
    assert.deepEqual([found.state, found.reason], ['cooling down', null]);
  });
});

function ms(length: number): DurationMs {
  return toDurationMs(length);
}
