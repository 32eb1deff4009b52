import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { chainOf } from '../../test/support/chain-definition.ts';
import type { OnFailure } from './definition.ts';
import type { Verdict } from './outcome.ts';
import { positionAfter, type Position } from './position.ts';
import { toPassNumber } from './units.ts';

const three = chainOf([{}, {}, {}]);

function at(pass: number, taskIndex: number): Position {
  return { pass: toPassNumber(pass), taskIndex };
}

const rows: readonly [string, Position, Verdict, OnFailure, Position][] = [
  ['a success leads to the next task', at(4, 0), 'success', 'continue', at(4, 1)],
  ['a success of the last task begins the next pass', at(4, 2), 'success', 'continue', at(5, 0)],
  ['a success goes on whatever should follow a failure', at(4, 0), 'success', 'pause', at(4, 1)],
  ['a failure leads to the next task', at(4, 0), 'failure', 'continue', at(4, 1)],
  ['a failure of the last task begins the next pass', at(4, 2), 'failure', 'continue', at(5, 0)],
  ['a failure with "retry" stays', at(4, 2), 'failure', 'retry', at(4, 2)],
  ['a failure with "pause" stays', at(4, 1), 'failure', 'pause', at(4, 1)],
  ['a failure with "restart" begins the next pass', at(4, 1), 'failure', 'restart', at(5, 0)],
  ['a run without a verdict is made again', at(4, 1), 'no verdict', 'restart', at(4, 1)],
];

describe('the position after a run', () => {
  for (const [name, position, verdict, onFailure, expected] of rows) {
    test(name, () => assert.deepEqual(positionAfter(position, { verdict, onFailure }, three), expected));
  }

  test('names a task of the chain and never an earlier pass', () => {
    const cases = fc.record({
      size: fc.integer({ min: 1, max: 5 }),
      index: fc.nat(4),
      verdict: fc.constantFrom<Verdict>('success', 'failure', 'no verdict'),
      onFailure: fc.constantFrom<OnFailure>('continue', 'retry', 'restart', 'pause'),
    });
    fc.assert(
      fc.property(cases, ({ size, index, verdict, onFailure }) => {
        const definition = chainOf(Array.from({ length: size }, () => ({})));
        const before = at(7, index % size);
        const after = positionAfter(before, { verdict, onFailure }, definition);
        assert.ok(after.taskIndex >= 0 && after.taskIndex < size);
        const isNewPass = after.pass === 8 && after.taskIndex === 0;
        assert.ok(isNewPass || (after.pass === 7 && after.taskIndex >= before.taskIndex));
      }),
    );
  });

  test('runs every task once in a pass when all goes well', () => {
    let position = at(1, 0);
    const seen: number[] = [];
    while (position.pass === 1) {
      seen.push(position.taskIndex);
      position = positionAfter(position, { verdict: 'success', onFailure: 'continue' }, three);
    }
    assert.deepEqual(seen, [0, 1, 2]);
  });
});
