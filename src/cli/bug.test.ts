import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { exitStatus } from './exit-status.ts';

const module = new URL('bug.js', import.meta.url).href;

function seenThrough(command: string): { readonly status: number | null; readonly stderr: string } {
  const code = `import { seeThrough } from ${JSON.stringify(module)}; seeThrough(${command});`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
}

test('a command that ends sets the status itself', () => {
  const { status, stderr } = seenThrough('Promise.resolve().then(() => { process.exitCode = 3; })');
  assert.deepEqual([status, stderr], [3, '']);
});

test('a command that waits for what never comes is a bug, no success', () => {
  const { status, stderr } = seenThrough('new Promise(() => undefined)');
  assert.equal(status, exitStatus.software);
  assert.match(stderr, /This is a bug of runner[^]*Nothing is left to wait for/);
});

test('an error that nobody expected is a bug', () => {
  const { status, stderr } = seenThrough('Promise.reject(new Error("of the disk"))');
  assert.equal(status, exitStatus.software);
  assert.match(stderr, /This is a bug of runner[^]*of the disk/);
});
