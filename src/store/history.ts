import { toDurationMs, type DurationMs } from '../core/units.ts';
import type { Database } from './database.ts';
import { fieldsOf, jsonOrNull, numberOrNull } from './row.ts';

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
  const { sql, values } = historyStatement(query);
  return database
    .prepare(`${sql} LIMIT ?`)
    .all(...values, query.limit)
    .map(parseRow)
    .toReversed();
}

// A statement for each case: one for all of them looks through the whole table, which may have millions of rows.
function historyStatement({ chain, run }: HistoryQuery): {
  readonly sql: string;
  readonly values: readonly (string | number)[];
} {
  if (chain === null && run === null) {
    return { sql: 'SELECT * FROM run ORDER BY started_at DESC, chain DESC, number DESC', values: [] };
  }
  if (chain === null) {
    // By the few chains: a number alone has no index.
    const sql =
      'SELECT run.* FROM chain CROSS JOIN run ON run.chain = chain.name AND run.number = ? ORDER BY started_at DESC';
    return { sql, values: [run ?? 0] };
  }
  return run === null
    ? { sql: 'SELECT * FROM run WHERE chain = ? ORDER BY number DESC', values: [chain] }
    : { sql: 'SELECT * FROM run WHERE chain = ? AND number = ?', values: [chain, run] };
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
  const { chains, since, limit } = query;
  if (chains !== null) {
    const pages = chains.map((chain) => chainBackward(database, { chain, since, limit }, before));
    return pages.flat().toSorted(newestFirst).slice(0, limit);
  }
  // The page before has gone beyond that moment, with the few runs that were in progress then.
  if (before !== null && before.startedAt < since) return [];
  const begun = begunBackward(database, query, before);
  return since === 0 || begun.length === limit ? begun : [...begun, ...inProgressAt(database, since)];
}

/** The runs of all chains that began at a moment or later. */
function begunBackward(
  database: Database,
  { since, limit }: RunsQuery,
  before: HistoryEntry | null,
): readonly HistoryEntry[] {
  const order = 'ORDER BY started_at DESC, chain DESC, number DESC LIMIT ?';
  const begun = 'SELECT * FROM run WHERE started_at >= ?';
  const rows =
    before === null
      ? database.prepare(`${begun} ${order}`).all(since, limit)
      : database
          .prepare(`${begun} AND (started_at, chain, number) < (?, ?, ?) ${order}`)
          .all(since, before.startedAt, before.chain, before.run, limit);
  return rows.map(parseRow);
}

const newestBefore = 'SELECT number FROM run WHERE chain = ? AND started_at < ? ORDER BY number DESC LIMIT 1';

/** Those that began before, one of a chain at most. */
function inProgressAt(database: Database, moment: number): readonly HistoryEntry[] {
  const before = newestBefore.replace('?', 'chain.name');
  return database
    .prepare(
      `SELECT run.* FROM chain CROSS JOIN run ON run.chain = chain.name AND run.number = (${before})
       WHERE ended_at IS NULL OR ended_at >= ? ORDER BY started_at DESC, chain DESC, number DESC`,
    )
    .all(moment, moment)
    .map(parseRow);
}

function chainBackward(
  database: Database,
  { chain, since, limit }: { readonly chain: string; readonly since: number; readonly limit: number },
  before: HistoryEntry | null,
): readonly HistoryEntry[] {
  // Anything is before this.
  const end = before ?? { startedAt: Number.MAX_SAFE_INTEGER, chain, run: Number.MAX_SAFE_INTEGER };
  return database
    .prepare(
      `SELECT * FROM run WHERE chain = ? AND number >= coalesce((${newestBefore}), 0) AND number < ?
         AND (ended_at IS NULL OR ended_at >= ?) AND (started_at, chain, number) < (?, ?, ?)
       ORDER BY number DESC LIMIT ?`,
    )
    .all(
      chain,
      chain,
      since,
      end.chain === chain ? end.run : Number.MAX_SAFE_INTEGER,
      since,
      end.startedAt,
      end.chain,
      end.run,
      limit,
    )
    .map(parseRow);
}

function newestFirst(one: HistoryEntry, other: HistoryEntry): number {
  if (one.startedAt !== other.startedAt) return other.startedAt - one.startedAt;
  if (one.chain !== other.chain) return one.chain < other.chain ? 1 : -1;
  return other.run - one.run;
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
    detail: jsonOrNull(fields['detail']),
    log: {
      generation: Number(fields['log_generation']),
      from: Number(fields['log_from']),
      to: numberOrNull(fields['log_to']),
    },
  };
}

function lengthOrNull(value: unknown): DurationMs | null {
  const length = numberOrNull(value);
  return length === null ? null : toDurationMs(length);
}
