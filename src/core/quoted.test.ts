import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoted, shownName } from './quoted.ts';

test('a text that is shown stays on one line, is not endless, and ends where its quotes end', () => {
  assert.equal(quoted('5m'), '"5m"');
  assert.equal(quoted('a\n"b"\0'), String.raw`"a\n\"b\"\u0000"`);
  assert.equal(quoted('\ud800'), String.raw`"\ud800"`);
  assert.equal(quoted('a\u202eb\u200b'), String.raw`"a\u202eb\u200b"`);
  assert.equal(quoted('x'.repeat(1_000_000)), `"${'x'.repeat(59)}…"`);
});

test('a name that is plain needs no quotes', () => {
  assert.equal(shownName('web-1/a.b'), 'web-1/a.b');
  assert.equal(shownName('a b'), '"a b"');
  assert.equal(shownName('null'), '"null"');
  assert.equal(shownName(''), '""');
});
