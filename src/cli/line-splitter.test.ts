import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLineSplitter } from './line-splitter.ts';

test('lines are whole, however they come in pieces, and the last one needs no end', () => {
  const lines: string[] = [];
  const splitter = createLineSplitter((line) => lines.push(line));
  for (const piece of ['o', 'ne\ntw', 'o\n\nth', 'ree']) splitter.add(piece);
  assert.deepEqual(lines, ['one', 'two', '']);
  splitter.finish();
  splitter.finish();
  assert.deepEqual(lines, ['one', 'two', '', 'three']);
});

test('a line without an end comes in pieces and is not kept', () => {
  let [length, pieces] = [0, 0];
  const splitter = createLineSplitter((line) => {
    length += line.length;
    pieces += 1;
  });
  for (let index = 0; index < 1_000; index += 1) splitter.add('x'.repeat(10_000));
  splitter.add('\n');
  assert.equal(length, 10_000_000);
  assert.ok(pieces > 100, `in ${pieces} pieces`);
});
