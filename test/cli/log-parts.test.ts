import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { findParts } from '../../src/cli/log-parts.ts';
import type { LogPosition } from '../../src/core/event.ts';
import { openLogFiles, presentEnd } from '../../src/log/read-log.ts';
import type { Database } from '../../src/store/database.ts';
import { openState } from '../../src/store/open-state.ts';
import { TestLogs } from '../support/log-folder.ts';

/** Runs in a real history and a real log. */
class Runs {
  readonly logs: TestLogs;
  readonly #database: Database;
  #moment = 0;
  #numbers = 0;

  static async open(t: TestContext): Promise<Runs> {
    const logs = new TestLogs(t);
    return new Runs(logs, await openState(join(logs.path, '..', 'state.db')));
  }

  private constructor(logs: TestLogs, database: Database) {
    this.logs = logs;
    this.#database = database;
  }

  /** A run that writes this text where the log ends. */
  run(chain: string, text: string): void {
    this.begin(chain);
    appendFileSync(join(this.logs.path, `${chain}.log`), text);
    const { offset } = presentEnd(this.logs.path, chain);
    this.#database
      .prepare('UPDATE run SET log_to = ?, ended_at = ? WHERE number = ?')
      .run(offset, this.#moment, this.#numbers);
  }

  begin(chain: string): void {
    this.#moment += 1_000;
    this.#numbers += 1;
    const { generation, offset } = presentEnd(this.logs.path, chain);
    this.#database
      .prepare(
        `INSERT INTO run (chain, number, pass, task, fence, started_at, log_generation, log_from)
         VALUES (?, ?, 1, 'task', 1, ?, ?, ?)`,
      )
      .run(chain, this.#numbers, this.#moment, generation, offset);
  }

  /** What is found, as `chain: text`. */
  async found(
    wanted: { readonly lines?: number; readonly since?: number; readonly end?: LogPosition } = {},
  ): Promise<readonly string[]> {
    const files = openLogFiles(this.logs.path);
    const { lines = null, since = 0, end } = wanted;
    const endOf = (chain: string): LogPosition => end ?? presentEnd(this.logs.path, chain);
    const parts = await findParts(this.#database, files, { chains: null, since, lines, endOf });
    const texts: string[] = [];
    for (const { entry, range } of parts) {
      let text = '';
      for await (const piece of files.read(entry.chain, range) ?? []) text += piece.toString();
      if (text !== '') texts.push(`${entry.chain}: ${text}`);
    }
    files.close();
    return texts;
  }
}

test('the output of several chains is merged by the begin of their runs', async (t) => {
  const runs = await Runs.open(t);
  for (const [chain, text] of [
    ['a', '1\n'],
    ['b', '2\n'],
    ['a', '3\n'],
    ['b', '4\n5\n'],
  ] as const) {
    runs.run(chain, text);
  }
  assert.deepEqual(await runs.found(), ['a: 1\n', 'b: 2\n', 'a: 3\n', 'b: 4\n5\n']);
  assert.deepEqual(await runs.found({ lines: 2 }), ['b: 4\n5\n']);
  assert.deepEqual(await runs.found({ lines: 4 }), ['b: 2\n', 'a: 3\n', 'b: 4\n5\n']);
  assert.deepEqual(await runs.found({ lines: 1 }), ['b: 5\n']);
  assert.deepEqual(await runs.found({ since: 3_000 }), ['a: 3\n', 'b: 4\n5\n']);
});

test('what a chain writes after a run belongs to it until the next one begins', async (t) => {
  const runs = await Runs.open(t);
  runs.run('a', 'run 1\n');
  appendFileSync(join(runs.logs.path, 'a.log'), 'left behind\n');
  runs.run('a', 'run 2\n');
  assert.deepEqual(await runs.found(), ['a: run 1\nleft behind\n', 'a: run 2\n']);
});

test('runs are found in files that were set aside, and left out where these were removed', async (t) => {
  const runs = await Runs.open(t);
  const log = runs.logs.open('a', { filesKept: 1 });
  for (const text of ['one\n', 'two\n', 'three\n']) {
    runs.run('a', text);
    log.rotate(runs.logs.clock.now());
  }
  runs.run('a', 'four\n');
  await runs.logs.until(() => !runs.logs.has('a.log.2'));
  assert.deepEqual(await runs.found(), ['a: three\n', 'a: four\n']);
  assert.deepEqual(await runs.found({ lines: 9 }), ['a: three\n', 'a: four\n']);
});

test('a run that has emptied the log is shown with what it wrote after that', async (t) => {
  const runs = await Runs.open(t);
  runs.run('a', 'a long line before\n');
  runs.begin('a');
  writeFileSync(join(runs.logs.path, 'a.log'), 'after\n');
  runs.run('a', 'next\n');
  assert.deepEqual((await runs.found()).slice(-2), ['a: after\n', 'a: next\n']);
});

test('nothing is shown that was written after the moment from which on it is followed', async (t) => {
  const runs = await Runs.open(t);
  runs.run('a', 'before\n');
  const end = presentEnd(runs.logs.path, 'a');
  for (const lines of [undefined, 10]) {
    appendFileSync(join(runs.logs.path, 'a.log'), 'of no run\n');
    runs.run('a', 'after\n');
    assert.deepEqual(await runs.found({ end, ...(lines === undefined ? {} : { lines }) }), ['a: before\n']);
  }
  runs.logs.open('a').rotate(runs.logs.clock.now());
  runs.run('a', 'in the next file\n');
  assert.deepEqual(await runs.found({ end }), ['a: before\n']);
});
