import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import { hereAt, momentAt, pauseOf, runOf, waitUntil } from '../../test/support/chain-facts.ts';
import type { Here } from './cooldown.ts';
import { decide } from './decide.ts';
import type { ChainState, Facts, Run } from './facts.ts';
import { initialFacts, newChainState, type Holds } from './initial.ts';
import { toFence, toPassNumber } from './units.ts';

const rebooted = hereAt(100, { boot: 'boot-2', wallMs: momentAt(8_000).wall });

function taken(stored: Partial<ChainState>, here: Here = hereAt(9_000), holds: Holds = 'both end'): Facts {
  return initialFacts({
    stored: { ...newChainState, ...stored },
    definition: chainOf([{}, {}]),
    here,
    fence: toFence(3),
    passGoal: 2,
    holds,
  });
}

function takenRun(run: Partial<Run>, here?: Here): Run | null {
  return taken({ run: runOf(run) }, here).state.run;
}

describe('a runner that takes a chain', () => {
  test('begins with the first task of the first pass of a new chain', () => {
    assert.deepEqual(taken({}).state, { ...newChainState, nextTask: 'task1' });
    assert.equal(newChainState.pass, 1);
    assert.equal(newChainState.taskIndex, 0);
    assert.equal(newChainState.lastRun, 0);
  });

  test('knows nothing yet of worker and store, and wants to run', () => {
    const { state: _, ...others } = taken({});
    assert.deepEqual(others, {
      wanted: { kind: 'run' },
      worker: { kind: 'absent', notBefore: null, reason: null },
      store: { kind: 'works' },
      staleWorker: null,
      endAsked: null,
      passes: { goal: 2, done: 0, isFailing: false, lastFailed: false },
      fence: 3,
      printed: '',
    });
  });

  test('goes on where the last one was', () => {
    const { state } = taken({ lastRun: 8, pass: toPassNumber(4), taskIndex: 1, streaks: { task2: 3 } });
    assert.deepEqual([state.lastRun, state.pass, state.taskIndex, state.streaks], [8, 4, 1, { task2: 3 }]);
  });

  test('goes on with the same task where the configuration has it elsewhere now', () => {
    const { state } = taken({ taskIndex: 0, nextTask: 'task2' });
    assert.deepEqual([state.taskIndex, state.nextTask], [1, 'task2']);
  });

  test('forgets what it knows of tasks that are gone', () => {
    const { state } = taken({ streaks: { task2: 3, gone: 1 }, usualMs: { gone: 5, task1: 7 } });
    assert.deepEqual([state.streaks, state.usualMs], [{ task2: 3 }, { task1: 7 }]);
  });

  test('keeps the end of a cooldown of this boot', () => {
    assert.deepEqual(taken({ cooldown: waitUntil(9_500) }).state.cooldown, waitUntil(9_500));
  });

  test('brings a cooldown from before a reboot into this boot', () => {
    assert.deepEqual(taken({ cooldown: waitUntil(8_400) }, rebooted).state.cooldown, {
      ...waitUntil(8_400),
      boot: 'boot-2',
      until: 500,
    });
  });

  test('takes a run in progress to be in progress since it began', () => {
    const run = runOf({ stage: { kind: 'running', since: momentAt(4_000) } });
    assert.deepEqual(takenRun(run), run);
  });

  test('takes a run in progress from before a reboot to be in progress, until the lock proves otherwise', () => {
    const run = takenRun({ stage: { kind: 'running', since: momentAt(4_000) } }, rebooted);
    assert.deepEqual(run?.stage, { kind: 'running', since: rebooted.now });
  });

  test('leaves a run as it is that has its outcome and left processes behind', () => {
    const run = runOf({ stage: { kind: 'left behind', since: momentAt(1), outcome: { kind: 'stopped' } } });
    assert.deepEqual(takenRun(run), run);
    assert.deepEqual(takenRun(run, rebooted), run);
  });

  // It may have started long after it was intended: a start is not stored.
  test('counts the timeout of a run whose start is not known from now, so that it is not cut short', () => {
    const run = takenRun({ stage: { kind: 'intended', at: momentAt(4_000) } });
    assert.deepEqual(run?.stage, { kind: 'running', since: momentAt(9_000) });
  });
});

