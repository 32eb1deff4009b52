import { isForChannel, type Channel } from '../core/channel.ts';
import { newChannelState, type ChannelState } from '../core/delivery.ts';
import type { WaitingNotice } from '../core/letter.ts';
import { severityNamed, type Notice } from '../core/notice.ts';
import { subtract, toDurationMs, toEpochMs, type EpochMs } from '../core/units.ts';
import { StoreError, type DeliveryChange, type Outbox, type StoredNotice } from '../ports.ts';
import type { Database } from './database.ts';
import { writeError } from './open-state.ts';
import { prepareTransaction } from './transaction.ts';

/** So many new notices are distributed in one transaction. */
const distributedAtOnce = 500;
const forgottenMs = toDurationMs(48 * 3_600_000);

/**
 * The outbox in SQLite: a row of `notice` becomes a row of `delivery` for each channel that it is for. A commit
 * survives the death of any process; a power cut may take the last ones back, so that a message is sent once more.
 */
export function createOutbox(database: Database, path: string): Outbox {
  const inTransaction = prepareTransaction(database);
  async function change<Result>(work: () => Result): Promise<Result> {
    try {
      return inTransaction(work);
    } catch (error) {
      throw error instanceof StoreError ? error : writeError(path, error);
    }
  }
  async function read<Result>(work: () => Result): Promise<Result> {
    try {
      return work();
    } catch (error) {
      if (error instanceof StoreError || !(error instanceof Error)) throw error;
      throw new StoreError(`Cannot read the state in "${path}": ${error.message}`, { cause: error });
    }
  }
  return {
    isEmpty: () => read(() => !hasNew(database) && !hasWaiting(database)),
    async distribute(channels, now) {
      const reached = new Set<string>();
      while (await read(() => hasNew(database))) {
        for (const name of await change(() => distributeSome(database, channels, now))) reached.add(name);
      }
      return reached;
    },
    waiting: (channel) => read(() => readWaiting(database, channel)),
    state: (channel) => read(() => readChannelState(database, channel)),
    notices: (ids) => read(() => readNotices(database, ids)),
    save: (channel, state, delivery) =>
      change(() => {
        saveState(database, channel, state);
        saveChange(database, channel, delivery);
      }),
    forgetOthers: (channels, now) => change(() => forgetOthers(database, channels, now)),
  };
}

// What waits for a channel that is not configured any more is given up after two days: it may come back until then.
function forgetOthers(database: Database, channels: readonly Channel[], now: EpochMs): void {
  const names = JSON.stringify(channels.map(({ name }) => name));
  database
    .prepare(
      `UPDATE delivery SET state = 'expired', done_at = ?1, error = 'the channel is not configured any more'
       WHERE state = 'waiting' AND due_at < ?2 AND channel NOT IN (SELECT value FROM json_each(?3))`,
    )
    .run(now, subtract(now, forgottenMs), names);
  database
    .prepare(
      `DELETE FROM channel WHERE name NOT IN (SELECT value FROM json_each(?))
         AND NOT EXISTS (SELECT 1 FROM delivery WHERE channel = name)`,
    )
    .run(names);
}

/** A channel as the state knows it. */
export interface ChannelFigures {
  readonly name: string;
  readonly state: ChannelState;
  /** How many notices are in each of these states, of those that are remembered. */
  readonly waiting: number;
  readonly sent: number;
  readonly expired: number;
  readonly refused: number;
}

/** All channels that were ever used, in alphabetical order. */
export function readChannelFigures(database: Database): readonly ChannelFigures[] {
  const rows = database
    .prepare(
      `SELECT name, (SELECT json_group_object(state, many) FROM
         (SELECT state, count(*) AS many FROM delivery WHERE channel = name GROUP BY state)) AS counts
       FROM (SELECT name FROM channel UNION SELECT channel FROM delivery) ORDER BY name`,
    )
    .all();
  return rows.map((row) => {
    const name = String(fieldOf(row, 'name'));
    const counts = parseJson(fieldOf(row, 'counts'));
    const countOf = (state: string): number => Number(fieldOf(counts, state) ?? 0);
    return {
      name,
      state: readChannelState(database, name),
      waiting: countOf('waiting'),
      sent: countOf('sent'),
      expired: countOf('expired'),
      refused: countOf('refused'),
    };
  });
}

/** Changes what is stored of a channel, if there is something. */
export function changeChannelState(
  database: Database,
  channel: string,
  change: (state: ChannelState) => ChannelState,
): void {
  prepareTransaction(database)(() => {
    const row = database.prepare('SELECT 1 FROM channel WHERE name = ?').get(channel);
    if (row !== undefined) saveState(database, channel, change(readChannelState(database, channel)));
  });
}

function hasNew(database: Database): boolean {
  return database.prepare('SELECT 1 FROM notice WHERE is_sent_out = 0 LIMIT 1').get() !== undefined;
}

