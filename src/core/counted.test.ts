import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted } from './counted.ts';

test('things are counted in words', () => {
  const said = [counted(0, 'run'), counted(1, 'run'), counted(2, 'run'), counted(2, 'process', 'processes')];
  assert.deepEqual(said, ['0 runs', '1 run', '2 runs', '2 processes']);
});
