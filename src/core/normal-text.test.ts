import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readFailures } from '../../test/support/failure-corpus.ts';
import { normalText } from './normal-text.ts';

describe('what differs from one time to the next goes:', () => {
  const varying: readonly [string, string][] = [
    ['job 48151 of 12', 'job # of #'],
    ['job12 failed', 'job# failed'],
    ['balance -12.50', 'balance #'],
    ['ids 3, 4, 5 and 12', 'ids # and #'],
    ['commit 3f2a9c1 of deadbeef1', 'commit # of #'],
    ['at 0x7ffd5e8a and 0xdeadbeef', 'at # and #'],
    ['run 9f1c2b7e-0a4d-4c53-9d5e-2f6b1a7c8d90', 'run #'],
    ['key V1StGXR8_Z5jdHi6B-myT', 'key #'],
    ['at ::1, fe80::1%eth0 or [2001:db8::7]:443', 'at #, # or #'],
    ['at 10.0.0.7:5432', 'at #'],
    ['after 1h, 3m and 12.5 s', 'after #'],
    ['12 MB of 3.5GiB, 80%', '# of #'],
    ['at 12:30 PM', 'at #'],
    ['on 3 March 2024 12:30:00 UTC', 'on #'],
    ['on Tue Mar  5 12:30:00 2024', 'on #'],
    ['no "such name" and ‘no such’ “and so” on', "no '…' and '…' '…' on"],
    ["can't open 'a b'", "can't open '…'"],
    ['open /srv/app/a.txt or C:\\app\\a.txt or ~/a', 'open <path> or <path> or <path>'],
    ['from Anna <anna@example.com>', 'from Anna <mail>'],
    ['see https://a:b@example.com/v1/jobs/12?x=1#y', 'see https://example.com/v#/jobs/#'],
    ['GET /jobs/12/log?x=1 took 3 ms', 'GET /jobs/#/log took #'],
    ['column "total_2024" and module \'pg\'', 'column "total_#" and module \'pg\''],
  ];
  for (const [text, normal] of varying) {
    test(text, () => assert.equal(normalText(text), normal));
  }
});

describe('what names a failure stays:', () => {
  const telling: readonly string[] = [
    'exit status 2',
    'exited with code 137',
    'HTTP/1.1 503 Service Unavailable',
    'HTTP 429',
    'Error: 502 Bad Gateway',
    '451 4.7.1 try again',
    '550 No such user',
    'dsn=5.1.1',
    'SQLSTATE[42P01]: no table',
    'no table (SQLSTATE 42P01)',
    'ERROR: 42P01: no table',
    'ERROR 1045 (28000): no',
    'ORA-00942: no table',
    'curl: (7) no',
    '[Errno 111] Connection refused',
    'errno: -111',
    'connect ECONNREFUSED',
    'spawn E2BIG',
    'error TS2345: no',
    "code: '42P01'",
    'and/or, N/A',
    'std::bad_alloc',
  ];
  for (const text of telling) {
    test(text, () => assert.equal(normalText(text), text));
  }
});

test('a number that only looks like a code goes', () => {
  assert.equal(normalText('error 3 of 100'), 'error # of #');
  assert.equal(normalText('status 12345 rows'), 'status # rows');
});

test('at most 160 characters are given, of the first 1 000', () => {
  assert.equal(normalText('x '.repeat(2_000)), `${'x '.repeat(80).slice(0, 159)}…`);
  assert.equal(normalText(`"${'x'.repeat(900)}" yes ${' '.repeat(200)} no`), "'…' yes");
});

test('a text of the corpus that is normal already and quotes nothing stays as it is', () => {
  const groups = readFailures(new URL('../../../test/fixtures/failures/', import.meta.url));
  for (const { output } of groups.flatMap(({ failures }) => failures)) {
    for (const line of output.split('\n')) {
      const once = normalText(line);
      if (!once.includes('…')) assert.equal(normalText(once), once, line);
    }
  }
});

test('two texts that differ in numbers alone are the same', () => {
  const templates = fc.array(fc.constantFrom('order', 'user', 'failed', '#', '#', ':', '(#)', 'x=#'), {
    minLength: 1,
  });
  fc.assert(
    fc.property(templates, fc.nat(), fc.nat(), (parts, one, other) => {
      const withNumber = (value: number): string => parts.join(' ').replaceAll('#', String(value));
      assert.equal(normalText(withNumber(one)), normalText(withNumber(other)));
    }),
  );
});
