import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toDurationMs, type DurationMs } from './units.ts';
import { usualAfter } from './usual.ts';

function success(durationMs: number): { verdict: 'success'; durationMs: DurationMs } {
  return { verdict: 'success', durationMs: toDurationMs(durationMs) };
}

function after(lengths: readonly number[]): number | undefined {
  let usualMs: Readonly<Record<string, number>> = {};
  for (const length of lengths) usualMs = usualAfter(usualMs, 'task1', success(length));
  return usualMs['task1'];
}

describe('the usual length of a task', () => {
  test('is that of its first run, as long as there is no other', () => assert.equal(after([700]), 700));

  test('goes a fifth of the way to each further one', () => {
    assert.equal(after([1_000, 2_000]), 1_200);
    assert.equal(after([1_000, 2_000, 0]), 960);
  });

  test('comes near to what runs take lately, whatever they took before', () => {
    const usual = after([60_000, ...Array.from({ length: 60 }, () => 10)]) ?? 0;
    assert.ok(usual < 11 && usual >= 10, `${usual}`);
  });

  test('is kept by each task for itself', () => {
    assert.deepEqual(usualAfter({ task1: 5 }, 'task2', success(7)), { task1: 5, task2: 7 });
  });

  test('does not heed runs that failed, that nobody let finish, or that nobody measured', () => {
    const usualMs = { task1: 5 };
    const durationMs = toDurationMs(900);
    for (const verdict of ['failure', 'no verdict'] as const)
      assert.equal(usualAfter(usualMs, 'task1', { verdict, durationMs }), usualMs);
    assert.equal(usualAfter(usualMs, 'task1', { verdict: 'success', durationMs: null }), usualMs);
  });

  test('is the same value where nothing changes', () => {
    const usualMs = { task1: 5 };
    assert.equal(usualAfter(usualMs, 'task1', success(5)), usualMs);
  });

  test('is a number also for a task that is called like something every object has', () => {
    assert.deepEqual(usualAfter({}, 'constructor', success(7)), { constructor: 7 });
  });
});
