import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneLine, plainLines, shorten } from './plain-text.ts';

test('lines are without colours, titles of windows, control characters and blanks at their end', () => {
  assert.deepEqual(plainLines('\u001b[1;31mred\u001b[0m \n\u001b]0;title\u0007a\u0000b\u001bM\r\n'), [
    'red',
    'ab',
  ]);
  assert.deepEqual(plainLines('a\u001b]8;;https://example.com\u001b\\b\u202ec'), ['abc']);
  assert.deepEqual(plainLines('\tindented'), ['\tindented']);
});

test('blank lines are left out', () => {
  assert.deepEqual(plainLines('\n\n a\n \t\nb\n'), [' a', 'b']);
  assert.deepEqual(plainLines(''), []);
});

test('of a line that was written over and over the last state counts', () => {
  assert.deepEqual(plainLines('10%\r20%\rdone\nnext\r'), ['done', 'next']);
});

test('a long line is cut', () => {
  assert.deepEqual(plainLines('x'.repeat(5_000)), ['x'.repeat(1_000)]);
});

test('a text of several lines becomes one', () => {
  assert.equal(oneLine('a\r\n\tb  c\n', 100), 'a b c');
  assert.equal(oneLine('', 100), '');
});

test('a text is shortened to a length, and no character is cut through', () => {
  assert.equal(shorten('four', 4), 'four');
  assert.equal(shorten('fives', 4), 'fiv…');
  assert.equal(shorten('ab😀d', 4), 'ab…');
});
