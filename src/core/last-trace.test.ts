import assert from 'node:assert/strict';
import { test } from 'node:test';
import { causesOf, lastTrace } from './last-trace.ts';
import { plainLines } from './plain-text.ts';

const python = 'Traceback (most recent call last):\n  File "/srv/app/a.py", line 1, in a\nMyError: python\n';
const node = 'Error: node\n    at a (/srv/app/a.js:1:1)\n';
const ruby = "/srv/app/a.rb:1:in 'a': ruby (MyError)\n\tfrom /srv/app/b.rb:2:in 'b'\n";
const php =
  'PHP Fatal error:  php in /srv/app/a.php:1\nStack trace:\n#0 {main}\n  thrown in /srv/app/a.php on line 1\n';
const go = 'panic: go\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/app/a.go:1 +0x1\n';

function textOf(output: string): string | null {
  return lastTrace(plainLines(output))?.text ?? null;
}

test('of several traces the last one counts, whatever languages they are of', () => {
  assert.equal(textOf(`${python}${node}`), 'Error: node');
  assert.equal(textOf(`${node}${python}`), 'MyError: python');
  assert.equal(textOf(`${ruby}${php}`), 'Fatal error:  php');
  assert.equal(textOf(`${php}${ruby}`), 'MyError: ruby');
  assert.equal(textOf(`${node}${go}`), 'panic: go');
});

test('what is printed behind a trace does not hide it', () => {
  for (const [output, text] of [
    [python, 'MyError: python'],
    [node, 'Error: node'],
    [ruby, 'MyError: ruby'],
    [php, 'Fatal error:  php'],
  ] as const) {
    assert.equal(textOf(`${output}the end\n`), text);
  }
});

test('what only looks like the begin or the end of a trace is none', () => {
  assert.equal(textOf('  File "/srv/app/a.py", line 1, in a\n    a()\n'), null);
  assert.equal(textOf('    at a (/srv/app/a.js:1:1)\n'), null);
  assert.equal(textOf('panic: no room for 3 more\n'), null);
  assert.equal(textOf('all is well\n'), null);
});

test('the error of a message of several lines is its first line', () => {
  assert.equal(textOf('MyError: one\ntwo\nthree\n    at a (/srv/app/a.js:1:1)\n'), 'MyError: one');
  assert.equal(textOf('one\ntwo\n    at a (/srv/app/a.js:1:1)\n'), 'two');
});

test('an error of Ruby may have no class, and one of Rust no message', () => {
  assert.equal(textOf("/srv/app/a.rb:1:in 'a': unhandled exception\n"), 'unhandled exception');
  assert.equal(textOf("thread 'main' panicked at src/main.rs:1:2:\n"), 'panicked: ');
});

test('the causes of an error are named, or stand indented below it', () => {
  const trace = [
    '    at a',
    '  [cause]: Error: one',
    'Caused by: two',
    '    MyError: three',
    '  code: "E"',
    'x',
  ];
  assert.deepEqual(causesOf(trace), ['Error: one', 'two', 'MyError: three']);
});
