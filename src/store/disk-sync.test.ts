import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DiskSync } from './disk-sync.ts';

/** A disk that is done when the test says so. */
class Disk {
  syncs = 0;
  #done: ((error: Error | null) => void) | null = null;
  #started: (() => void) | null = null;

  readonly sync: DiskSync = new DiskSync(fileURLToPath(import.meta.url), {
    restMs: 0,
    syncFile: (_, done) => {
      this.syncs += 1;
      this.#done = done;
      this.#started?.();
    },
  });

  finish(error: Error | null = null): void {
    this.#done?.(error);
  }

  async started(): Promise<void> {
    // The rest between two of them is over without anybody's doing.
    const keepAlive = setInterval(() => undefined, 1_000);
    await new Promise<void>((resolve) => (this.#started = resolve));
    clearInterval(keepAlive);
  }
}

test('the first commit goes to the disk at once, and those of meanwhile together after it', async () => {
  const disk = new Disk();
  disk.sync.committed();
  assert.equal(disk.syncs, 1);
  disk.sync.committed();
  disk.sync.committed();
  assert.equal(disk.syncs, 1);
  const second = disk.started();
  disk.finish();
  await second;
  assert.equal(disk.syncs, 2);
});

test('without a commit nothing goes to the disk', async () => {
  const disk = new Disk();
  disk.sync.committed();
  disk.finish();
  await nextTurn();
  await nextTurn();
  assert.equal(disk.syncs, 1);
});

test('a failure is told once', () => {
  const disk = new Disk();
  disk.sync.committed();
  disk.finish(new Error('EIO'));
  assert.equal(disk.sync.takeFailure()?.message, 'EIO');
  assert.equal(disk.sync.takeFailure(), null);
});

test('a file system without a write-ahead log is noticed', () => {
  const options = { restMs: 0, syncFile: () => undefined };
  assert.equal(new DiskSync('/nowhere/state.db-wal', options).isPossible, false);
});
