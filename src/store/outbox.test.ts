import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { incidentNotice, numbersIn, rowsIn, storeNotice } from '../../test/support/stored-notices.ts';
import type { Channel } from '../core/channel.ts';
import { newChannelState } from '../core/delivery.ts';
import { toDurationMs, toEpochMs } from '../core/units.ts';
import { StoreError, type Outbox } from '../ports.ts';
import type { Database } from './database.ts';
import { openState } from './open-state.ts';
import { changeChannelState, createOutbox, readChannelFigures } from './outbox.ts';

const dayMs = 86_400_000;
const now = toEpochMs(Date.UTC(2026, 10, 24, 1));

function channelOf(name: string, changed: Partial<Channel> = {}): Channel {
  return {
    name,
    chains: ['*'],
    severity: 'warning',
    rate: { count: 5, perMs: toDurationMs(60_000) },
    expireMs: toDurationMs(2 * dayMs),
    target: { kind: 'command', argv: ['/bin/true'], directory: '/', environment: {} },
    ...changed,
  };
}

interface Opened {
  readonly database: Database;
  readonly outbox: Outbox;
}

async function open(t: TestContext): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'runner-outbox-'));
  const path = join(folder, 'state.db');
  const database = await openState(path);
  t.after(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });
  return { database, outbox: createOutbox(database, path) };
}

async function waitingIds({ outbox }: Opened, channel: string): Promise<readonly number[]> {
  return (await outbox.waiting(channel)).map(({ id }) => id);
}

function countOf(database: Database, table: string): number {
  return numbersIn(database, `SELECT count(*) FROM ${table}`)[0] ?? 0;
}

describe('the outbox', () => {
  test('hands each notice to each channel that it is for, once', async (t) => {
    const opened = await open(t);
    const channels = [channelOf('all'), channelOf('web', { chains: ['web-*'] })];
    storeNotice(opened.database, incidentNotice());
    storeNotice(opened.database, incidentNotice(), { chain: 'web-1' });
    assert.deepEqual([...(await opened.outbox.distribute(channels, now))], ['all', 'web']);
    assert.deepEqual([...(await opened.outbox.distribute(channels, now))], []);
    assert.deepEqual(await waitingIds(opened, 'all'), [1, 2]);
    assert.deepEqual(await waitingIds(opened, 'web'), [2]);
  });

  test('hands out nothing that is held, and nothing from long before there was a channel', async (t) => {
    const opened = await open(t);
    storeNotice(opened.database, incidentNotice(), { isHeld: true });
    storeNotice(opened.database, incidentNotice({ atMs: -3 * dayMs }));
    await opened.outbox.distribute([channelOf('all')], now);
    assert.deepEqual(await waitingIds(opened, 'all'), []);
    assert.equal(await opened.outbox.isEmpty(), true);
  });

  test('is empty only when nothing is new and nothing waits', async (t) => {
    const { database, outbox } = await open(t);
    const answers = [await outbox.isEmpty()];
    storeNotice(database, incidentNotice());
    answers.push(await outbox.isEmpty());
    await outbox.distribute([channelOf('all')], now);
    answers.push(await outbox.isEmpty());
    const sent = { notices: [1], state: 'sent', error: null, at: now } as const;
    await outbox.save('all', newChannelState, sent);
    answers.push(await outbox.isEmpty());
    assert.deepEqual(answers, [true, false, false, true]);
  });

  test('gives notices as they were stored, with the number of their incident', async (t) => {
    const { database, outbox } = await open(t);
    const notice = incidentNotice({ title: 'it’s "bad" 🚑' });
    storeNotice(database, notice);
    storeNotice(database, incidentNotice({ firstRun: 40 }));
    database.exec(
      `INSERT INTO incident (id, chain, first_run, task, opened_at, last_failed_at, failures)
       VALUES (5, 'mail', 17, 'send_mail', 0, 0, 1), (6, 'other', 40, 'x', 0, 0, 1)`,
    );
    const [first, second] = await outbox.notices([1, 2, 3]);
    assert.deepEqual(first, { id: 1, chain: 'mail', notice, incident: 5 });
    assert.equal(second?.incident, null);
  });

  test('keeps the state of a channel, what became of each notice, and how often it was tried', async (t) => {
    const { database, outbox } = await open(t);
    for (const firstRun of [1, 2, 3]) storeNotice(database, incidentNotice({ firstRun }));
    await outbox.distribute([channelOf('all')], now);
    const state = { ...newChannelState, lost: 7 };
    const waits = { state: 'waiting', at: now } as const;
    await outbox.save('all', state, { ...waits, notices: [1, 2], error: null });
    await outbox.save('all', state, { ...waits, notices: [1, 2], error: 'busy' });
    await outbox.save('all', state, { notices: [1], state: 'sent', error: null, at: now });
    await outbox.save('all', state, { notices: [3], state: 'expired', error: 'too old', at: now });
    assert.deepEqual(await outbox.state('all'), state);
    assert.deepEqual(await outbox.state('other'), newChannelState);
    const query = 'SELECT notice, state, attempts, done_at, error FROM delivery';
    assert.deepEqual(rowsIn(database, query), [
      [1, 'sent', 1, now, 'busy'],
      [2, 'waiting', 1, null, 'busy'],
      [3, 'expired', 0, now, 'too old'],
    ]);
    assert.deepEqual(readChannelFigures(database), [
      { name: 'all', state, waiting: 1, sent: 1, expired: 1, refused: 0 },
    ]);
  });

  test('stores nothing of what cannot be stored as a whole, and says so', async (t) => {
    const { database, outbox } = await open(t);
    database.exec('DROP TABLE delivery');
    const change = { notices: [1], state: 'sent', error: null, at: now } as const;
    await assert.rejects(outbox.save('all', newChannelState, change), StoreError);
    await assert.rejects(outbox.waiting('all'), StoreError);
    assert.equal(countOf(database, 'channel'), 0);
  });

  test('says so when the state of a channel is none', async (t) => {
    const { database, outbox } = await open(t);
    database.exec(`INSERT INTO channel VALUES ('all', '{"sentAt":1}')`);
    await assert.rejects(outbox.state('all'), StoreError);
  });

  test('changes only a channel that was used', async (t) => {
    const { database, outbox } = await open(t);
    changeChannelState(database, 'all', (state) => ({ ...state, lost: 1 }));
    assert.deepEqual(await outbox.state('all'), newChannelState);
    await outbox.save('all', newChannelState, { notices: [], state: 'sent', error: null, at: now });
    changeChannelState(database, 'all', (state) => ({ ...state, lost: 1 }));
    assert.equal((await outbox.state('all')).lost, 1);
  });
});

describe('what is not sent', () => {
  test('waits no longer than two days for a channel that is not configured any more', async (t) => {
    const { database, outbox } = await open(t);
    storeNotice(database, incidentNotice());
    await outbox.distribute([channelOf('gone')], now);
    await outbox.save('gone', newChannelState, { notices: [], state: 'waiting', error: null, at: now });
    const later = toEpochMs(now + 3 * dayMs);
    await outbox.forgetOthers([channelOf('gone')], later);
    const kept = readChannelFigures(database).map(({ waiting, expired }) => [waiting, expired]);
    await outbox.forgetOthers([], later);
    const left = readChannelFigures(database).map(({ waiting, expired }) => [waiting, expired]);
    database.exec('DELETE FROM notice');
    await outbox.forgetOthers([], later);
    assert.deepEqual([kept, left, readChannelFigures(database)], [[[1, 0]], [[0, 1]], []]);
  });
});
