import { toDurationMs, type DurationMs } from '../core/units.ts';
import type { Database } from './database.ts';

/** One line of the history. Moments are milliseconds since 1970 UTC. */
export interface HistoryEntry {
  readonly chain: string;
  readonly run: number;
  readonly pass: number;
  readonly task: string;
  readonly fence: number;
  readonly startedAt: number;
  /** `null` while it is in progress, or until the next runner has found out how it ended. */
  readonly endedAt: number | null;
  readonly durationMs: DurationMs | null;
  /** Time on a processor; `null` where it was not measured. */
  readonly cpuMs: DurationMs | null;
  /** The most memory at once, in KiB; `null` where it was not measured. */
  readonly memoryKib: number | null;
  /** `null` while it has none. */
  readonly outcome: string | null;
  /** What the outcome carries: an exit code, a signal, an error. */
  readonly detail: unknown;
  readonly log: { readonly generation: number; readonly from: number; readonly to: number | null };
}

/** Which lines of the history to read. */
export interface HistoryQuery {
  /** `null` for all chains. */
  readonly chain: string | null;
  /** A single run of that chain, or `null`. */
  readonly run: number | null;
  readonly limit: number;
}

/** The newest lines of the history, the newest last. */
export function readHistory(database: Database, query: HistoryQuery): readonly HistoryEntry[] {
  const rows = database
    .prepare(
      `SELECT * FROM run WHERE (?1 IS NULL OR chain = ?1) AND (?2 IS NULL OR number = ?2)
       ORDER BY started_at DESC, number DESC LIMIT ?3`,
    )
    .all(query.chain, query.run, query.limit);
  return rows.map(parseRow).toReversed();
}

/** Which runs to read, page by page, the newest first. */
export interface RunsQuery {
  /** `null` for all chains. */
  readonly chains: readonly string[] | null;
  /** Only runs that were in progress at that moment or later; milliseconds since 1970 UTC, 0 for all. */
  readonly since: number;
  readonly limit: number;
}

/** The newest runs, the newest first; those before `before`, if it is given. */
export function readRunsBackward(
  database: Database,
  query: RunsQuery,
  before: HistoryEntry | null = null,
): readonly HistoryEntry[] {
  const rows = database
    .prepare(
      `SELECT * FROM run
       WHERE (?1 IS NULL OR chain IN (SELECT value FROM json_each(?1)))
         AND (ended_at IS NULL OR ended_at >= ?2)
         AND (?3 IS NULL OR (started_at, chain, number) < (?3, ?4, ?5))
       ORDER BY started_at DESC, chain DESC, number DESC LIMIT ?6`,
    )
    .all(
      query.chains === null ? null : JSON.stringify(query.chains),
      query.since,
      before?.startedAt ?? null,
      before?.chain ?? null,
      before?.run ?? null,
      query.limit,
    );
  return rows.map(parseRow);
}

/** The runs of a chain after run `run`, in their order. */
export function readRunsAfter(database: Database, chain: string, run: number): readonly HistoryEntry[] {
  return database
    .prepare('SELECT * FROM run WHERE chain = ? AND number > ? ORDER BY number')
    .all(chain, run)
    .map(parseRow);
}

/** The names of all chains that have ever run, in alphabetical order. */
export function readChainNames(database: Database): readonly string[] {
  const rows = database.prepare('SELECT name FROM chain ORDER BY name').all();
  return rows.map((row) => String(fieldsOf(row)['name']));
}

function parseRow(row: unknown): HistoryEntry {
  const fields = fieldsOf(row);
  return {
    chain: String(fields['chain']),
    run: Number(fields['number']),
    pass: Number(fields['pass']),
    task: String(fields['task']),
    fence: Number(fields['fence']),
    startedAt: Number(fields['started_at']),
    endedAt: numberOrNull(fields['ended_at']),
    durationMs: lengthOrNull(fields['duration_ms']),
    cpuMs: lengthOrNull(fields['cpu_ms']),
    memoryKib: numberOrNull(fields['memory_kib']),
    outcome: typeof fields['outcome'] === 'string' ? fields['outcome'] : null,
    detail: typeof fields['detail'] === 'string' ? JSON.parse(fields['detail']) : null,
    log: {
      generation: Number(fields['log_generation']),
      from: Number(fields['log_from']),
      to: numberOrNull(fields['log_to']),
    },
  };
}

function fieldsOf(row: unknown): Readonly<Record<string, unknown>> {
  return typeof row === 'object' && row !== null ? { ...row } : {};
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function lengthOrNull(value: unknown): DurationMs | null {
  const length = numberOrNull(value);
  return length === null ? null : toDurationMs(length);
}
