import type { ChainName, HistoryLimits } from '../core/definition.ts';
import type { EpochMs } from '../core/units.ts';
import type { Database, Statement } from './database.ts';
import { fieldsOf } from './row.ts';

/** So many rows are looked at in one step: it takes a few milliseconds, in which nothing else happens. */
const rowsInStep = 500;
/** Of incidents and notices, which have more to them. */
const incidentsInStep = 50;
/** Incidents that have healed, and what was told, are kept for so long, and no more of them than that. */
const keptFor = { ms: 400 * 86_400_000, incidents: 10_000, notices: 50_000 };

/** What was done in one step: more is to be done, or nothing for now. */
type PruneStep = 'more' | 'done';

/** Removes what is too old, step by step. Each step is whole or not at all. */
export interface Pruner {
  /** Removes runs of one chain that its limits do not keep. A run in progress stays. */
  pruneRuns(chain: ChainName, limits: HistoryLimits, now: EpochMs): PruneStep;
  /**
   * Removes healed incidents and notices. What is open, or waits for a channel, stays; but no more notices than that in
   * all, so that a project without channels, or with a dead one, does not grow for ever.
   */
  pruneIncidents(now: EpochMs): PruneStep;
}

const failed = `('exited', 'killed', 'threw', 'not started', 'interrupted', 'timed out')`;

/** Prunes in this database. */
export function createPruner(database: Database): Pruner {
  const statements = prepareRuns(database);
  const incidents = prepareIncidents(database);
  /** Up to this run only failed ones are left. */
  const thinned = new Map<ChainName, number>();

  function thinOut(chain: ChainName, upTo: number): PruneStep {
    const from = thinned.get(chain) ?? 0;
    if (upTo <= from) return 'done';
    const to = numberIn(statements.pageEnd.get(chain, from, upTo, rowsInStep)) ?? upTo;
    statements.thinOut.run(chain, from, to);
    thinned.set(chain, to);
    return to < upTo ? 'more' : 'done';
  }

  return {
    pruneRuns(chain, { runsKept, failedRunsKept, ageMs }, now) {
      const newest = numberIn(statements.newest.get(chain));
      if (newest === null) return 'done';
      const steps = [
        changes(statements.oldest.run(chain, newest - Math.max(runsKept, failedRunsKept), chain, rowsInStep)),
        ageMs === null ? 0 : changes(statements.aged.run(chain, now - ageMs, newest, chain, rowsInStep)),
      ];
      const isMore = steps.some((count) => count >= rowsInStep);
      return thinOut(chain, newest - runsKept) === 'more' || isMore ? 'more' : 'done';
    },
    pruneIncidents(now) {
      const before = now - keptFor.ms;
      const counts = [
        changes(incidents.healed.run(before, keptFor.incidents, incidentsInStep)),
        changes(incidents.told.run(before, keptFor.notices, incidentsInStep)),
      ];
      return counts.some((count) => count >= incidentsInStep) ? 'more' : 'done';
    },
  };
}

type RunStatements = Readonly<Record<'newest' | 'oldest' | 'aged' | 'pageEnd' | 'thinOut', Statement>>;

function prepareRuns(database: Database): RunStatements {
  // The end of the oldest few rows: a statement that removes no more than these ends soon.
  const few = `coalesce((SELECT number FROM run WHERE chain = ? ORDER BY number LIMIT 1 OFFSET ?), ${Number.MAX_SAFE_INTEGER})`;
  return {
    newest: database.prepare('SELECT max(number) AS number FROM run WHERE chain = ?'),
    oldest: database.prepare(`DELETE FROM run WHERE chain = ? AND number <= ? AND number < ${few}`),
    aged: database.prepare(
      `DELETE FROM run WHERE chain = ? AND started_at < ? AND number < ? AND number < ${few}`,
    ),
    pageEnd: database.prepare(
      'SELECT number FROM run WHERE chain = ? AND number > ? AND number <= ? ORDER BY number LIMIT 1 OFFSET ?',
    ),
    thinOut: database.prepare(
      `DELETE FROM run WHERE chain = ? AND number > ? AND number <= ? AND outcome NOT IN ${failed}`,
    ),
  };
}

type IncidentStatements = Readonly<Record<'healed' | 'told', Statement>>;

// Kinds and deliveries go with their incident or notice: the tables say so.
function prepareIncidents(database: Database): IncidentStatements {
  return {
    healed: database.prepare(
      `DELETE FROM incident WHERE id IN (
         SELECT id FROM incident WHERE healed_at IS NOT NULL
           AND (healed_at < ? OR id <= coalesce((SELECT id FROM incident ORDER BY id DESC LIMIT 1 OFFSET ?), 0))
         ORDER BY id LIMIT ?)`,
    ),
    told: database.prepare(
      `DELETE FROM notice WHERE id IN (
         SELECT id FROM notice WHERE id <= coalesce((SELECT id FROM notice ORDER BY id DESC LIMIT 1 OFFSET ?2), 0)
           OR (at < ?1
             AND NOT EXISTS (SELECT 1 FROM delivery WHERE notice = notice.id AND state = 'waiting')
             AND NOT EXISTS (SELECT 1 FROM incident WHERE incident.chain = notice.chain AND healed_at IS NULL
               AND notice.subject = 'incident ' || first_run))
         ORDER BY id LIMIT ?3)`,
    ),
  };
}

function numberIn(row: unknown): number | null {
  const { number } = fieldsOf(row);
  return typeof number === 'number' ? number : null;
}

function changes(result: { readonly changes: number | bigint }): number {
  return Number(result.changes);
}
