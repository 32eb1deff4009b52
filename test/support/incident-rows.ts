import type { Database } from '../../src/store/database.ts';

/** An incident as the store writes it. */
export interface IncidentRow {
  readonly chain?: string;
  readonly task?: string;
  readonly firstRun?: number;
  readonly openedAt?: number;
  readonly lastFailedAt?: number;
  readonly healedAt?: number | null;
  readonly failures?: number;
}

/** A kind of failure of it, with an example. */
export interface KindRow {
  readonly key?: string;
  readonly title?: string;
  readonly failures?: number;
  readonly at?: number;
  readonly text?: string;
}

/** A notice of it, and what became of it on each channel. */
export interface NoticeRow {
  readonly chain?: string;
  readonly subject?: string;
  readonly kind?: string;
  readonly at?: number;
  readonly isHeld?: boolean;
  readonly body?: object;
  readonly deliveries?: Readonly<Record<string, { readonly state: string; readonly error?: string }>>;
}

/** Writes an incident; its number. */
export function insertIncident(database: Database, row: IncidentRow = {}): number {
  const { chain = 'mail', task = 'sendMail', firstRun = 7, openedAt = 1_000, failures = 3 } = row;
  const { lastFailedAt = 5_000, healedAt = null } = row;
  database
    .prepare(
      `INSERT INTO incident (chain, first_run, task, opened_at, last_failed_at, healed_at, failures)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(chain, firstRun, task, openedAt, lastFailedAt, healedAt, failures);
  return lastId(database);
}

/** Writes a kind of failure. */
export function insertKind(database: Database, incident: number, row: KindRow = {}): void {
  const {
    key = 'exit 3',
    title = 'exit status 3',
    failures = 1,
    at = 1_000,
    text = 'no route to host',
  } = row;
  const outcome = { kind: 'exited', exitCode: 3 };
  const example = { run: 7, kind: key, title, at, outcome, text, durationMs: 812, codeVersion: 'abc1234' };
  database
    .prepare('INSERT INTO incident_kind VALUES (?, ?, ?, ?, ?, ?, ?)')
    .run(incident, key, title, failures, at, at, JSON.stringify(example));
}

/** Writes a notice with its deliveries; its number. */
export function insertNotice(database: Database, row: NoticeRow = {}): number {
  const { chain = 'mail', subject = 'incident 7', kind = 'incident opened', at = 1_000, body = {} } = row;
  const { isHeld = false, deliveries = {} } = row;
  database
    .prepare(
      `INSERT INTO notice (chain, subject, kind, severity, at, is_held, is_sent_out, body)
       VALUES (?, ?, ?, 'error', ?, ?, 1, ?)`,
    )
    .run(chain, subject, kind, at, isHeld ? 1 : 0, JSON.stringify(body));
  const id = lastId(database);
  for (const [channel, { state, error = null }] of Object.entries(deliveries)) {
    database
      .prepare('INSERT INTO delivery VALUES (?, ?, ?, 1, ?, ?, ?)')
      .run(id, channel, state, at, state === 'waiting' ? null : at + 500, error);
  }
  return id;
}

function lastId(database: Database): number {
  const row = database.prepare('SELECT last_insert_rowid() AS id').get();
  return typeof row === 'object' && row !== null && 'id' in row ? Number(row.id) : 0;
}
