import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestLogs } from '../../test/support/log-folder.ts';
import { toDurationMs } from '../core/units.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const aDay = { ageLimitMs: toDurationMs(dayMs) };

test('a log is set aside when it has reached its size, not before', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  assert.equal(logs.write(log, 'x'.repeat(999)), false);
  assert.equal(logs.write(log, 'y'), true);
  log.rotate(logs.clock.now());
  assert.deepEqual(log.position(), { generation: 2, offset: 0 });
  assert.equal(logs.read('mail.log.1').length, 1_000);
  assert.equal(logs.write(log, 'x'), false);
});

test('a log is set aside when what is in it is as old as its age, counted from its begin', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail', aDay);
  assert.equal(logs.write(log, 'first\n'), false);
  logs.clock.setWallBy(dayMs - 1);
  assert.equal(logs.write(log, 'second\n'), false);
  logs.clock.setWallBy(1);
  assert.equal(logs.mustRotate(log), true);
  log.rotate(logs.clock.now());
  assert.equal(logs.write(log, 'third\n'), false);
  logs.clock.setWallBy(dayMs - 1);
  assert.equal(logs.mustRotate(log), false);
  assert.equal(logs.read('mail.log.1'), 'first\nsecond\n');
});

test('the age of a log goes on when its runner is replaced', (t) => {
  const logs = new TestLogs(t);
  logs.write(logs.open('mail', aDay), 'first\n');
  logs.clock.setWallBy(dayMs - hourMs);
  const next = logs.open('mail', aDay);
  assert.equal(logs.mustRotate(next), false);
  logs.clock.setWallBy(hourMs);
  assert.equal(logs.mustRotate(next), true);
  next.rotate(logs.clock.now());
  logs.write(next, 'second\n');
  logs.clock.setWallBy(dayMs);
  assert.equal(logs.mustRotate(logs.open('mail', aDay)), true, 'also that of a later file');
});

test('an empty log does not grow old, nor does one without an age, nor one in the future', (t) => {
  const logs = new TestLogs(t);
  const empty = logs.open('empty', aDay);
  const ageless = logs.open('ageless');
  const future = logs.open('future', aDay);
  logs.write(ageless, 'x');
  logs.write(future, 'x');
  logs.mustRotate(empty);
  logs.clock.setWallBy(-dayMs);
  assert.equal(logs.mustRotate(future), false);
  logs.clock.setWallBy(100 * dayMs);
  assert.deepEqual([logs.mustRotate(empty), logs.mustRotate(ageless)], [false, false]);
  assert.equal(logs.write(empty, 'x'), false, 'its age counts from what is in it');
});

test('a log that somebody removes begins anew before the next run, and no error comes of it', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  logs.write(log, 'gone\n');
  rmSync(log.path);
  assert.deepEqual(log.position(), { generation: 1, offset: 5 }, 'the place of what is lost');
  assert.equal(logs.mustRotate(log), true);
  log.rotate(logs.clock.now());
  assert.deepEqual(log.position(), { generation: 2, offset: 0 });
  assert.equal(logs.write(log, 'here\n'), false);
  assert.deepEqual(logs.read('mail.log'), 'here\n');
});

test('a folder of logs that somebody removes is made again', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  rmSync(logs.path, { recursive: true });
  assert.equal(logs.mustRotate(log), true);
  log.rotate(logs.clock.now());
  assert.equal(logs.write(log, 'here\n'), false);
  assert.equal(lstatSync(logs.path).mode & 0o777, 0o700);
});

test('a log that somebody else sets aside, or replaces by a link, begins anew', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  logs.write(log, 'old\n');
  renameSync(log.path, `${log.path}.bak`);
  writeFileSync(log.path, 'foreign\n');
  assert.equal(logs.mustRotate(log), true);
  log.rotate(logs.clock.now());
  assert.deepEqual([logs.read('mail.log'), logs.read('mail.log.1')], ['', 'foreign\n']);
  rmSync(log.path);
  symlinkSync('/etc/passwd', log.path);
  assert.equal(logs.mustRotate(log), true);
  log.rotate(logs.clock.now());
  assert.ok(lstatSync(log.path).isFile());
});

test('a log that is emptied by its task goes on', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  logs.write(log, 'x'.repeat(500));
  writeFileSync(log.path, '');
  assert.deepEqual(log.position(), { generation: 1, offset: 0 });
  assert.equal(logs.write(log, 'x'), false);
});

