import type { LogPosition } from '../core/event.ts';
import type { LogFiles, LogRange } from '../log/read-log.ts';
import type { Database } from '../store/database.ts';
import { readRunsBackward, type HistoryEntry } from '../store/history.ts';

/** How many runs are read from the history at a time. */
const pageLength = 500;
/** How many runs are shown at most: so many headings nobody reads, and they have to be remembered. */
const mostRuns = 100_000;

/** What one run has written, and what its chain has written after it until the next one began. */
export interface LogPart {
  readonly entry: HistoryEntry;
  readonly range: LogRange;
}

/** Which output to find. */
export interface PartsWanted {
  /** `null` for all chains. */
  readonly chains: readonly string[] | null;
  /** Only of runs that were in progress at that moment or later. */
  readonly since: number;
  /** How many lines from the end; `null` for all. */
  readonly lines: number | null;
  /** How far a chain's log is to be read. */
  readonly endOf: (chain: string) => LogPosition;
}

/** Finds output in the logs, in the order in which the runs began. What is not kept any more is left out. */
export async function findParts(
  database: Database,
  files: LogFiles,
  wanted: PartsWanted,
): Promise<readonly LogPart[]> {
  const parts: LogPart[] = [];
  const newer = new Map<string, LogPosition>();
  let missing = wanted.lines;
  for (const entry of runsBackward(database, wanted)) {
    if (missing === 0 || parts.length >= mostRuns) break;
    const end = newer.get(entry.chain) ?? wanted.endOf(entry.chain);
    if (!newer.has(entry.chain) && beganAfter(entry, end)) continue;
    const range = rangeOf(entry, end);
    newer.set(entry.chain, { generation: entry.log.generation, offset: entry.log.from });
    if (range === null) continue;
    if (missing === null) {
      parts.push({ entry, range });
      continue;
    }
    const last = await files.lastLines(entry.chain, range, missing);
    if (last === null || last.lines === 0) continue;
    missing -= last.lines;
    parts.push({ entry, range: { ...range, from: last.from } });
  }
  return parts.toReversed();
}

function* runsBackward(database: Database, { chains, since }: PartsWanted): Iterable<HistoryEntry> {
  let before: HistoryEntry | null = null;
  for (;;) {
    const page: readonly HistoryEntry[] = readRunsBackward(
      database,
      { chains, since, limit: pageLength },
      before,
    );
    yield* page;
    before = page.at(-1) ?? null;
    if (before === null || page.length < pageLength) return;
  }
}

/** Whether a run began after the moment up to which the log is read. */
function beganAfter({ log }: HistoryEntry, end: LogPosition): boolean {
  if (log.generation !== end.generation) return log.generation > end.generation;
  const hasEmptiedLog = log.to !== null && log.to < log.from;
  return log.from > end.offset && !hasEmptiedLog;
}

/** Up to where the next run of its chain begins, or to where reading ends; `null` when nothing is there. */
function rangeOf({ log }: HistoryEntry, end: LogPosition): LogRange | null {
  const { generation, from } = log;
  if (end.generation > generation) return { generation, from, to: null };
  // A task that has emptied the log makes the next one begin further up.
  return end.offset === from ? null : { generation, from, to: end.offset };
}
