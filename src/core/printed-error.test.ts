import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainLines } from './plain-text.ts';
import { printedError } from './printed-error.ts';

function textOf(output: string): string | null {
  return printedError(plainLines(output))?.text ?? null;
}

test('the last line that speaks of an error counts', () => {
  assert.equal(textOf('error: one\nsent 3 mails\nerror: two\nbye\n'), 'error: two');
  assert.equal(textOf('sent 3 mails\n'), null);
  assert.equal(textOf(''), null);
});

test('a line that says that there was none, or what follows from another, does not count', () => {
  for (const noise of [
    '0 errors',
    'done without errors',
    'make: *** [all] Error 2',
    'warning: error ahead',
  ]) {
    assert.equal(textOf(`error: one\n${noise}\n`), 'error: one', noise);
  }
});

test('an error counts before what was printed at most 30 lines behind it', () => {
  assert.equal(textOf(`error: one\n${'sent\n'.repeat(29)}`), 'error: one');
  assert.equal(textOf(`error: one\n${'sent\n'.repeat(30)}`), null);
});

test('a trace counts when at most 10 lines are behind it, even if these speak of errors', () => {
  const trace = 'Error: one\n    at a (/srv/app/a.js:1:1)\n';
  assert.equal(textOf(`${trace}${'error: two\n'.repeat(10)}`), 'Error: one');
  assert.equal(textOf(`${trace}${'error: two\n'.repeat(11)}`), 'error: two');
});

test('of an answer of a mail server in several lines the first counts', () => {
  assert.equal(textOf('sending\n550-5.7.1 no\n550-5.7.1 never\n550 5.7.1 bye\n'), '550-5.7.1 no');
  assert.equal(textOf('550 5.7.1 bye\n'), '550 5.7.1 bye');
});
