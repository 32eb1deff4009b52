import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import { runOf } from '../../test/support/chain-facts.ts';
import type { ChainState } from './facts.ts';
import { newChainState } from './initial.ts';
import { nextTaskAt, stateBy } from './next-task.ts';

function stateWith(changed: Partial<ChainState>, names: string): ChainState {
  const tasks = names.split(' ').map((name) => ({ name }));
  return stateBy({ ...newChainState, ...changed }, chainOf(tasks));
}

describe('a chain that goes on by another configuration', () => {
  const cases: readonly [string, number, string | null, string, number][] = [
    ['where it was, if nothing moved', 1, 'b', 'a b c', 1],
    ['with the same task, which moved back', 1, 'b', 'x a b c', 2],
    ['with the same task, which moved forth', 2, 'c', 'c', 0],
    ['with the first task, if its own is gone', 1, 'b', 'a c', 0],
    ['where it was, also among tasks of one name', 2, 'a', 'a b a c', 2],
    ['with the first of its name, if another one has its place', 2, 'a', 'x a b a', 1],
    ['at the place that an old state has without a name', 1, null, 'x y', 1],
    ['with the first task, if an old state has a place that is gone', 2, null, 'x y', 0],
  ];
  for (const [name, taskIndex, nextTask, names, place] of cases) {
    test(`goes on ${name}`, () => {
      const after = stateWith({ taskIndex, nextTask }, names);
      assert.deepEqual([after.taskIndex, after.nextTask], [place, names.split(' ')[place]]);
    });
  }

  test('keeps what it knows of its tasks, and of the run that has yet to end, and nothing else', () => {
    const known = { a: 1, gone: 2, constructor: 3, busy: 4 };
    const run = runOf({ task: 'busy' });
    const after = stateWith({ streaks: known, usualMs: known, run }, 'a b');
    assert.deepEqual(
      [after.streaks, after.usualMs],
      [
        { a: 1, busy: 4 },
        { a: 1, busy: 4 },
      ],
    );
    assert.deepEqual(stateWith({ streaks: known }, 'a b').streaks, { a: 1 });
  });

  test('is the same where nothing changed', () => {
    const state = { ...newChainState, taskIndex: 1, nextTask: 'b', streaks: { a: 1 }, usualMs: { b: 2 } };
    assert.deepEqual(stateWith(state, 'a b'), state);
  });
});

test('a place that no configuration has is of no task', () => {
  assert.deepEqual(nextTaskAt(3, chainOf([{}])), { taskIndex: 3, nextTask: null });
});
