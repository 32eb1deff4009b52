import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { corpusDirectory, readFailures } from '../../test/support/failure-corpus.ts';
import { kindOf, type FailureKind, type FailureSeen } from './failure-kind.ts';
import type { Outcome } from './outcome.ts';
import { toDurationMs } from './units.ts';

const groups = readFailures(new URL('../../../test/fixtures/failures/', import.meta.url));

function keysOf(failures: readonly FailureSeen[]): readonly string[] {
  return [...new Set(failures.map((failure) => kindOf(failure).key))];
}

function exitedWith(output: string): FailureKind {
  return kindOf({ outcome: { kind: 'exited', exitCode: 1 }, output, directory: corpusDirectory });
}

function thrown(message: string, output = ''): FailureKind {
  const error = { name: 'Error', message, stack: '' };
  return kindOf({ outcome: { kind: 'threw', error }, output, directory: corpusDirectory });
}

test('the corpus is large enough to prove something', () => {
  const count = groups.flatMap(({ failures }) => failures).length;
  assert.ok(count >= 220, `${count} failures`);
  assert.deepEqual(
    groups.filter(({ failures }) => failures.length < 2),
    [],
    'a group of one proves nothing',
  );
});

describe('failures are of one kind:', () => {
  for (const { name, failures } of groups) {
    test(name, () => {
      const keys = keysOf(failures);
      assert.equal(keys.length, 1, keys.join('\n'));
    });
  }
});

test('failures of different groups of the corpus are of different kinds, in all pairs', () => {
  const groupOf = new Map<string, string>();
  const together: string[] = [];
  for (const { name, failures } of groups) {
    for (const key of keysOf(failures)) {
      const other = groupOf.get(key);
      if (other !== undefined) together.push(`"${name}" and "${other}" are both: ${key}`);
      groupOf.set(key, name);
    }
  }
  assert.deepEqual(together, []);
});

describe('the title of a failure is what a person would write:', () => {
  const titles: readonly [string, Outcome, string, string][] = [
    [
      'the error line of a program',
      { kind: 'exited', exitCode: 1 },
      'cp: no such file\n',
      'cp: no such file',
    ],
    [
      'the status where it says no word of an error',
      { kind: 'exited', exitCode: 1 },
      'a\nb\n',
      'exit status 1: b',
    ],
    ['the status alone', { kind: 'exited', exitCode: 3 }, '', 'exit status 3'],
    ['the signal', { kind: 'killed', signal: 'SIGKILL' }, 'fatal error', 'killed by SIGKILL'],
    ['the signal of a crash', { kind: 'killed', signal: 'SIGSEGV' }, '', 'killed by SIGSEGV'],
    ['the timeout', { kind: 'timed out', timeoutMs: toDurationMs(90_000) }, 'x', 'timed out after 1m30s'],
    ['the reason', { kind: 'not started', reason: 'no such user' }, '', 'not started: no such user'],
    ['what is no failure, too', { kind: 'stopped' }, '', 'stopped'],
    ['what is no failure and has a reason', { kind: 'withdrawn', reason: 'stop' }, '', 'withdrawn: stop'],
    ['a success', { kind: 'succeeded' }, '', 'succeeded'],
  ];
  for (const [name, outcome, output, title] of titles) {
    test(name, () => {
      assert.equal(kindOf({ outcome, output, directory: corpusDirectory }).title, title);
    });
  }

  test('without the moment in front of it', () => {
    assert.equal(exitedWith('2024-05-01 02:00:00,123 ERROR no route\n').title, 'ERROR no route');
    assert.equal(exitedWith('[2024-05-01T02:00:00.1Z] ERROR no route\n').title, 'ERROR no route');
  });

  test('without colours and control characters, in one line', () => {
    const { title } = exitedWith('\u001b[31merror:\u001b[0m a\u0007b\u202ec \u001b]0;x\u0007d\n');
    assert.equal(title, 'error: abc d');
    assert.equal(thrown('first\nsecond').title, 'Error: first');
    assert.equal(thrown('').title, 'Error');
  });

  test('of at most 160 characters, and no half ones', () => {
    const { title } = thrown(`${'x'.repeat(151)}😀😀`);
    assert.equal(title, `Error: ${'x'.repeat(151)}…`);
  });
});

