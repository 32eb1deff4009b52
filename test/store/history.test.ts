import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Database } from '../../src/store/database.ts';
import { readHistory, readRunsBackward, type HistoryEntry } from '../../src/store/history.ts';
import { readIncident, readIncidents } from '../../src/store/incidents.ts';
import { insertIncident, insertNotice } from '../support/incident-rows.ts';
import { insertRun, openTestState } from '../support/state-file.ts';

function namesOf(entries: readonly HistoryEntry[]): readonly string[] {
  return entries.map(({ chain, run }) => `${chain} ${run}`);
}

describe('readHistory', () => {
  test('reads the newest of all chains, of one chain, and one run', async (t) => {
    const database = await openTestState(t);
    for (const [chain, number, startedAt] of [
      ['mail', 1, 10],
      ['sync', 1, 20],
      ['mail', 2, 30],
      ['sync', 2, 40],
    ] as const) {
      insertRun(database, { chain, number, startedAt });
    }
    const read = (chain: string | null, run: number | null, limit = 3): readonly string[] =>
      namesOf(readHistory(database, { chain, run, limit }));
    assert.deepEqual(read(null, null), ['sync 1', 'mail 2', 'sync 2']);
    assert.deepEqual(read('mail', null), ['mail 1', 'mail 2']);
    assert.deepEqual(read('mail', null, 1), ['mail 2']);
    assert.deepEqual(read('mail', 1), ['mail 1']);
    assert.deepEqual(read(null, 1), ['mail 1', 'sync 1']);
    assert.deepEqual(read('none', null), []);
  });
});

describe('readRunsBackward', () => {
  async function runsSince(
    database: Database,
    chains: readonly string[] | null,
    since: number,
  ): Promise<readonly string[]> {
    const names: string[] = [];
    let before: HistoryEntry | null = null;
    for (;;) {
      const page: readonly HistoryEntry[] = readRunsBackward(database, { chains, since, limit: 2 }, before);
      names.push(...namesOf(page));
      before = page.at(-1) ?? null;
      if (page.length < 2) return names;
    }
  }

  test('goes through pages without leaving a run out, also where several began at once', async (t) => {
    const database = await openTestState(t);
    for (let number = 1; number <= 4; number += 1) {
      for (const chain of ['a', 'b', 'c']) insertRun(database, { chain, number, startedAt: number * 100 });
    }
    const all = [4, 3, 2, 1].flatMap((number) => ['c', 'b', 'a'].map((chain) => `${chain} ${number}`));
    assert.deepEqual(await runsSince(database, null, 0), all);
    assert.deepEqual(await runsSince(database, ['b', 'a', 'c'], 0), all);
    assert.deepEqual(await runsSince(database, ['b'], 0), ['b 4', 'b 3', 'b 2', 'b 1']);
  });

  test('begins with the runs that were in progress at that moment, each once', async (t) => {
    const database = await openTestState(t);
    insertRun(database, { chain: 'long', number: 1, startedAt: 100, endedAt: 900 });
    insertRun(database, { chain: 'going', number: 1, startedAt: 200, endedAt: null });
    insertRun(database, { chain: 'over', number: 1, startedAt: 300, endedAt: 400 });
    for (let number = 2; number <= 6; number += 1)
      insertRun(database, { chain: 'over', number, startedAt: number * 250 });
    const since500 = ['over 6', 'over 5', 'over 4', 'over 3', 'over 2', 'going 1', 'long 1'];
    assert.deepEqual(await runsSince(database, null, 500), since500);
    assert.deepEqual(await runsSince(database, ['over', 'long', 'going'], 500), since500);
    assert.deepEqual(await runsSince(database, ['over'], 1_100), ['over 6', 'over 5']);
  });
});

test('no question looks through a whole table', async (t) => {
  const database = await openTestState(t);
  insertRun(database, { number: 1, startedAt: 10 });
  insertRun(database, { number: 2, startedAt: 20 });
  const incident = insertIncident(database);
  insertNotice(database);
  const statements: string[] = [];
  const listened: Database = {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      statements.push(sql);
      return database.prepare(sql);
    },
    close: () => database.close(),
  };
  for (const chain of ['mail', null]) {
    for (const run of [1, null]) readHistory(listened, { chain, run, limit: 5 });
    for (const isOpen of [true, false]) readIncidents(listened, { chain, isOpen, limit: 5 });
  }
  readIncident(listened, incident);
  for (const chains of [['mail', 'sync'], null]) {
    const query = { chains, since: 15, limit: 1 };
    const [first = null] = readRunsBackward(listened, query);
    readRunsBackward(listened, query, first);
  }
  const plans = [...new Set(statements)].flatMap((sql) =>
    database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(
      ...sql
        .replace(/[^?]/g, '')
        .split('')
        .map(() => 1),
    ),
  );
  const steps = plans.map((step) =>
    typeof step === 'object' && step !== null && 'detail' in step ? String(step.detail) : '',
  );
  // There are few chains. In the order of an index, a scan ends with the limit.
  const slow = steps.filter(
    (step) => /^SCAN (?!chain)/.test(step) && !/ USING (?:COVERING )?INDEX /.test(step),
  );
  assert.deepEqual(
    slow.filter((step) => step !== 'SCAN incident'),
    [],
  );
  assert.equal(statements.filter((sql) => sql.includes('FROM run')).length > 6, true);
});
