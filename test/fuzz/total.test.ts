import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesOf } from './fuzz.ts';

test('all families together have 100 000 cases', () => {
  assert.equal(
    Object.values(casesOf).reduce<number>((sum, cases) => sum + cases, 0),
    100_000,
  );
});
