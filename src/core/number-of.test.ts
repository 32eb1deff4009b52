import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberOf } from './number-of.ts';

test('a number is found under its name', () => assert.equal(numberOf({ task1: 3 }, 'task1'), 3));

test('there is none under a name that only every object has', () => {
  for (const name of ['task1', 'constructor', 'toString', '__proto__'])
    assert.equal(numberOf({}, name), undefined);
});
