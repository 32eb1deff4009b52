import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';

const table = new URL('process-table.js', import.meta.url).href;

test('a process that is none is not signalled: its number means a whole process group', async () => {
  const nobody = { boot: 'b', namespace: readlinkSync('/proc/self/ns/pid'), pid: 0, startedTicks: '' };
  const code = `import { signalProcess } from '${table}';
    signalProcess(${JSON.stringify(nobody)}, 'b', 'SIGTERM');
    process.exit(7);`;
  // In a group of its own, which is what the number would mean there.
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { detached: true });
  assert.deepEqual(await once(child, 'exit'), [7, null], 'its exit status and its signal');
});
