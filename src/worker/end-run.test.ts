import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import { boot, runOf } from '../../test/support/chain-facts.ts';
import { identify, readBelow } from '../processes/process-table.ts';
import { syscallWords } from '../processes/syscalls.ts';
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

test('a process that forks and ends all the time is caught', async () => {
  const storm = `syscall ${syscallWords().split(' ', 1).join()}, 36, 1, 0, 0, 0;
    if (!fork) { $| = 1; print "begun"; while (1) { fork and exit } }
    $SIG{CHLD} = "IGNORE";
    sleep 300`;
  const parent = spawn('perl', ['-e', storm]);
  const worker = identify(parent.pid ?? 0, boot);
  assert.ok(worker !== null);
  await once(parent.stdout, 'data');
  const lockFile = join(tmpdir(), 'no-such-lock');
  const run = { ...runOf(), worker };
  kill({ chain: chainOf([{}]).name, run, boot, lockFile, withWorker: false, spared: null });
  assert.deepEqual(readBelow(worker.pid), []);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
});

test('of what is left in the session of a dead worker only what carries the mark of its chain is taken for its own', async () => {
  const { name } = chainOf([{}]);
  for (const [mark, expected] of [
    ['another', 0],
    [String(name), 1],
  ] as const) {
    const leader = spawn('sh', ['-c', 'sleep 30 & echo $!; read line'], {
      detached: true,
      env: { PATH: process.env['PATH'], RUNNER_CHAIN: mark },
    });
    const left = Number(await new Promise((resolve) => leader.stdout.once('data', resolve)));
    const worker = identify(leader.pid ?? 0, boot);
    assert.ok(worker !== null && left > 1);
    const ended = new Promise((resolve) => leader.once('exit', resolve));
    leader.kill('SIGKILL');
    await ended;
    const run = { ...runOf(), worker };
    const lockFile = join(tmpdir(), 'no-such-lock');
    const found = processesOf({ chain: name, run, boot, lockFile, withWorker: true, spared: null });
    process.kill(left, 'SIGKILL');
    assert.deepEqual([mark, found.length], [mark, expected]);
  }
});
