import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChainEvent } from './event.ts';
import type { Wanted } from './facts.ts';
import { learn } from './learn.ts';
import { toMonotonicMs } from './units.ts';
import { chainOf } from '../../test/support/chain-definition.ts';
import { factsOf, runOf } from '../../test/support/chain-facts.ts';

const chain = chainOf([{}]);

describe('stop asked', () => {
  const at = toMonotonicMs(7);
  const since = toMonotonicMs(3);
  const cases: readonly [string, Wanted, boolean, Wanted][] = [
    ['lets the run in progress end', { kind: 'run' }, false, { kind: 'stop', since: at }],
    ['again leaves the grace as it was', { kind: 'stop', since }, false, { kind: 'stop', since }],
    ['at once does not wait', { kind: 'run' }, true, { kind: 'stop now', waitsForStore: false }],
    ['at once ends a grace', { kind: 'stop', since }, true, { kind: 'stop now', waitsForStore: false }],
    [
      'again is no more patient than before',
      { kind: 'stop now', waitsForStore: false },
      false,
      { kind: 'stop now', waitsForStore: false },
    ],
  ];
  for (const [name, wanted, isNow, expected] of cases) {
    test(name, () => {
      const event: ChainEvent = { kind: 'asked', request: { kind: 'stop asked', at, isNow } };
      const { facts, told } = learn(factsOf({ wanted, state: { run: runOf() } }), event, chain);
      assert.deepEqual(facts.wanted, expected);
      assert.deepEqual(told, [{ kind: 'stop asked', isNow, run: runOf() }]);
    });
  }
});

describe('the store', () => {
  const failed: ChainEvent = { kind: 'store failed', reason: 'the disk is full', retryAt: toMonotonicMs(9) };
  const failing = learn(factsOf(), failed, chain).facts;

  test('that fails is told', () => {
    const { facts, told } = learn(factsOf(), failed, chain);
    assert.deepEqual(facts.store, { kind: 'fails', reason: 'the disk is full', retryAt: 9 });
    assert.deepEqual(told, [{ kind: 'store failed', reason: 'the disk is full' }]);
  });

  test('that fails again is told only for a new reason', () => {
    assert.deepEqual(learn(failing, failed, chain).told, []);
    assert.equal(learn(failing, { ...failed, reason: 'it is damaged' }, chain).told.length, 1);
  });

  test('that works again is told', () => {
    const { facts, told } = learn(failing, { kind: 'store worked' }, chain);
    assert.deepEqual([facts, told], [factsOf(), [{ kind: 'store works again' }]]);
  });

  test('that works as ever is not', () => {
    assert.deepEqual(learn(factsOf(), { kind: 'store worked' }, chain), { facts: factsOf(), told: [] });
  });
});