test('a mute of an earlier term goes on for what is left of it, also over a reboot', () => {
  const mute = { since: momentAt(1_000), by: 'ada', until: waitUntil(8_400) };
  assert.deepEqual(taken({ mute }, rebooted).state.mute?.until, {
    ...waitUntil(8_400),
    boot: 'boot-2',
    until: 500,
  });
});

describe('a pause of an earlier term', () => {
  test('is over where to run the chain is to resume it', () => {
    assert.equal(taken({ pause: pauseOf(1_000) }).state.pause, null);
    assert.equal(taken({ pause: pauseOf(1_000, waitUntil(20_000)) }).state.pause, null);
  });

  for (const holds of ['kept', 'stop ends'] as const) {
    test(`goes on with "${holds}", without an end and with one`, () => {
      for (const pause of [pauseOf(1_000), pauseOf(1_000, waitUntil(9_300))])
        assert.deepEqual(taken({ pause }, hereAt(9_000), holds).state.pause, pause);
    });

    test(`ends with "${holds}" after what is left of it, also over a reboot`, () => {
      const pause = pauseOf(1_000, waitUntil(8_400));
      const facts = taken({ pause }, rebooted, holds);
      assert.equal(facts.state.pause?.until?.until, 500);
      assert.deepEqual(decide(facts, chainOf([{}, {}]), rebooted.now.monotonic), {
        kind: 'wait',
        until: 500,
        why: 'paused',
      });
    });

    test(`that ended meanwhile holds nothing back with "${holds}"`, () => {
      const facts = taken({ pause: pauseOf(1_000, waitUntil(9_000)) }, hereAt(9_000), holds);
      assert.equal(decide(facts, chainOf([{}, {}]), momentAt(9_000).monotonic).kind, 'intend run');
    });
  }
});

describe('a stop of an earlier term', () => {
  const stopped = { since: momentAt(10), by: 'ada' };
  const at = momentAt(9_000).monotonic;

  test('goes on with "kept": nothing begins', () => {
    const facts = taken({ stopped }, hereAt(9_000), 'kept');
    assert.deepEqual(facts.state.stopped, stopped);
    assert.deepEqual(facts.wanted, { kind: 'stop', since: at });
    assert.deepEqual(decide(facts, chainOf([{}, {}]), at), { kind: 'finish' });
  });

  test('lets the last run be proven over all the same', () => {
    const facts = taken({ stopped, run: runOf() }, hereAt(9_000), 'kept');
    const asked = { why: 'stop', step: 'asked', at, since: at, times: 1 } as const;
    const whileAsked: Facts = { ...facts, state: { ...facts.state, run: runOf({ ending: asked }) } };
    assert.deepEqual(decide(whileAsked, chainOf([{}, {}]), at), { kind: 'start worker' });
  });

  test('ends with the others, and the chain runs', () => {
    for (const holds of ['stop ends', 'both end'] as const) {
      const facts = taken({ stopped }, hereAt(9_000), holds);
      assert.deepEqual([facts.state.stopped, facts.wanted], [null, { kind: 'run' }]);
    }
  });

  test('does not take a pause along when it ends', () => {
    const facts = taken({ stopped, pause: pauseOf(1_000) }, hereAt(9_000), 'stop ends');
    assert.deepEqual(facts.state.pause, pauseOf(1_000));
  });
});

test('what was asked of the next run is kept, whatever becomes of pause and stop', () => {
  for (const holds of ['kept', 'stop ends', 'both end'] as const) {
    const { state } = taken({ isPoked: true, isSkippingNext: true }, hereAt(9_000), holds);
    assert.deepEqual([state.isPoked, state.isSkippingNext], [true, true]);
  }
});
