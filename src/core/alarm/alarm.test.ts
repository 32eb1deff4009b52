import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alertPolicy, chainOf } from '../../../test/support/chain-definition.ts';
import { boot, factsOf, hereAt, momentAt, runOf, waitUntil } from '../../../test/support/chain-facts.ts';
import type { ChainDefinition } from '../definition.ts';
import { decide } from '../decide.ts';
import { failureExample } from '../failure-example.ts';
import type { Facts } from '../facts.ts';
import { initialFacts, newChainState } from '../initial.ts';
import { learn } from '../learn.ts';
import type { Notice } from '../notice.ts';
import { toDurationMs, toEpochMs, toFence, toMonotonicMs, toRunNumber } from '../units.ts';
import { gapAfter, quietAlarm, type Alarm, type Freshness, type Incident, type Lasting } from './alarm.ts';

const hourMs = 3_600_000;
const chain = chainOf([{}]);
const incident: Incident = {
  task: 'task1',
  firstRun: toRunNumber(3),
  openedAt: toEpochMs(500),
  lastFailedAt: toEpochMs(700),
  failures: 2,
  kinds: [],
  otherFailures: 2,
  stage: 'told',
  severity: 'error',
  remind: waitUntil(1_000),
  kindsTold: 0,
  newest: { kind: 'exit status 1', inARow: 2 },
  isBreakerOpen: false,
};
const lasting: Lasting = { since: toEpochMs(400), severity: 'error', remind: waitUntil(1_000) };

function withAlarm(alarm: Partial<Alarm>, changed: Partial<Facts['state']> = {}): Facts {
  return factsOf({ state: { alarm: { ...quietAlarm, ...alarm }, cooldown: waitUntil(50_000), ...changed } });
}

function dueAt(facts: Facts, ms: number, definition: ChainDefinition = chain): ReturnType<typeof learn> {
  return learn(facts, { kind: 'notice due', at: momentAt(ms), boot }, definition);
}

function noticesOf({ told }: ReturnType<typeof learn>): readonly Notice[] {
  return told.flatMap((one) => (one.kind === 'notice' ? [one.notice] : []));
}

describe('what is due by the clock', () => {
  test('is waited for, and then asked for, but not before it is due', () => {
    const facts = withAlarm({ incidents: [incident] });
    assert.deepEqual(decide(facts, chain, toMonotonicMs(999)), {
      kind: 'wait',
      until: 1_000,
      why: 'cooling down',
    });
    assert.deepEqual(decide(facts, chain, toMonotonicMs(1_000)), { kind: 'give notice' });
    assert.deepEqual(dueAt(facts, 999), { facts, told: [] });
    assert.equal(noticesOf(dueAt(facts, 1_000)).length, 1);
  });

  test('does not put off what the chain has to do before it', () => {
    const facts = withAlarm({ incidents: [incident] }, { cooldown: waitUntil(900) });
    assert.equal(decide(facts, chain, toMonotonicMs(2_000)).kind, 'intend run');
    const waiting = decide(facts, chain, toMonotonicMs(800));
    assert.deepEqual(waiting, { kind: 'wait', until: 900, why: 'cooling down' });
  });

  test('waits while the state cannot be stored', () => {
    const store = { kind: 'fails', reason: 'full', retryAt: toMonotonicMs(5_000) } as const;
    const facts = { ...withAlarm({ incidents: [incident] }), store };
    assert.deepEqual(decide(facts, chain, toMonotonicMs(2_000)), {
      kind: 'wait',
      until: 5_000,
      why: 'store fails',
    });
  });

  test('of an incident that nobody knows of is nothing but another look', () => {
    const learned = dueAt(withAlarm({ incidents: [{ ...incident, stage: 'untold' }] }), 1_000);
    assert.deepEqual(learned.told, []);
    assert.equal(learned.facts.state.alarm.incidents[0]?.remind.until, 3_000);
  });

  test('of a task that is not in the chain any more is the end of its incident', () => {
    const learned = dueAt(withAlarm({ incidents: [{ ...incident, task: 'gone' }] }), 1);
    assert.deepEqual(learned.facts.state.alarm.incidents, []);
    const [told] = learned.told;
    assert.ok(told?.kind === 'incident changed' && told.change.healedAt === momentAt(1).wall);
  });

  test('names who is in the way of a chain', () => {
    const holders = [{ pid: 7, command: 'sleep 60' }];
    const worker = { kind: 'blocked', since: toMonotonicMs(100), holders } as const;
    const definition = chainOf([{}], { alerts: { ...alertPolicy, blockedMs: toDurationMs(900) } });
    const run = runOf({ stage: { kind: 'intended', at: momentAt(90) } });
    const facts = { ...withAlarm({}, { run, cooldown: null }), worker };
    const [notice] = noticesOf(dueAt(facts, 1_100, definition));
    assert.ok(notice?.kind === 'blocked');
    assert.deepEqual([notice.holders, notice.since, notice.forMs], [holders, momentAt(100).wall, 1_000]);
  });

  test('of a chain that was blocked waits until it is certain that it is not', () => {
    const run = runOf({ stage: { kind: 'running', since: momentAt(0) } });
    const begun = withAlarm({ blocked: lasting }, { run });
    assert.deepEqual(dueAt(begun, 500).told, []);
    assert.equal(noticesOf(dueAt(withAlarm({ blocked: lasting }), 500))[0]?.kind, 'unblocked');
  });

  test('comes again after twice the time, and at least once a week', () => {
    const gaps = [12, 24, 48, 96, 168, 200].map((hours) => gapAfter(toDurationMs(hours * hourMs)) / hourMs);
    assert.deepEqual(gaps, [24, 48, 96, 168, 168, 200]);
  });
});

