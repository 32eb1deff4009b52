import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visible, visibleLine } from './visible.ts';

test('what could do something to a terminal is shown by its number', () => {
  const cases: readonly [string, string][] = [
    ['\u001b[2Jgone', '\\x1b[2Jgone'],
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['\u001b]52;c;aGk=\u0007', '\\x1b]52;c;aGk=\\x07'],
    ['\u001bP$q"p\u001b\\', '\\x1bP$q"p\\x1b\\'],
    ['\u001b_application\u001b\\', '\\x1b_application\\x1b\\'],
    ['one\rtwo\b', 'one\\x0dtwo\\x08'],
    ['\u009b31m', '\\x9b31m'],
    ['\u0090dcs\u009c', '\\x90dcs\\x9c'],
    ['next\u0085line', 'next\\x85line'],
    ['a\u202eb', 'a\\u202eb'],
    ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['a\u061cb', 'a\\u061cb'],
    ['\u0000\u007f', '\\x00\\x7f'],
  ];
  for (const [text, shown] of cases) assert.equal(visible(text), shown);
});

test('no character stays that a terminal obeys, of all that there are', () => {
  // C0 but tab and line feed, DEL, C1, and what changes the direction of writing or ends a line.
  const obeyed = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
  for (let code = 0; code <= 0xffff; code += 1) {
    assert.doesNotMatch(visible(String.fromCharCode(code)), obeyed, code.toString(16));
  }
});

test('words, tabs and line ends stay', () => {
  for (const text of ['plain', 'tab\there', 'two\nlines', 'für 雪 🙂']) assert.equal(visible(text), text);
});

test('what has to be one line cannot pretend to be two', () => {
  assert.equal(
    visibleLine('echo a\n03:26:44 mail  run 7 succeeded\r\n'),
    'echo a\\x0a03:26:44 mail  run 7 succeeded\\x0d\\x0a',
  );
});
