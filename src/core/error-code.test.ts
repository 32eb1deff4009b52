import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasErrorCode } from './error-code.ts';

const missing = Object.assign(new Error('not there'), { code: 'ENOENT' });

test('an error has its code, among others that are asked for', () => {
  assert.ok(hasErrorCode(missing, 'ENOENT'));
  assert.ok(hasErrorCode(missing, 'ESRCH', 'ENOENT'));
});

test('it has no other, and what is no error or has no code has none', () => {
  assert.ok(!hasErrorCode(missing, 'ESRCH'));
  assert.ok(!hasErrorCode(missing));
  for (const other of [new Error('ENOENT'), { code: 'ENOENT' }, 'ENOENT', null, undefined]) {
    assert.ok(!hasErrorCode(other, 'ENOENT'));
  }
});