describe('a runner that takes a chain', () => {
  const freshness: Freshness = { lastSuccessAt: toEpochMs(1), due: waitUntil(800, 700), missed: lasting };
  const alarm: Alarm = {
    incidents: [incident],
    flapping: [
      { task: 'task1', recent: [], episode: null },
      {
        task: 'task2',
        recent: [],
        episode: {
          since: toEpochMs(1),
          incidents: 3,
          failures: 3,
          kinds: [],
          remind: waitUntil(1_000),
          quiet: waitUntil(1_000),
        },
      },
    ],
    freshness,
    blocked: lasting,
    late: { since: toEpochMs(1), run: toRunNumber(4), task: 'task1', usualMs: 9 },
    held: { by: 'mute', since: toEpochMs(1), severity: 'error', counts: { 'incident opened': 1 } },
  };
  const definition = chainOf([{}], { alerts: { ...alertPolicy, freshnessMs: toDurationMs(700) } });

  function taken(
    changed: Partial<Facts['state']>,
    holds: 'kept' | 'both end' = 'kept',
    by = definition,
  ): Alarm {
    const stored = { ...newChainState, alarm, ...changed };
    const here = hereAt(100, { boot: 'boot-2', wallMs: momentAt(600).wall });
    return initialFacts({ stored, definition: by, here, fence: toFence(2), passGoal: null, holds }).state
      .alarm;
  }

  test('knows all that people were told, and waits for the rest of each wait after a reboot', () => {
    const { incidents, flapping, blocked, freshness: due, late, held } = taken({});
    const untils = [incidents[0], flapping[1]?.episode, blocked, due?.missed].map((one) => one?.remind.until);
    assert.deepEqual(untils, [500, 500, 500, 500]);
    assert.deepEqual([flapping[1]?.episode?.quiet.until, due?.due.until], [500, 300]);
    assert.deepEqual([late, held, flapping[0]], [alarm.late, alarm.held, alarm.flapping[0]]);
  });

  test('gives a chain that was stopped its whole time for the next success', () => {
    const stopped = { since: momentAt(1), by: 'ada' };
    assert.equal(taken({ stopped }).freshness?.due.until, 300);
    assert.equal(taken({ stopped }, 'both end').freshness?.due.until, 800);
    assert.equal(taken({ stopped, alarm: quietAlarm }, 'both end', chain).freshness, null);
  });

  test('awaits a success as the configuration says now', () => {
    const longer = chainOf([{}], { alerts: { ...alertPolicy, freshnessMs: toDurationMs(1_000) } });
    assert.equal(taken({ alarm: { ...alarm, freshness: null } }, 'kept', longer).freshness?.due.until, 1_100);
    assert.deepEqual(taken({}, 'kept', longer).freshness?.due.until, 600);
    assert.equal(taken({}, 'kept', chain).freshness, null);
  });

  test('counts the time without a success from its first term where there never was one', () => {
    const never = { ...freshness, lastSuccessAt: null, missed: null };
    const facts = withAlarm({ freshness: { ...never, due: waitUntil(800, 700) } });
    const [notice] = noticesOf(dueAt(facts, 900, definition));
    assert.ok(notice?.kind === 'not fresh');
    assert.deepEqual([notice.lastSuccessAt, notice.forMs], [null, 800]);
  });
});

describe('the example of a failure', () => {
  const environment = { DB_PASSWORD: 'hunter22', LANG: 'C.UTF-8' };
  const seen = {
    run: runOf(),
    here: hereAt(5),
    durationMs: null,
    definition: chainOf([{}], { environment, codeVersion: 'abc1234' }),
    printed: 'connecting as hunter22 with C.UTF-8\nlogin failed',
  };

  test('holds what was printed, without what is secret', () => {
    const example = failureExample({ ...seen, outcome: { kind: 'exited', exitCode: 1 } });
    assert.equal(example.text, 'connecting as *** with C.UTF-8\nlogin failed');
    assert.equal(example.codeVersion, 'abc1234');
  });

  test('holds the stack of an error, or its message where there is none', () => {
    const error = { name: 'Error', message: 'bad hunter22', stack: 'Error: bad hunter22\n    at x.ts:1' };
    const thrown = failureExample({ ...seen, outcome: { kind: 'threw', error } });
    assert.equal(thrown.text, 'Error: bad ***\n    at x.ts:1');
    assert.ok(thrown.outcome.kind === 'threw' && thrown.outcome.error.message === 'bad ***');
    const bare = failureExample({ ...seen, outcome: { kind: 'threw', error: { ...error, stack: '' } } });
    assert.equal(bare.text, 'bad ***');
  });
});
