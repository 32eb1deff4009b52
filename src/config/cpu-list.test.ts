import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatCpus, parseCpus } from './cpu-list.ts';

test('a list of processors is read in any order, and written as the kernel does', () => {
  assert.equal(formatCpus(parseCpus('5, 0-2,1,3') ?? []), '0-3,5');
});

test('a list that is written is read as the same', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 300 }), { minLength: 1 }), (cpus) => {
      const rising = cpus.toSorted((one, other) => one - other);
      assert.deepEqual(parseCpus(formatCpus(rising)), rising);
    }),
  );
});

for (const text of ['', 'x', '-1', '3-1', '1,,2', '0x1', '99999', '0-', '1.5']) {
  test(`"${text}" is no list of processors`, () => assert.equal(parseCpus(text), null));
}
