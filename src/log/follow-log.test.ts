import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { TestLogs } from '../../test/support/log-folder.ts';
import { followLog, followLogs, type FollowedLogs, type LogReader } from './follow-log.ts';

/** Collects what it is handed. */
class Collector implements LogReader {
  text = '';
  missing = 0;

  bytes(bytes: Buffer): void {
    this.text += bytes.toString();
  }

  leftOut(bytes: number): void {
    this.missing += bytes;
  }
}

function follow(logs: TestLogs, chain: string): { followed: FollowedLogs; collector: Collector } {
  const followed = followLogs(logs.path, () => undefined);
  const collector = new Collector();
  followed.follow(chain, { generation: 1, offset: 0 }, collector);
  return { followed, collector };
}

test('a follower goes on over files that are set aside, also more than one between two looks', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  const { followed, collector } = follow(logs, 'mail');
  appendFileSync(log.path, 'one ');
  followed.drain('mail');
  for (const text of ['two ', 'three ', 'four ']) logs.fill(log, text);
  appendFileSync(log.path, 'five');
  followed.drain('mail');
  followed.close();
  assert.equal(collector.text, 'one two three four five');
});

test('a follower reads what was compressed before it came to it, and passes over what was removed', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail', { filesKept: 9 });
  const { followed, collector } = follow(logs, 'mail');
  appendFileSync(log.path, 'one ');
  followed.drain('mail');
  for (const text of ['two ', 'three ', 'four ']) logs.fill(log, text);
  writeFileSync(join(logs.path, 'mail.log.2.gz'), gzipSync('three '));
  for (const generation of [2, 3]) rmSync(join(logs.path, `mail.log.${generation}`));
  appendFileSync(log.path, 'five');
  followed.drain('mail');
  followed.close();
  assert.equal(collector.text, 'one two three five');
});

test('a follower outlives what the system refuses, and reads on when it no longer does', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  const { followed, collector } = follow(logs, 'mail');
  appendFileSync(log.path, 'one ');
  followed.drain('mail');
  renameSync(log.path, `${log.path}.kept`);
  mkdirSync(log.path);
  followed.drain('mail');
  rmdirSync(log.path);
  renameSync(`${log.path}.kept`, log.path);
  appendFileSync(log.path, 'two');
  followed.drain('mail');
  followed.close();
  assert.match(collector.text, /^one .*two$/);
});

test('a follower of a flood is told how much it was spared, and sees the last of it', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  const { followed, collector } = follow(logs, 'mail');
  writeFileSync(log.path, 'x'.repeat(5_000_000));
  followed.drain('mail');
  logs.fill(log, '');
  followed.drain('mail');
  followed.close();
  assert.deepEqual([collector.text.length, collector.missing], [1_048_576, 5_000_000 - 1_048_576]);
});

test('a follower begins at the start of a log that was emptied, removed or replaced', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  const { followed, collector } = follow(logs, 'mail');
  const steps = [
    (): void => writeFileSync(log.path, 'first '),
    (): void => writeFileSync(log.path, 'two '),
    (): void => renameSync(log.path, `${log.path}.bak`),
    (): void => writeFileSync(log.path, 'three, longer than before '),
    (): void => rmSync(log.path),
    (): void => writeFileSync(log.path, 'four'),
  ];
  for (const step of steps) {
    step();
    followed.drain('mail');
  }
  followed.close();
  assert.equal(collector.text, 'first two three, longer than before four');
});

test('a follower finds the log that takes the place of a removed one, whatever its inode', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  const { followed, collector } = follow(logs, 'mail');
  appendFileSync(log.path, 'one ');
  followed.drain('mail');
  for (const text of ['two ', 'three ']) {
    rmSync(log.path);
    followed.drain('mail');
    log.rotate(logs.clock.now());
    appendFileSync(log.path, text);
    followed.drain('mail');
  }
  followed.close();
  assert.equal(collector.text, 'one two three ');
});

test('one watch follows a thousand chains, with few files open, and tells of new ones', async (t) => {
  const logs = new TestLogs(t);
  const names = Array.from({ length: 1_000 }, (_, index) => `c${index}`);
  const appeared: string[] = [];
  const openBefore = readdirSync('/proc/self/fd').length;
  const followed = followLogs(logs.path, (chain) => appeared.push(chain));
  const collector = new Collector();
  for (const name of names) followed.follow(name, { generation: 1, offset: 0 }, collector);
  for (const round of [1, 2]) {
    for (const name of names) appendFileSync(join(logs.path, `${name}.log`), `${name}:${round} `);
    await logs.until(() => collector.text.split(' ').length > round * names.length);
  }
  assert.ok(readdirSync('/proc/self/fd').length - openBefore < 250);
  appendFileSync(join(logs.path, 'new.log'), 'x');
  await logs.until(() => appeared.length > 0);
  followed.close();
  assert.equal(appeared[0], 'new');
  const expected = [1, 2].flatMap((round) => names.map((name) => `${name}:${round}`));
  assert.deepEqual(new Set(collector.text.trim().split(' ')), new Set(expected));
});

test('a character that comes in two pieces is whole', (t) => {
  const logs = new TestLogs(t);
  const log = logs.open('mail');
  let text = '';
  const followed = followLog(
    log.path,
    { generation: 1, offset: 0 },
    { text: (more) => (text += more), leftOut: () => undefined },
  );
  const snow = Buffer.from('雪');
  for (const part of [snow.subarray(0, 1), snow.subarray(1)]) {
    appendFileSync(log.path, part);
    followed.drain();
  }
  appendFileSync(log.path, `${'x'.repeat(65_535)}雪`);
  followed.drain();
  followed.close();
  assert.equal(text, `雪${'x'.repeat(65_535)}雪`);
});
