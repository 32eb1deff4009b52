import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hasErrorCode } from '../../src/core/error-code.ts';

const script = fileURLToPath(new URL('../../../src/worker/worker.pl', import.meta.url));

test('the end of a run is in the journal before the runner can hear of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'runner-journal-'));
  const [fifo, journal] = [join(folder, 'messages'), join(folder, 'journal')];
  assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
  const messages = openSync(fifo, constants.O_RDWR);
  const files = [
    openSync(join(folder, 'log'), 'a'),
    openSync(journal, 'a'),
    openSync(join(folder, 'lock'), 'w'),
  ];
  const [log = 0, journalFile = 0, lock = 0] = files;
  const stdio: ('ignore' | 'pipe' | number)[] = Array.from({ length: 98 }, () => 'ignore');
  stdio.splice(1, 5, log, log, 'pipe', messages, journalFile);
  stdio[97] = lock;
  const worker = spawn('perl', [script, 'command'], { stdio, env: { RUNNER_SYSCALLS: '0 0 0' } });
  try {
    const requests = worker.stdio[3];
    assert.ok(requests !== null && requests !== undefined && 'write' in requests);
    requests.write('chain c wait\ntask 0 command /bin/true\nload\n');
    readUntil(messages, 'ready\n');
    fill(fifo);
    requests.write('run 1 0 1 1 true\n');
    await waitsToWrite(worker.pid ?? 0);
    assert.match(readFileSync(journal, 'utf8'), /^began 1 .*\nended 1 .* succeeded\n$/);
  } finally {
    worker.kill('SIGKILL');
    for (const descriptor of [messages, ...files]) closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
});

function readUntil(descriptor: number, end: string): void {
  const buffer = Buffer.alloc(4_096);
  let heard = '';
  while (!heard.endsWith(end)) heard += buffer.toString('utf8', 0, readSync(descriptor, buffer));
}

/** Nobody reads from it: whoever writes then has to wait. */
function fill(fifo: string): void {
  const descriptor = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(4_096));
  } catch (error) {
    if (!hasErrorCode(error, 'EAGAIN')) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Resolves when the process is in a call of the system whose first argument is descriptor 4. */
async function waitsToWrite(pid: number): Promise<void> {
  // There is no event for that.
  while (!/^\d+ 0x4 /.test(readFileSync(`/proc/${pid}/syscall`, 'utf8')))
    await new Promise((resolve) => setTimeout(resolve, 10));
}
