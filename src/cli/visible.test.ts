import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visible } from './visible.ts';

test('what could do something to a terminal is shown by its number', () => {
  const cases: readonly [string, string][] = [
    ['\u001b[2Jgone', '\\x1b[2Jgone'],
    ['\u001b]52;c;aGk=\u0007', '\\x1b]52;c;aGk=\\x07'],
    ['one\rtwo\b', 'one\\x0dtwo\\x08'],
    ['\u009b31m', '\\x9b31m'],
    ['a\u202eb', 'a\\u202eb'],
    ['\u0000', '\\x00'],
  ];
  for (const [text, shown] of cases) assert.equal(visible(text), shown);
});

test('words, tabs and line ends stay', () => {
  for (const text of ['plain', 'tab\there', 'two\nlines', 'für 雪 🙂']) assert.equal(visible(text), text);
});