function hasWaiting(database: Database): boolean {
  return database.prepare("SELECT 1 FROM delivery WHERE state = 'waiting' LIMIT 1").get() !== undefined;
}

function distributeSome(database: Database, channels: readonly Channel[], now: EpochMs): readonly string[] {
  const deliver = database.prepare(
    `INSERT OR IGNORE INTO delivery (notice, channel, state, attempts, due_at) VALUES (?, ?, 'waiting', 0, ?)`,
  );
  const done = database.prepare('UPDATE notice SET is_sent_out = 1 WHERE id = ?');
  const rows = database
    .prepare(`SELECT ${waitingColumns} FROM notice WHERE is_sent_out = 0 ORDER BY id LIMIT ?`)
    .all(distributedAtOnce)
    .map(readWaitingRow);
  const reached: string[] = [];
  for (const notice of rows) {
    done.run(notice.id);
    for (const channel of channels) {
      // What was written long before there was a channel is no news.
      const isNews = notice.at >= subtract(now, channel.expireMs);
      if (!isNews || !isForChannel(channel, notice)) continue;
      deliver.run(notice.id, channel.name, notice.at);
      reached.push(channel.name);
    }
  }
  return reached;
}

const waitingColumns = 'notice.id, notice.chain, notice.subject, notice.kind, notice.severity, notice.at';

function readWaiting(database: Database, channel: string): readonly WaitingNotice[] {
  return database
    .prepare(
      `SELECT ${waitingColumns} FROM delivery JOIN notice ON notice.id = delivery.notice
       WHERE delivery.channel = ? AND delivery.state = 'waiting' ORDER BY notice.id`,
    )
    .all(channel)
    .map(readWaitingRow);
}

function readNotices(database: Database, ids: readonly number[]): readonly StoredNotice[] {
  const rows = database
    .prepare(
      `SELECT notice.id, notice.chain, notice.body, incident.id AS incident FROM notice
       LEFT JOIN incident ON incident.chain = notice.chain
         AND incident.first_run = notice.body ->> '$.incident.firstRun'
       WHERE notice.id IN (SELECT value FROM json_each(?)) ORDER BY notice.id`,
    )
    .all(JSON.stringify(ids));
  return rows.flatMap((row) => {
    const notice = parseJson(fieldOf(row, 'body'));
    if (!isNotice(notice)) return [];
    const incident = fieldOf(row, 'incident');
    return [
      {
        id: Number(fieldOf(row, 'id')),
        chain: String(fieldOf(row, 'chain')),
        notice,
        incident: typeof incident === 'number' ? incident : null,
      },
    ];
  });
}

function saveState(database: Database, channel: string, state: ChannelState): void {
  database
    .prepare('INSERT INTO channel (name, state) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET state = ?2')
    .run(channel, JSON.stringify(state));
}

function saveChange(database: Database, channel: string, change: DeliveryChange): void {
  const { notices, state, error, at } = change;
  const isDone = state !== 'waiting';
  database
    .prepare(
      `UPDATE delivery SET state = ?1, attempts = attempts + ?2, done_at = ?3, error = coalesce(?4, error)
       WHERE channel = ?5 AND notice IN (SELECT value FROM json_each(?6))`,
    )
    .run(
      state,
      isDone || error !== null ? 0 : 1,
      isDone ? at : null,
      error,
      channel,
      JSON.stringify(notices),
    );
}

function readChannelState(database: Database, channel: string): ChannelState {
  const row = database.prepare('SELECT state FROM channel WHERE name = ?').get(channel);
  const stored = parseJson(fieldOf(row, 'state') ?? '{}');
  // What an older version did not know yet is as in a new channel.
  const state: unknown = typeof stored === 'object' ? { ...newChannelState, ...stored } : stored;
  if (isChannelState(state)) return state;
  throw new StoreError(`Cannot read the state of channel "${channel}": found ${JSON.stringify(stored)}`);
}

function readWaitingRow(row: unknown): WaitingNotice {
  return {
    id: Number(fieldOf(row, 'id')),
    chain: String(fieldOf(row, 'chain')),
    subject: String(fieldOf(row, 'subject')),
    kind: String(fieldOf(row, 'kind')),
    severity: severityNamed(String(fieldOf(row, 'severity'))),
    at: toEpochMs(Number(fieldOf(row, 'at'))),
  };
}

function fieldOf(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null && Object.hasOwn(row, name)
    ? Reflect.get(row, name)
    : undefined;
}

function parseJson(text: unknown): unknown {
  return typeof text === 'string' ? JSON.parse(text) : null;
}

// Only its outline is looked at: the file is this program's own.
function isNotice(value: unknown): value is Notice {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    'subject' in value &&
    'severity' in value
  );
}

function isChannelState(value: unknown): value is ChannelState {
  return (
    typeof value === 'object' &&
    value !== null &&
    'sentAt' in value &&
    Array.isArray(value.sentAt) &&
    'failing' in value &&
    'letter' in value &&
    'lost' in value
  );
}