test('chains whose names differ by a number have nothing to do with each other', (t) => {
  const logs = new TestLogs(t);
  const names = ['mail', 'mail.1', 'mail.log.1', 'mail.log', 'mail.generation', 'mail.log.new'];
  const all = names.map((name) => logs.open(name));
  for (const log of all) logs.fill(log, `of ${log.path}`);
  for (const log of all) appendFileSync(log.path, `now ${log.path}`);
  for (const [index, log] of all.entries()) {
    assert.equal(logs.read(`${names[index]}.log`), `now ${log.path}`);
    assert.equal(logs.read(`${names[index]}.log.1`), `of ${log.path}`);
    assert.equal(logs.open(names[index] ?? '').position().generation, 2);
  }
});

test('a crash between any two steps of setting a log aside loses nothing and counts on', (t) => {
  const steps: readonly ((logs: TestLogs) => void)[] = [
    (logs) => writeFileSync(join(logs.path, 'mail.log.new'), ''),
    (logs) => writeFileSync(join(logs.path, 'mail.generation.tmp'), '2 1\n'),
    (logs) => renameSync(join(logs.path, 'mail.log'), join(logs.path, 'mail.log.1')),
    (logs) => renameSync(join(logs.path, 'mail.generation.tmp'), join(logs.path, 'mail.generation')),
    (logs) => renameSync(join(logs.path, 'mail.log.new'), join(logs.path, 'mail.log')),
  ];
  for (const made of steps.keys()) {
    const logs = new TestLogs(t);
    logs.write(logs.open('mail'), 'before\n');
    for (const step of steps.slice(0, made + 1)) step(logs);
    const log = logs.open('mail');
    const isAside = made >= 2;
    assert.equal(log.position().generation, isAside ? 2 : 1, `after step ${made}`);
    logs.fill(log, 'after\n');
    const kept = isAside ? [logs.read('mail.log.1'), logs.read('mail.log.2')] : [logs.read('mail.log.1')];
    assert.equal(kept.join(''), 'before\nafter\n', `after step ${made}`);
    assert.equal(logs.open('mail').position().generation, isAside ? 3 : 2);
  }
});

test('a log that cannot be set aside goes on, and is tried again after a minute', async (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  assert.equal(logs.write(log, 'x'.repeat(1_000)), true);
  mkdirSync(join(logs.path, 'mail.log.new'));
  log.rotate(logs.clock.now());
  assert.deepEqual(log.position(), { generation: 1, offset: 1_000 });
  await logs.advance(59_999);
  assert.equal(logs.mustRotate(log), false);
  await logs.advance(1);
  assert.equal(logs.mustRotate(log), true);
});

test('on a full disk a log goes on, and is set aside when there is room', async (t) => {
  if (process.getuid?.() !== 0) return;
  const logs = new TestLogs(t);
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=4', 'none', logs.path]);
  assert.equal(mount.status, 0, String(mount.stderr));
  try {
    const log = logs.open('mail');
    for (const name of ['one', 'two']) writeFileSync(join(logs.path, name), '');
    assert.throws(() => writeFileSync(join(logs.path, 'three'), ''), /ENOSPC/);
    assert.equal(logs.write(log, 'x'.repeat(2_000)), true);
    log.rotate(logs.clock.now());
    assert.deepEqual(log.position(), { generation: 1, offset: 2_000 });
    assert.deepEqual(logs.names, ['mail.log', 'one', 'two']);
    for (const name of ['one', 'two']) rmSync(join(logs.path, name));
    await logs.advance(59_999);
    assert.equal(logs.mustRotate(log), false);
    await logs.advance(1);
    assert.equal(logs.mustRotate(log), true);
    log.rotate(logs.clock.now());
    assert.deepEqual(logs.names, ['mail.generation', 'mail.log', 'mail.log.1']);
  } finally {
    spawnSync('umount', ['-l', logs.path]);
  }
});

test('the logs of a thousand chains that do nothing hold no file open and have no timer', (t) => {
  const logs = new TestLogs(t);
  const openBefore = readdirSync('/proc/self/fd').length;
  const busyBefore = process.getActiveResourcesInfo().length;
  const all = Array.from({ length: 1_000 }, (_, index) => logs.open(`c${index}`));
  for (const log of all) logs.mustRotate(log);
  assert.equal(readdirSync('/proc/self/fd').length, openBefore);
  assert.equal(process.getActiveResourcesInfo().length, busyBefore);
});
