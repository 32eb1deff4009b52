import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import { boot, factsOf, momentAt, pauseOf, runOf, waitUntil } from '../../test/support/chain-facts.ts';
import type { Facts } from './facts.ts';
import { learn } from './learn.ts';
import type { Learned } from './learned.ts';
import { toPassNumber } from './units.ts';

const chain = chainOf([{ successMs: 5_000, failure: 9_000 }, { successMs: 70 }]);

function skipped(state: Partial<Facts['state']> = {}, passes: Partial<Facts['passes']> = {}): Learned {
  const facts = factsOf({
    state: { isSkippingNext: true, ...state },
    passes: { goal: null, done: 0, isFailing: false, lastFailed: false, ...passes },
  });
  return learn(facts, { kind: 'run skipped', at: momentAt(100), boot }, chain);
}

describe('a run that is left out', () => {
  test('is followed by the next task after its own cooldown, as if it had succeeded in no time', () => {
    const { state } = skipped().facts;
    assert.equal(state.taskIndex, 1);
    assert.deepEqual(state.cooldown, waitUntil(5_100, 5_000));
    assert.equal(state.run, null);
  });

  test('is one only: the wish is over, and so is a poke', () => {
    const { state } = skipped({ isPoked: true }).facts;
    assert.deepEqual([state.isSkippingNext, state.isPoked], [false, false]);
  });

  test('counts for nothing: neither for the streak, nor for the history, nor as the last run', () => {
    const before = { streaks: { task1: 2 }, lastRun: 4, usualMs: { task1: 9 } };
    const { state } = skipped(before).facts;
    assert.deepEqual([state.streaks, state.lastRun, state.usualMs], [{ task1: 2 }, 4, { task1: 9 }]);
    assert.equal(state.lastEnd, null);
  });

  test('is told with what comes next', () => {
    const next = { task: 'task2', pass: 1, cooldownMs: 5_000 };
    assert.deepEqual(skipped().told, [{ kind: 'run skipped', task: 'task1', next }]);
  });

  // A bug of the first days: nobody was told of the end of a pause when the run after it was left out.
  test('is told after the end of a pause that had ended by itself', () => {
    const { facts, told } = skipped({ pause: pauseOf(0, waitUntil(100)) });
    assert.equal(facts.state.pause, null);
    assert.deepEqual(told[0], { kind: 'resumed', by: null });
  });

  test('may be the last of its pass', () => {
    const { facts, told } = skipped({ taskIndex: 1, pass: toPassNumber(3) }, { isFailing: true });
    assert.deepEqual([facts.state.pass, facts.state.taskIndex], [4, 0]);
    assert.deepEqual(facts.passes, { goal: null, done: 1, isFailing: false, lastFailed: true });
    assert.deepEqual(told[1], { kind: 'pass ended', pass: 3, failed: true });
  });

  test('has no name and no cooldown where no configuration has its task', () => {
    const { facts, told } = skipped({ taskIndex: 5 });
    assert.equal(facts.state.cooldown, null);
    assert.ok(told[0]?.kind === 'run skipped' && told[0].task === '');
  });
});

describe('a chain whose definition has changed', () => {
  test('goes on with the same task, in a new worker, is told so, and keeps all else', () => {
    const facts = factsOf({
      state: {
        taskIndex: 1,
        nextTask: 'task2',
        cooldown: waitUntil(900),
        streaks: { task1: 2 },
        pause: pauseOf(0),
        isPoked: true,
        isSkippingNext: true,
        run: runOf({ stage: { kind: 'left behind', since: momentAt(5), outcome: { kind: 'succeeded' } } }),
      },
    });
    const changed = chainOf([{}, { name: 'new' }, { name: 'task2' }]);
    const learned = learn(facts, { kind: 'definition changed', at: momentAt(9), boot }, changed);
    assert.deepEqual(learned.facts, {
      ...facts,
      state: { ...facts.state, taskIndex: 2 },
      staleWorker: 'the configuration has changed',
    });
    assert.deepEqual(learned.told, [{ kind: 'definition changed' }]);
  });
});
