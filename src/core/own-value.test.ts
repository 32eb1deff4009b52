import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownValue } from './own-value.ts';

test('a value is found under its name', () => assert.equal(ownValue({ task1: 3 }, 'task1'), 3));

test('there is none under a name that only every object has', () => {
  for (const name of ['task1', 'constructor', 'toString', '__proto__'])
    assert.equal(ownValue({}, name), undefined);
});
