import type { Database } from './database.ts';

/**
 * The steps from an empty file to the present schema. A released step is never edited: what changes later is a
 * step of its own. `user_version` counts the steps that a file has seen.
 */
const migrations: readonly string[] = [
  `CREATE TABLE chain (
     name TEXT PRIMARY KEY,
     fence INTEGER NOT NULL,
     state TEXT
   ) STRICT;
   CREATE TABLE run (
     chain TEXT NOT NULL,
     number INTEGER NOT NULL,
     pass INTEGER NOT NULL,
     task TEXT NOT NULL,
     fence INTEGER NOT NULL,
     started_at INTEGER NOT NULL,
     ended_at INTEGER,
     duration_ms INTEGER,
     outcome TEXT,
     detail TEXT,
     log_generation INTEGER NOT NULL,
     log_from INTEGER NOT NULL,
     log_to INTEGER,
     PRIMARY KEY (chain, number)
   ) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE run ADD COLUMN cpu_ms INTEGER;
   ALTER TABLE run ADD COLUMN memory_kib INTEGER;`,
];

/** The schema of this version of the program. */
export const schemaVersion: number = migrations.length;

/** The schema that a file has; 0 for an empty one. */
export function storedVersion(database: Database): number {
  const row = database.prepare('PRAGMA user_version').get();
  return typeof row === 'object' && row !== null && 'user_version' in row ? Number(row.user_version) : 0;
}

/** Brings a file to the present schema, step by step, each of them whole or not at all. */
export function migrate(database: Database): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    for (let version = storedVersion(database); version < schemaVersion; version += 1) {
      database.exec(migrations[version] ?? '');
      database.exec(`PRAGMA user_version = ${version + 1}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
