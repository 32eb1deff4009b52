import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { TestLogs } from '../../test/support/log-folder.ts';
import { createCompressor } from './compress.ts';

const compressing = { isCompressed: true };

/** Text that gzip cannot make much smaller. */
function noise(bytes: number): string {
  let state = 1;
  return Array.from({ length: bytes }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode(33 + (state % 90));
  }).join('');
}

function inPath(path: string, work: () => void): void {
  const before = process.env['PATH'];
  process.env['PATH'] = path;
  work();
  process.env['PATH'] = before;
}

function unzipped(logs: TestLogs, name: string): string {
  return gunzipSync(readFileSync(join(logs.path, name))).toString();
}

test('of the files set aside so many are kept as is wished, the newest, whatever was kept before', async (t) => {
  const logs = new TestLogs(t);
  const many = logs.open('mail', { filesKept: 10 });
  for (let index = 1; index <= 9; index += 1) logs.fill(many, `${index}`);
  logs.fill(logs.open('mail', { filesKept: 2 }), '10');
  await logs.until(() => logs.names.length === 4);
  assert.deepEqual(logs.names, ['mail.generation', 'mail.log', 'mail.log.10', 'mail.log.9']);
  logs.fill(logs.open('mail', { filesKept: 0 }), '11');
  await logs.until(() => logs.names.length === 2);
});

test('what was set aside is compressed, keeps its time and its mode, and only then the original goes', async (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail', compressing);
  writeFileSync(log.path, 'hello\n');
  utimesSync(log.path, 1_000, 1_000);
  log.rotate(logs.clock.now());
  await logs.until(() => !logs.has('mail.log.1'));
  assert.equal(unzipped(logs, 'mail.log.1.gz'), 'hello\n');
  const { mtimeMs, mode } = statSync(join(logs.path, 'mail.log.1.gz'));
  assert.deepEqual([mtimeMs, mode & 0o777], [1_000_000, 0o600]);
  assert.deepEqual(logs.names, ['mail.generation', 'mail.log', 'mail.log.1.gz']);
});

test('what a runner that ended has left uncompressed is compressed when the chain begins again', async (t) => {
  const logs = new TestLogs(t);
  for (const chain of ['mail', 'plain']) {
    const log = logs.open(chain);
    for (const text of ['one', 'two']) logs.fill(log, text);
  }
  logs.restart();
  logs.open('plain');
  logs.open('mail', compressing);
  await logs.until(() => !logs.has('mail.log.1') && !logs.has('mail.log.2'));
  assert.equal(unzipped(logs, 'mail.log.1.gz'), 'one');
  assert.equal(unzipped(logs, 'mail.log.2.gz'), 'two');
  assert.deepEqual([logs.has('plain.log.1'), logs.has('plain.log.1.gz')], [true, false]);
});

test('a compression that a crash has interrupted at any step is made good by the next one', async (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  for (const text of ['one', 'two']) logs.fill(log, text);
  writeFileSync(join(logs.path, 'mail.log.1.99.gz.tmp'), 'half');
  writeFileSync(join(logs.path, 'mail.log.2.gz'), 'as good as the original, which is still there');
  logs.fill(logs.open('mail', compressing), 'three');
  await logs.until(() => logs.names.filter((name) => name.endsWith('.gz')).length === 3);
  await logs.until(() => !logs.has('mail.log.3') && !logs.has('mail.log.2'));
  const texts = [1, 2, 3].map((generation) => unzipped(logs, `mail.log.${generation}.gz`));
  assert.deepEqual(texts, ['one', 'two', 'three']);
  assert.equal(logs.names.length, 5);
});

test('what is left of a compression that nobody goes on with is removed after an hour', async (t) => {
  const logs = new TestLogs(t);
  const [old, young] = ['gone.log.1.99.gz.tmp', 'new.log.1.99.gz.tmp'];
  for (const name of [old, young]) writeFileSync(join(logs.path, name), 'half');
  utimesSync(join(logs.path, old), 1_000, 1_000);
  logs.fill(logs.open('mail'), 'x');
  await logs.until(() => !logs.has(old));
  assert.ok(logs.has(young));
});

