import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitsPattern } from './patterns.ts';

test('a pattern fits the whole text, with "*" for any text and "?" for any one character', () => {
  const cases: readonly [string, string, boolean][] = [
    ['web-*', 'web-1', true],
    ['web-*', 'a web-1', false],
    ['web-?', 'web-12', false],
    ['web-?', 'web-1', true],
    ['a.b', 'axb', false],
    ['**', '', true],
    ['*-db-*', 'eu-db-db-1', true],
    ['*-db', 'eu-db-1', false],
    ['*', '*', true],
    ['', 'a', false],
  ];
  for (const [pattern, text, expected] of cases) assert.equal(fitsPattern(pattern, text), expected, pattern);
});

test('it fits what the regular expression of the same meaning fits', () => {
  const textOf = (characters: readonly string[], maxLength: number): fc.Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom(...characters), maxLength });
  fc.assert(
    fc.property(textOf(['a', 'b', '*', '?'], 8), textOf(['a', 'b', '*'], 10), (pattern, text) => {
      const source = pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]');
      assert.equal(fitsPattern(pattern, text), new RegExp(`^${source}$`).test(text));
    }),
    { numRuns: 2_000 },
  );
});

test('a long pattern is no error, and many "*" take no time', () => {
  assert.equal(fitsPattern('a'.repeat(1_000_000), 'a'), false);
  assert.equal(fitsPattern('a*'.repeat(10_000), `${'a'.repeat(1_000)}b`), false);
  assert.equal(fitsPattern(`${'*a'.repeat(500)}b`, 'a'.repeat(1_000)), false);
});
