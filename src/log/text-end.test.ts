import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { TestLogs } from '../../test/support/log-folder.ts';
import type { ChainLog } from './chain-log.ts';

const longestBytes = 8 * 1024;

/** A log in which something is already, and what a run writes behind it. */
function tailOf(t: TestContext, written: string | Buffer): string {
  const log = begun(t);
  const from = log.position();
  appendFileSync(log.path, written);
  return log.tail(from);
}

function begun(t: TestContext): ChainLog {
  const log = new TestLogs(t).open('mail');
  appendFileSync(log.path, 'an earlier run\n');
  return log;
}

test('the end of what a run wrote is all of it when it is short, and nothing of the run before', (t) => {
  assert.equal(tailOf(t, 'first\nlast\n'), 'first\nlast\n');
});

test('a run that wrote nothing has no end', (t) => {
  assert.equal(tailOf(t, ''), '');
});

test('of a long output the last 8 KiB are given', (t) => {
  const lines = Array.from({ length: 100_000 }, (_, index) => `line ${index}`).join('\n');
  assert.ok(lines.length > 1_000_000);
  assert.equal(tailOf(t, lines), lines.slice(-longestBytes));
});

test('a character that is cut at the begin is left out, however long it is', (t) => {
  for (const character of ['é', '€', '😀']) {
    const rest = 'x'.repeat(longestBytes - 1);
    assert.equal(tailOf(t, `${character}${rest}`), rest, character);
  }
});

test('a character that is cut at the end is left out', (t) => {
  for (const character of ['é', '€', '😀']) {
    assert.equal(tailOf(t, Buffer.from(`x${character}`).subarray(0, -1)), 'x', character);
  }
});

test('bytes that are no text do not hide the rest', (t) => {
  assert.equal(tailOf(t, Buffer.from([0x61, 0xff, 0x62, 0x0a])), 'a\ufffdb\n');
  assert.equal(tailOf(t, Buffer.alloc(longestBytes, 0x80)).length, longestBytes - 3);
});

test('what is left of a hole at the begin is passed over, and a whole one is told', (t) => {
  assert.equal(tailOf(t, Buffer.concat([Buffer.alloc(100_000), Buffer.from('end\n')])), 'end\n');
  const inside = Buffer.concat([Buffer.from('a\n'), Buffer.alloc(5_000), Buffer.from('end\n')]);
  assert.equal(tailOf(t, inside), 'a\n\n... 5000 bytes left out ...\nend\n');
  assert.equal(tailOf(t, Buffer.alloc(100_000)), '');
});

test('a hole that was punched into a log does not hide what came after it', (t) => {
  const log = begun(t);
  const from = log.position();
  appendFileSync(log.path, `${'x'.repeat(1_000_000)}\nlast words\n`);
  const { status } = spawnSync('fallocate', [
    '--punch-hole',
    '--offset',
    '4096',
    '--length',
    '995000',
    log.path,
  ]);
  assert.equal(status, 0);
  assert.match(log.tail(from), /^x+\nlast words\n$/);
});

test('a log that was set aside meanwhile gives nothing of the next one', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  const from = log.position();
  logs.fill(log, 'aside\n');
  appendFileSync(log.path, 'next\n');
  assert.equal(log.tail(from), '');
  assert.equal(log.tail({ generation: 2, offset: 0 }), 'next\n');
});

test('a log that its task has emptied is read from its start', (t) => {
  const log = begun(t);
  const from = log.position();
  truncateSync(log.path);
  appendFileSync(log.path, 'new\n');
  assert.equal(log.tail(from), 'new\n');
});

test('a log that somebody removes, or replaces by a file, a link, a pipe or a folder, gives nothing', (t) => {
  const log = begun(t);
  const from = { ...log.position(), offset: 0 };
  // While it is kept, no other file can get its inode.
  renameSync(log.path, `${log.path}.kept`);
  const replacements: readonly (() => unknown)[] = [
    () => undefined,
    () => writeFileSync(log.path, 'foreign\n'),
    () => symlinkSync('/etc/passwd', log.path),
    () => spawnSync('mkfifo', [log.path]),
    () => spawnSync('mkdir', [log.path]),
  ];
  for (const replace of replacements) {
    rmSync(log.path, { recursive: true, force: true });
    replace();
    assert.equal(log.tail(from), '', String(replace));
  }
});
