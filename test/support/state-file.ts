import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Database } from '../../src/store/database.ts';
import { openState } from '../../src/store/open-state.ts';

/** A new state in a folder of its own, both gone after the test. */
export async function openTestState(t: TestContext): Promise<Database> {
  const folder = mkdtempSync(join(tmpdir(), 'runner-state-'));
  const database = await openState(join(folder, 'state.db'));
  t.after(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return database;
}

/** A run in the history. */
export interface RunRow {
  readonly chain?: string;
  readonly number: number;
  readonly startedAt: number;
  /** `null` while it is in progress. */
  readonly endedAt?: number | null;
  readonly outcome?: string;
}

/** Writes a run, and its chain where that is new. */
export function insertRun(database: Database, row: RunRow): void {
  const { chain = 'mail', number, startedAt, outcome = 'succeeded' } = row;
  const endedAt = row.endedAt === undefined ? startedAt + 10 : row.endedAt;
  database.prepare('INSERT OR IGNORE INTO chain (name, fence) VALUES (?, 1)').run(chain);
  database
    .prepare(
      `INSERT INTO run (chain, number, pass, task, fence, started_at, ended_at, outcome, log_generation, log_from)
       VALUES (?, ?, 1, 'task1', 1, ?, ?, ?, 1, 0)`,
    )
    .run(chain, number, startedAt, endedAt, endedAt === null ? null : outcome);
}
