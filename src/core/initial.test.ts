import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import { hereAt, momentAt, pauseOf, runOf, waitUntil } from '../../test/support/chain-facts.ts';
import type { Here } from './cooldown.ts';
import type { ChainState, Facts, Run } from './facts.ts';
import { initialFacts, newChainState } from './initial.ts';
import { toFence, toPassNumber } from './units.ts';

const rebooted = hereAt(100, { boot: 'boot-2', wallMs: momentAt(8_000).wall });

function taken(stored: Partial<ChainState>, here: Here = hereAt(9_000)): Facts {
  return initialFacts({
    stored: { ...newChainState, ...stored },
    definition: chainOf([{}, {}]),
    here,
    fence: toFence(3),
    passGoal: 2,
    holds: 'both end',
  });
}

function takenRun(run: Partial<Run>, here?: Here): Run | null {
  return taken({ run: runOf(run) }, here).state.run;
}

describe('a runner that takes a chain', () => {
  test('begins with the first task of the first pass of a new chain', () => {
    assert.deepEqual(taken({}).state, newChainState);
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
    });
  });

  test('goes on where the last one was', () => {
    const { state } = taken({ lastRun: 8, pass: toPassNumber(4), taskIndex: 1, streaks: { task2: 3 } });
    assert.deepEqual([state.lastRun, state.pass, state.taskIndex, state.streaks], [8, 4, 1, { task2: 3 }]);
  });

  test('begins with the first task if the next one was taken out of the configuration', () => {
    assert.equal(taken({ taskIndex: 2 }).state.taskIndex, 0);
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

  test('resumes a paused chain', () => {
    assert.equal(taken({ pause: pauseOf(1_000) }).state.pause, null);
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
