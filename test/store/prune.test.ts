import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HistoryLimits } from '../../src/core/definition.ts';
import { toDurationMs, toEpochMs } from '../../src/core/units.ts';
import type { Database } from '../../src/store/database.ts';
import { createPruner, type Pruner } from '../../src/store/prune.ts';
import { beginPruning } from '../../src/store/pruning.ts';
import { readHistory } from '../../src/store/history.ts';
import { readIncidents } from '../../src/store/incidents.ts';
import { chainNamed } from '../support/chain-definition.ts';
import { insertIncident, insertKind, insertNotice } from '../support/incident-rows.ts';
import { Schedule } from '../support/schedule.ts';
import { insertRun, openTestState } from '../support/state-file.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const mail = chainNamed('mail');
const day = 86_400_000;

function limits(changed: Partial<HistoryLimits> = {}): HistoryLimits {
  return { runsKept: 10, failedRunsKept: 50, ageMs: null, ...changed };
}

/** Runs 1 to `count`, of which every tenth failed; each begins a second after the one before. */
function insertRuns(database: Database, count: number, chain = 'mail'): void {
  database.exec('BEGIN');
  for (let number = 1; number <= count; number += 1) {
    const outcome = number % 10 === 0 ? 'exited' : 'succeeded';
    insertRun(database, { chain, number, startedAt: number * 1_000, outcome });
  }
  database.exec('COMMIT');
}

function numbers(database: Database, chain = 'mail'): readonly number[] {
  return readHistory(database, { chain, run: null, limit: 10_000 }).map(({ run }) => run);
}

/** Prunes to the end; how many steps that took. */
function pruneAll(pruner: Pruner, kept: HistoryLimits, nowMs = 0): number {
  for (let steps = 1; ; steps += 1)
    if (pruner.pruneRuns(mail, kept, toEpochMs(nowMs)) === 'done') return steps;
}

describe('the history of a chain', () => {
  test('keeps the newest runs, and those that failed for longer', async (t) => {
    const database = await openTestState(t);
    insertRuns(database, 100);
    insertRuns(database, 30, 'sync');
    pruneAll(createPruner(database), limits());
    const newest = Array.from({ length: 10 }, (_, index) => 91 + index);
    assert.deepEqual(numbers(database), [60, 70, 80, 90, ...newest]);
    assert.equal(numbers(database, 'sync').length, 30);
  });

  test('is pruned in small steps, however much there is', async (t) => {
    const database = await openTestState(t);
    insertRuns(database, 5_000);
    const before = numbers(database).length;
    const pruner = createPruner(database);
    assert.equal(pruner.pruneRuns(mail, limits(), toEpochMs(0)), 'more');
    assert.ok(before - numbers(database).length <= 1_100, 'at most two pages in a step');
    assert.ok(pruneAll(pruner, limits()) > 3);
    assert.equal(numbers(database).length, 14);
  });

  test('is pruned by age as well, but for the newest run', async (t) => {
    const database = await openTestState(t);
    insertRuns(database, 20);
    const kept = limits({ runsKept: 1_000, ageMs: toDurationMs(5_000) });
    pruneAll(createPruner(database), kept, 20_000);
    assert.deepEqual(numbers(database), [15, 16, 17, 18, 19, 20]);
    pruneAll(createPruner(database), kept, 10 * day);
    assert.deepEqual(numbers(database), [20]);
  });

  test('keeps a run whose end is not known yet', async (t) => {
    const database = await openTestState(t);
    insertRun(database, { number: 1, startedAt: 1, endedAt: null });
    for (let number = 2; number <= 20; number += 1) insertRun(database, { number, startedAt: number });
    pruneAll(createPruner(database), limits());
    assert.deepEqual(numbers(database).slice(0, 2), [1, 11]);
  });

  test('goes on where it was pruned before', async (t) => {
    const database = await openTestState(t);
    const pruner = createPruner(database);
    insertRuns(database, 100);
    pruneAll(pruner, limits());
    for (let number = 101; number <= 140; number += 1) insertRun(database, { number, startedAt: number });
    pruneAll(pruner, limits());
    assert.deepEqual(numbers(database).slice(0, 4), [100, 131, 132, 133]);
  });
});

