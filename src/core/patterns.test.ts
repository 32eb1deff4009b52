import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsPattern } from './patterns.ts';

test('a pattern fits the whole text, with "*" for any text and "?" for any one character', () => {
  const cases: readonly [string, string, boolean][] = [
    ['web-*', 'web-1', true],
    ['web-*', 'a web-1', false],
    ['web-?', 'web-12', false],
    ['web-?', 'web-1', true],
    ['a.b', 'axb', false],
    ['**', '', true],
  ];
  for (const [pattern, text, expected] of cases) assert.equal(fitsPattern(pattern, text), expected, pattern);
});
