import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('docs/command-line.md has the help of all commands and all exit statuses', () => {
  const script = fileURLToPath(new URL('../../../scripts/command-docs.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});
