import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import { boot, runOf } from '../../test/support/chain-facts.ts';
import { identify } from '../processes/process-table.ts';
import { kill, processesOf, type Target } from './end-run.ts';

test('a process that has been given the id of a worker is not taken for it, nor killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'runner-end-'));
  const lockFile = join(folder, 'lock');
  closeSync(openSync(lockFile, 'w'));
  const stranger = spawn('sleep', ['30'], { detached: true, stdio: 'ignore' });
  const identity = identify(stranger.pid ?? 0, boot);
  assert.ok(identity !== null);
  const run = { ...runOf(), worker: { ...identity, startedTicks: '1' } };
  const target: Target = { chain: chainOf([{}]).name, run, boot, lockFile, withWorker: true, spared: null };
  assert.deepEqual(processesOf(target), []);
  kill(target);
  assert.equal(stranger.exitCode, null);
  kill({ ...target, run: { ...run, worker: identity } });
  const signal = await new Promise((resolve) => stranger.on('exit', (_, name) => resolve(name)));
  assert.equal(signal, 'SIGKILL', 'the worker itself, by its whole identity, is');
  rmSync(folder, { recursive: true });
});