describe('incidents and notices', () => {
  test('are removed when they are old, with all that belongs to them, unless they are open', async (t) => {
    const database = await openTestState(t);
    const old = insertIncident(database, { firstRun: 1, healedAt: 1 });
    insertKind(database, old);
    insertNotice(database, { subject: 'incident 1', deliveries: { ops: { state: 'sent' } } });
    insertKind(database, insertIncident(database, { firstRun: 2 }));
    insertNotice(database, { subject: 'incident 2', deliveries: { ops: { state: 'sent' } } });
    insertIncident(database, { firstRun: 3, healedAt: 300 * day });
    insertNotice(database, { subject: 'incident 9', deliveries: { ops: { state: 'waiting' } } });
    const pruner = createPruner(database);
    assert.equal(pruner.pruneIncidents(toEpochMs(500 * day)), 'done');
    const left = readIncidents(database, { chain: null, isOpen: false, limit: 9 });
    assert.deepEqual(
      left.map(({ firstRun }) => firstRun),
      [2, 3],
    );
    const subjects = database.prepare('SELECT subject FROM notice ORDER BY id').all();
    assert.deepEqual(JSON.parse(JSON.stringify(subjects)), [
      { subject: 'incident 2' },
      { subject: 'incident 9' },
    ]);
    const kinds = database.prepare('SELECT incident FROM incident_kind').all();
    assert.equal(kinds.length, 1);
    assert.equal(database.prepare('SELECT notice FROM delivery').all().length, 2);
  });
});

test('no more notices than 50 000 stay, also those that wait for ever, and those that nobody is told', async (t) => {
  const database = await openTestState(t);
  database.exec(
    `WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 50010)
     INSERT INTO notice (chain, subject, kind, severity, at, is_held, body)
     SELECT 'mail', 'x', 'new kind', 'error', 0, 0, '{}' FROM count;
     INSERT INTO delivery (notice, channel, state, attempts, due_at) VALUES (1, 'ops', 'waiting', 0, 0)`,
  );
  assert.equal(createPruner(database).pruneIncidents(toEpochMs(0)), 'done');
  assert.equal(database.prepare('SELECT 1 FROM notice').all().length, 50_000);
  assert.equal(database.prepare('SELECT 1 FROM delivery').all().length, 0);
});

describe('pruning beside the chains', () => {
  const calls: string[] = [];
  const pruner: Pruner = {
    pruneRuns(chain) {
      calls.push(chain);
      return calls.length < 3 ? 'more' : 'done';
    },
    pruneIncidents: () => 'done',
  };

  test('goes step by step, begins after a minute, and ends when it is closed', async () => {
    calls.length = 0;
    const schedule = new Schedule();
    const pruning = beginPruning(new VirtualClock(schedule), pruner);
    pruning.ran(mail, 1, limits());
    await schedule.advance(59_000);
    assert.equal(calls.length, 0);
    await schedule.advance(1_000);
    assert.equal(calls.length, 1);
    await schedule.advance(1_000);
    assert.equal(calls.length, 3);
    pruning.ran(mail, 2, limits());
    await schedule.advance(139_000);
    assert.equal(calls.length, 3, 'a few runs are no reason');
    pruning.ran(mail, 64, limits());
    await schedule.advance(100_000);
    assert.equal(calls.length, 4);
    pruning.close();
    pruning.ran(mail, 128, limits());
    await schedule.advance(600_000);
    assert.equal(calls.length, 4);
  });

  test('goes on in the next round when the database cannot be written', async () => {
    let tries = 0;
    const schedule = new Schedule();
    const failing: Pruner = {
      ...pruner,
      pruneRuns() {
        tries += 1;
        throw new Error('database or disk is full');
      },
    };
    const pruning = beginPruning(new VirtualClock(schedule), failing);
    pruning.ran(mail, 1, limits());
    await schedule.advance(130_000);
    assert.equal(tries, 2);
    pruning.close();
  });
});
