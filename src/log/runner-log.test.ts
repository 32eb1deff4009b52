import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { limitRunnerLog, runnerLogPath } from './runner-log.ts';

const limits = { fileLimitBytes: 100, filesKept: 2 };

function stateFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'runner-state-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('the log of a runner stays small, in the same file, and its older parts are kept for a while', (t) => {
  const folder = stateFolder(t);
  const path = runnerLogPath(folder);
  for (const letter of ['a', 'b', 'c', 'd']) {
    writeFileSync(path, letter.repeat(101), { flag: 'a' });
    const { ino } = statSync(path);
    limitRunnerLog(folder, limits);
    assert.deepEqual([statSync(path).ino, statSync(path).size], [ino, 0]);
  }
  assert.deepEqual(readdirSync(folder).toSorted(), ['runner.log', 'runner.log.1', 'runner.log.2']);
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'd'.repeat(101));
  assert.equal(readFileSync(`${path}.2`, 'utf8'), 'c'.repeat(101));
});

test('a log within its limit stays as it is, and one that is not there is none', (t) => {
  const folder = stateFolder(t);
  limitRunnerLog(folder, limits);
  writeFileSync(runnerLogPath(folder), 'x'.repeat(100));
  limitRunnerLog(folder, limits);
  assert.deepEqual([readdirSync(folder), statSync(runnerLogPath(folder)).size], [['runner.log'], 100]);
});

test('a log that cannot be copied goes on up to twice its limit, and then begins anew', (t) => {
  const folder = stateFolder(t);
  const path = runnerLogPath(folder);
  const fillDisk = (): void => symlinkSync('/dev/full', `${path}.new`);
  fillDisk();
  writeFileSync(path, 'x'.repeat(200));
  limitRunnerLog(folder, limits);
  assert.deepEqual([statSync(path).size, readdirSync(folder)], [200, ['runner.log']]);
  fillDisk();
  writeFileSync(path, 'x'.repeat(201));
  limitRunnerLog(folder, limits);
  assert.equal(statSync(path).size, 0);
});

test('a process whose output is its log loses no line of it, and leaves no gap', (t) => {
  const folder = stateFolder(t);
  const module = new URL('runner-log.js', import.meta.url).href;
  const script = `import { limitRunnerLog } from ${JSON.stringify(module)};
    for (let line = 1; line <= 300; line += 1) {
      console.log('line ' + line);
      if (line % 7 === 0) limitRunnerLog(${JSON.stringify(folder)}, { fileLimitBytes: 500, filesKept: 50 });
    }`;
  const log = openSync(runnerLogPath(folder), 'a');
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', log, log],
  });
  assert.equal(status, 0);
  const older = readdirSync(folder).filter((name) => /\d$/.test(name)).length;
  const names = [...Array.from({ length: older }, (_, index) => `runner.log.${older - index}`), 'runner.log'];
  const text = names.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  assert.ok(older > 3);
  assert.equal(text, Array.from({ length: 300 }, (_, index) => `line ${index + 1}\n`).join(''));
});
