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
    'mail.c:3:5: warning: error ahead',
    '2024-05-01 02:00:00 [INFO] error ahead',
  ]) {
    assert.equal(textOf(`error: one\n${noise}\n`), 'error: one', noise);
  }
});

test('a program may be called like a level of a log', () => {
  assert.equal(textOf('debug.sh: line 3: foo: not found\n'), 'debug.sh: line 3: foo: not found');
});

test('where all errors follow from another that was not printed, the first counts', () => {
  const npm = 'npm error Missing script: "send"\nnpm error\nnpm error To see a list, run: npm run\n';
  assert.equal(textOf(npm), 'npm error Missing script: "send"');
  assert.equal(
    textOf("make: *** No rule to make target 'send'.  Stop.\n"),
    "make: *** No rule to make target 'send'.  Stop.",
  );
  assert.equal(textOf('done, 0 errors\n'), null);
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
