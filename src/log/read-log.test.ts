import assert from 'node:assert/strict';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { TestLogs } from '../../test/support/log-folder.ts';
import { asidePath } from './log-files.ts';
import { openLogFiles, presentEnd, type LogFiles, type LogRange } from './read-log.ts';

async function text(files: LogFiles, chain: string, range: LogRange): Promise<string | null> {
  const pieces = files.read(chain, range);
  if (pieces === null) return null;
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString('latin1');
}

/** What a log reads as, whether it is the current one, was set aside, or was compressed. */
function threeWays(logs: TestLogs, content: Buffer): readonly LogRange[] {
  rmSync(join(logs.path, 'mail.generation'), { force: true });
  writeFileSync(join(logs.path, 'mail.generation'), '3\n');
  writeFileSync(`${asidePath(logs.path, 'mail', 1)}.gz`, gzipSync(content));
  writeFileSync(asidePath(logs.path, 'mail', 2), content);
  writeFileSync(join(logs.path, 'mail.log'), content);
  return [1, 2, 3].map((generation) => ({ generation, from: 0, to: null }));
}

const someLines = fc
  .array(fc.oneof(fc.constant('\n'), fc.constant('word'), fc.constant('é'), fc.string()), { maxLength: 60 })
  .map((words) => Buffer.from(words.join('').replaceAll('\0', '')));

test('any part reads the same, and has the same last lines, compressed or not', async (t) => {
  const logs = new TestLogs(t);
  const part = fc.tuple(someLines, fc.nat(300), fc.nat(300), fc.integer({ min: 1, max: 20 }));
  await fc.assert(
    fc.asyncProperty(part, async ([content, from, to, lines]) => {
      const files = openLogFiles(logs.path);
      const expected = content.subarray(to < from ? 0 : from, to);
      const expectedLines = expected
        .toString('latin1')
        .split(/(?<=\n)/)
        .filter((line) => line !== '');
      for (const whole of threeWays(logs, content)) {
        const range = { ...whole, from, to };
        assert.equal(await text(files, 'mail', range), expected.toString('latin1'));
        const last = await files.lastLines('mail', range, lines);
        assert.equal(last?.lines, Math.min(lines, expectedLines.length));
        const rest = last.lines === 0 ? '' : content.toString('latin1').slice(last.from, to);
        assert.equal(rest, expectedLines.slice(-lines).join(''));
      }
      files.close();
    }),
  );
});

test('parts of large logs read in turns are right, also backwards', async (t) => {
  const logs = new TestLogs(t);
  const content = Buffer.from(Array.from({ length: 40_000 }, (_, line) => `line ${line}\n`).join(''));
  const files = openLogFiles(logs.path);
  for (const { generation } of threeWays(logs, content)) {
    for (const from of [0, 70_000, 65_536, 300_000, 299_999, 10]) {
      const read = await text(files, 'mail', { generation, from, to: from + 100_000 });
      assert.equal(read, content.toString('latin1', from, from + 100_000));
    }
    const last = await files.lastLines('mail', { generation, from: 5, to: null }, 20_000);
    assert.equal(content.toString('latin1', last?.from, (last?.from ?? 0) + 11), 'line 20000\n');
  }
  files.close();
});

test('what is not there any more is null, and so is what is not there yet', async (t) => {
  const logs = new TestLogs(t);
  logs.fill(logs.open('mail'), 'x');
  rmSync(join(logs.path, 'mail.log.1'));
  const files = openLogFiles(logs.path);
  for (const [chain, generation] of [
    ['mail', 1],
    ['mail', 7],
    ['none', 1],
  ] as const) {
    assert.equal(files.read(chain, { generation, from: 0, to: null }), null);
    assert.equal(await files.lastLines(chain, { generation, from: 0, to: null }, 1), null);
  }
  assert.deepEqual(presentEnd(logs.path, 'mail'), { generation: 2, offset: 0 });
});

test('a damaged file is read as far as it goes, and the damage is told', async (t) => {
  const logs = new TestLogs(t);
  threeWays(logs, Buffer.from('line\n'.repeat(100_000)));
  const path = `${asidePath(logs.path, 'mail', 1)}.gz`;
  truncateSync(path, readFileSync(path).length - 100);
  const read = await text(openLogFiles(logs.path), 'mail', { generation: 1, from: 0, to: null });
  assert.match(read ?? '', /^line\n[^]*\.\.\. the rest of this file is damaged \.\.\.\n$/);
});

test('a hole is one line that says how long it is, and the bytes around it are all there', async (t) => {
  const logs = new TestLogs(t);
  const files = openLogFiles(logs.path);
  for (const hole of [4_096, 5_000, 65_536, 200_001]) {
    const content = Buffer.concat([Buffer.from('begin\0\0!'), Buffer.alloc(hole), Buffer.from('end')]);
    for (const range of threeWays(logs, content)) {
      assert.equal(await text(files, 'mail', range), `begin\0\0!\n... ${hole} bytes left out ...\nend`);
    }
    files.close();
  }
});

test('zeros that a task has written stay, also at the borders of what is read at a time', async (t) => {
  const logs = new TestLogs(t);
  const files = openLogFiles(logs.path);
  const content = Buffer.concat([
    Buffer.alloc(65_000, 'x'),
    Buffer.alloc(4_095),
    Buffer.from('y'),
    Buffer.alloc(9),
  ]);
  for (const range of threeWays(logs, content)) {
    assert.equal(await text(files, 'mail', range), content.toString('latin1'));
  }
  files.close();
});
