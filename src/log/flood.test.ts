import assert from 'node:assert/strict';
import { appendFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestLogs } from '../../test/support/log-folder.ts';
import { createFloodWatch, type WatchedLog } from './flood.ts';

function logAt(path: string, limitBytes = 100_000): WatchedLog {
  return { path, limitBytes, punchedTo: 0 };
}

test('a thousand short runs take one timer, which ends when none is in progress', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const begin = t.mock.method(globalThis, 'setInterval');
  const end = t.mock.method(globalThis, 'clearInterval');
  const watch = createFloodWatch();
  for (let run = 0; run < 1_000; run += 1) {
    const log = logAt('/nowhere');
    watch.watch(log);
    watch.unwatch(log);
  }
  assert.deepEqual([begin.mock.callCount(), end.mock.callCount()], [1, 0]);
  t.mock.timers.tick(250);
  assert.equal(end.mock.callCount(), 1);
  watch.watch(logAt('/nowhere'));
  t.mock.timers.tick(1_000);
  assert.deepEqual([begin.mock.callCount(), end.mock.callCount()], [2, 1]);
});

test('a log that grows beyond twice its limit loses its middle, again and again', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const logs = new TestLogs(t);
  const path = join(logs.path, 'mail.log');
  const watch = createFloodWatch();
  watch.watch(logAt(path));
  const blocks = (): number => statSync(path).blocks * 512;
  for (let round = 0; round < 3; round += 1) {
    appendFileSync(path, 'x'.repeat(1_000_000));
    t.mock.timers.tick(250);
    await logs.until(() => blocks() < 200_000);
  }
  assert.equal(statSync(path).size, 3_000_000);
  truncateSync(path, 0);
  t.mock.timers.tick(250);
  appendFileSync(path, 'x'.repeat(1_000_000));
  t.mock.timers.tick(250);
  await logs.until(() => blocks() < 200_000);
});

test('with more logs than are looked at in one turn, each has its turn', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const logs = new TestLogs(t);
  const watch = createFloodWatch();
  const path = join(logs.path, 'last.log');
  for (let index = 0; index < 1_200; index += 1) watch.watch(logAt(`/nowhere/${index}`));
  watch.watch(logAt(path));
  appendFileSync(path, 'x'.repeat(1_000_000));
  for (let turn = 0; turn < 3; turn += 1) t.mock.timers.tick(250);
  await logs.until(() => statSync(path).blocks * 512 < 200_000);
});