test('a long key is cut, and still differs by what was cut off', () => {
  const trace = (line: number): string =>
    `Traceback (most recent call last):\n${[1, 2, 3].map((one) => `  File "${'folder/'.repeat(20)}${one}.py", line ${line}`).join('\n')}\nE: ${'x '.repeat(200)}`;
  const [one, same, other] = [exitedWith(trace(1)), exitedWith(trace(1)), exitedWith(trace(2))];
  assert.equal(one.key.length, 300);
  assert.equal(one.key, same.key);
  assert.notEqual(one.key, other.key);
});

test('a cause that was printed counts only below the error that was thrown', () => {
  const printed =
    'Error: other\n    at x (/srv/app/a.ts:1:1) {\n  [cause]: Error: reason\n      at y (/srv/app/b.ts:1:1)\n}\n';
  assert.equal(thrown('mine', printed).key, 'Error: mine');
  assert.equal(thrown('other', printed).key, 'Error: other | caused by Error: reason');
});

test('a cause that the stack itself names counts', () => {
  const stack = 'Error: outer\n    at a (/srv/app/a.js:1:1)\nCaused by: Error: inner 12\n';
  const outcome: Outcome = { kind: 'threw', error: { name: 'Error', message: 'outer', stack } };
  const { key } = kindOf({ outcome, output: '', directory: corpusDirectory });
  assert.equal(key, 'Error: outer | caused by Error: inner # | a.js:1');
});

const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ kind: fc.constant('exited' as const), exitCode: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant('killed' as const), signal: fc.constantFrom('SIGKILL', 'SIGSEGV') }),
  fc.record({ kind: fc.constant('not started' as const), reason: fc.string({ unit: 'binary' }) }),
  fc.record({
    kind: fc.constant('threw' as const),
    error: fc.record({ name: fc.string(), message: fc.string({ unit: 'binary' }), stack: fc.string() }),
  }),
);

// Words of real outputs put together at random come further into the rules than random letters.
const words = fc.constantFrom(
  ...groups.flatMap(({ failures }) => failures.flatMap(({ output }) => output.split(/(?<=\s)/))),
);
const outputs = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 500 }),
  fc.array(words, { maxLength: 100 }).map((some) => some.join('')),
);

test('every failure has a kind that is the same each time, whatever was printed', () => {
  fc.assert(
    fc.property(outcomes, outputs, fc.string({ unit: 'binary' }), (outcome, output, directory) => {
      const { key, title } = kindOf({ outcome, output, directory });
      assert.ok(key.length <= 300 && title.length <= 160);
      assert.doesNotMatch(title, /\p{Cc}/u);
      assert.deepEqual(kindOf({ outcome, output, directory }), { key, title });
    }),
  );
});

// Each of these would keep a pattern that tries all ways of dividing a text busy for hours.
const letters =
  'a 1 / . : - _ " \' ` ( < [ { @ # \\ % = , x ‘ “ « 😀 a. 1. 1: a@ a- 1-1 :: ./ /a :// [" (( \'a %2 a0b1';
const withBlanks =
  '\t|\r|\u001b|\u001b[|\u001b]| |at |at /| at /a:1|in /a|File "| line 1|1 s, |1, |Error: |Error|Jan 1 |status: |"a" |💥\ud83d|#1 /a(|a:1:in \'|panicked at \'|Caused by: |https://a|(node:1) |[cause]: ';
const hostile = [letters.split(' '), withBlanks.split('|')].flat().flatMap((unit) => [unit, `${unit}\n`]);

test('64 KiB of anything have a kind at once', () => {
  for (const unit of hostile) {
    const text = unit.repeat(Math.ceil(65_536 / unit.length)).slice(0, 65_536);
    for (const output of [text, `Error: x\n    at ${text}`, `x ${text}\n    at x (/srv/app/x.js:1:1)`]) {
      assert.ok(exitedWith(output).key.length <= 300);
      const error = { name: output, message: output, stack: output };
      assert.ok(kindOf({ outcome: { kind: 'threw', error }, output, directory: text }).key.length <= 300);
    }
  }
});