/** Compresses a file with a script in the place of gzip. */
function compressBy(path: string, script: string): void {
  const programs = mkdtempSync(join(dirname(path), 'programs-'));
  writeFileSync(join(programs, 'gzip'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  inPath(`${programs}:/usr/bin:/bin`, () => createCompressor().add(path));
}

test('without gzip, or without any program, a file stays as it is, until there is one', async (t) => {
  const logs = new TestLogs(t);
  logs.fill(logs.open('mail'), 'hello');
  const path = join(logs.path, 'mail.log.1');
  const compressor = createCompressor();
  inPath('/nowhere', () => compressor.add(path));
  // Stands in for none, and tells that it was asked.
  compressBy(path, `: > ${logs.path}/asked; exit 127`);
  await logs.until(() => logs.has('asked'));
  assert.equal(logs.read('mail.log.1'), 'hello');
  compressor.add(path);
  await logs.until(() => !logs.has('mail.log.1'));
  assert.equal(unzipped(logs, 'mail.log.1.gz'), 'hello');
});

test('of two runners that compress a file at once, one that fails takes nothing from the other', async (t) => {
  const logs = new TestLogs(t);
  logs.fill(logs.open('mail'), 'hello');
  const path = join(logs.path, 'mail.log.1');
  const failing = `echo $PPID > ${logs.path}/failing; while [ ! -f ${logs.path}/slow ]; do sleep 0.01; done; exit 1`;
  compressBy(path, failing);
  await logs.until(() => shellOf(logs, 'failing') !== null);
  const failingShell = shellOf(logs, 'failing');
  const slow = `/bin/gzip "$@"; echo $PPID > ${logs.path}/slow; while [ -d ${failingShell} ]; do sleep 0.01; done`;
  compressBy(path, slow);
  await logs.until(() => shellOf(logs, 'slow') !== null);
  await logs.until(() => !existsSync(shellOf(logs, 'slow') ?? ''));
  assert.equal(unzipped(logs, 'mail.log.1.gz'), 'hello');
  assert.equal(logs.has('mail.log.1'), false);
});

/** The process of the shell that wrote its number there, once it has. */
function shellOf(logs: TestLogs, name: string): string | null {
  const text = logs.has(name) ? logs.read(name) : '';
  return text.endsWith('\n') ? `/proc/${text.trim()}` : null;
}

test('a file with a hole is not compressed: it takes little room, and would take long', async (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail', compressing);
  writeFileSync(log.path, 'begin');
  truncateSync(log.path, 50_000_000);
  log.rotate(logs.clock.now());
  logs.fill(log, 'small');
  await logs.until(() => logs.has('mail.log.2.gz') && !logs.has('mail.log.2'));
  assert.ok(logs.has('mail.log.1'));
});

test('all that is set aside stays within the total, the oldest go first, whose they may be', async (t) => {
  const logs = new TestLogs(t);
  const block = noise(4_096);
  const wishes = { filesKept: 100, totalLimitBytes: 6 * 4_096 };
  const all = ['a', 'b', 'c', 'd'].map((name) => logs.open(name, wishes));
  for (const log of all) writeFileSync(log.path, block);
  let seconds = 1_000;
  for (let round = 1; round <= 3; round += 1) {
    for (const log of all) {
      writeFileSync(log.path, block);
      seconds += 1;
      utimesSync(log.path, seconds, seconds);
      log.rotate(logs.clock.now());
      writeFileSync(log.path, block);
    }
  }
  const aside = (): readonly string[] => logs.names.filter((name) => /\d$/.test(name));
  await logs.until(() => aside().length <= 6);
  assert.deepEqual(aside(), ['a.log.3', 'b.log.3', 'c.log.2', 'c.log.3', 'd.log.2', 'd.log.3']);
  for (const log of all) assert.equal(statSync(log.path).size, 4_096, 'current logs are never removed');
});

test('a total that is smaller than any file leaves only the current logs', async (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail', { totalLimitBytes: 1 });
  logs.fill(log, 'x');
  await logs.until(() => !logs.has('mail.log.1'));
  assert.deepEqual(logs.names, ['mail.generation', 'mail.log']);
});
