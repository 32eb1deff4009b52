import type { IncidentSummary } from '../core/incident-summary.ts';
import type { Database } from './database.ts';
import { fieldsOf, jsonOrNull, numberOrNull } from './row.ts';

/** Everything that is kept of an incident. */
export interface IncidentReport extends IncidentSummary {
  /** In the order in which they came. */
  readonly kinds: readonly IncidentKind[];
  /** What people were told of it, in that order. */
  readonly notices: readonly IncidentNotice[];
}

/** A kind of failure, with one failure in full. */
export interface IncidentKind {
  readonly key: string;
  readonly title: string;
  readonly failures: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** A `FailureExample`, as it was stored. */
  readonly example: unknown;
}

/** One thing that people were to learn of it. */
export interface IncidentNotice {
  readonly id: number;
  readonly kind: string;
  readonly severity: string;
  readonly at: number;
  /** Whether it was kept, and not sent, because the chain was muted or paused. */
  readonly isHeld: boolean;
  /** The `Notice`, as it was stored. */
  readonly body: unknown;
  /** One for each channel that it was for. */
  readonly deliveries: readonly NoticeDelivery[];
}

/** What became of a notice on one channel. */
export interface NoticeDelivery {
  readonly channel: string;
  /** `waiting`, `sent`, `expired`, `refused`, or `merged` into a later message. */
  readonly state: string;
  readonly attempts: number;
  /** When it is tried again, or was to be tried for the last time. */
  readonly dueAt: number;
  readonly doneAt: number | null;
  /** Why the last attempt failed. */
  readonly error: string | null;
}

/** Which incidents to read. */
export interface IncidentsQuery {
  /** `null` for all chains. */
  readonly chain: string | null;
  readonly isOpen: boolean;
  readonly limit: number;
}

/** The newest incidents, the newest last. */
export function readIncidents(database: Database, query: IncidentsQuery): readonly IncidentSummary[] {
  const { where, values } = choice(query);
  return database
    .prepare(`SELECT ${summary} FROM incident ${where} LIMIT ?`)
    .all(...values, query.limit)
    .map(parseSummary)
    .toReversed();
}

/** The tasks that have an open incident. */
export function readOpenTasks(
  database: Database,
): readonly { readonly chain: string; readonly task: string }[] {
  return database
    .prepare('SELECT chain, task FROM incident WHERE healed_at IS NULL')
    .all()
    .map((row) => {
      const fields = fieldsOf(row);
      return { chain: String(fields['chain']), task: String(fields['task']) };
    });
}

/** How many notices wait to be delivered on each channel. */
export function readWaiting(
  database: Database,
): readonly { readonly channel: string; readonly count: number }[] {
  return database
    .prepare(`SELECT channel, count(*) AS count FROM delivery WHERE state = 'waiting' GROUP BY channel`)
    .all()
    .map((row) => {
      const fields = fieldsOf(row);
      return { channel: String(fields['channel']), count: Number(fields['count']) };
    });
}

/** Everything that is kept of one incident; `null` when there is none of this number. */
export function readIncident(database: Database, id: number): IncidentReport | null {
  const row = database.prepare(`SELECT ${summary} FROM incident WHERE id = ?`).get(id);
  if (row === undefined) return null;
  const incident = parseSummary(row);
  return { ...incident, kinds: readKinds(database, id), notices: readNotices(database, incident) };
}

const summary = `id, chain, task, first_run, opened_at, last_failed_at, healed_at, failures,
  (SELECT count(*) FROM incident_kind WHERE incident = id) AS kind_count,
  (SELECT title FROM incident_kind WHERE incident = id ORDER BY last_at DESC LIMIT 1) AS title`;

// A statement for each case: one for all of them would look through the whole table.
function choice({ chain, isOpen }: IncidentsQuery): {
  readonly where: string;
  readonly values: readonly string[];
} {
  if (isOpen) {
    const open = 'WHERE healed_at IS NULL';
    return chain === null
      ? { where: `${open} ORDER BY opened_at DESC, id DESC`, values: [] }
      : { where: `${open} AND chain = ? ORDER BY opened_at DESC, id DESC`, values: [chain] };
  }
  return chain === null
    ? { where: 'ORDER BY id DESC', values: [] }
    : { where: 'WHERE chain = ? ORDER BY first_run DESC', values: [chain] };
}

function readKinds(database: Database, id: number): readonly IncidentKind[] {
  return database
    .prepare('SELECT * FROM incident_kind WHERE incident = ? ORDER BY first_at, key')
    .all(id)
    .map((row) => {
      const fields = fieldsOf(row);
      return {
        key: String(fields['key']),
        title: String(fields['title']),
        failures: Number(fields['failures']),
        firstAt: Number(fields['first_at']),
        lastAt: Number(fields['last_at']),
        example: jsonOrNull(fields['example']),
      };
    });
}

function readNotices(database: Database, { chain, firstRun }: IncidentSummary): readonly IncidentNotice[] {
  const deliveries = database.prepare('SELECT * FROM delivery WHERE notice = ? ORDER BY channel');
  return database
    .prepare('SELECT * FROM notice WHERE chain = ? AND subject = ? ORDER BY id')
    .all(chain, `incident ${firstRun}`)
    .map((row) => {
      const fields = fieldsOf(row);
      const id = Number(fields['id']);
      return {
        id,
        kind: String(fields['kind']),
        severity: String(fields['severity']),
        at: Number(fields['at']),
        isHeld: Number(fields['is_held']) !== 0,
        body: jsonOrNull(fields['body']),
        deliveries: deliveries.all(id).map(parseDelivery),
      };
    });
}

function parseSummary(row: unknown): IncidentSummary {
  const fields = fieldsOf(row);
  return {
    id: Number(fields['id']),
    chain: String(fields['chain']),
    task: String(fields['task']),
    firstRun: Number(fields['first_run']),
    openedAt: Number(fields['opened_at']),
    lastFailedAt: Number(fields['last_failed_at']),
    healedAt: numberOrNull(fields['healed_at']),
    failures: Number(fields['failures']),
    kindCount: Number(fields['kind_count']),
    title: typeof fields['title'] === 'string' ? fields['title'] : '',
  };
}

function parseDelivery(row: unknown): NoticeDelivery {
  const fields = fieldsOf(row);
  return {
    channel: String(fields['channel']),
    state: String(fields['state']),
    attempts: Number(fields['attempts']),
    dueAt: Number(fields['due_at']),
    doneAt: numberOrNull(fields['done_at']),
    error: typeof fields['error'] === 'string' ? fields['error'] : null,
  };
}
