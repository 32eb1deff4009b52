import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const module = fileURLToPath(new URL('shared-output.js', import.meta.url));

// Starts a process that has its output, and says on its standard error whether its own is still one that does not wait.
const script = `
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { withOutputs } from ${JSON.stringify(module)};
process.stdout.write('own ');
withOutputs([1], ([output]) => spawnSync('printf', ['other'], { stdio: ['ignore', output, 'ignore'] }));
const flags = parseInt(/^flags:\\s+(\\d+)/m.exec(readFileSync('/proc/self/fdinfo/1', 'utf8'))[1], 8);
console.error((flags & 0o4000) === 0 ? 'waits' : 'does not wait');
`;

test('a process that writes to the same pipe does not make this one wait for its reader', () => {
  const command = `"$0" --input-type=module -e "$1" | cat`;
  const { stdout, stderr } = spawnSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8' });
  assert.equal(stdout, 'own other');
  assert.equal(stderr.trim(), 'does not wait');
});
