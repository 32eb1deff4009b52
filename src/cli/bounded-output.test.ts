import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { createBoundedOutput } from './bounded-output.ts';

test('a reader that stands still does not fill the memory, and is told how much it has missed', () => {
  let text = '';
  const waiting: (() => void)[] = [];
  const slow = new Writable({
    write(chunk, _, done) {
      text += String(chunk).slice(0, 20);
      waiting.push(done);
    },
  });
  const output = createBoundedOutput(slow, (pieces) => `${pieces} left out\n`);
  for (let index = 0; index < 1_000; index += 1) output.write('x'.repeat(100_000));
  assert.ok(slow.writableLength < 5_000_000, `${slow.writableLength} bytes wait`);
  // The reader goes on.
  for (let done = waiting.shift(); done !== undefined; done = waiting.shift()) done();
  output.write('next\n');
  assert.match(text, /9\d\d left out\n$/);
});

test('a reader that keeps up gets everything', () => {
  let text = '';
  const fast = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  const output = createBoundedOutput(fast, () => assert.fail());
  for (const piece of ['a', Buffer.from('b')]) output.write(piece);
  assert.equal(text, 'ab');
});
