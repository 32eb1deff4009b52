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
  `CREATE TABLE incident (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     chain TEXT NOT NULL,
     first_run INTEGER NOT NULL,
     task TEXT NOT NULL,
     opened_at INTEGER NOT NULL,
     last_failed_at INTEGER NOT NULL,
     healed_at INTEGER,
     failures INTEGER NOT NULL,
     UNIQUE (chain, first_run)
   ) STRICT;
   CREATE INDEX incident_open ON incident (opened_at) WHERE healed_at IS NULL;
   CREATE TABLE incident_kind (
     incident INTEGER NOT NULL REFERENCES incident ON DELETE CASCADE,
     key TEXT NOT NULL,
     title TEXT NOT NULL,
     failures INTEGER NOT NULL,
     first_at INTEGER NOT NULL,
     last_at INTEGER NOT NULL,
     example TEXT NOT NULL,
     PRIMARY KEY (incident, key)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE notice (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     chain TEXT NOT NULL,
     subject TEXT NOT NULL,
     kind TEXT NOT NULL,
     severity TEXT NOT NULL,
     at INTEGER NOT NULL,
     is_held INTEGER NOT NULL,
     is_sent_out INTEGER NOT NULL DEFAULT 0,
     body TEXT NOT NULL
   ) STRICT;
   CREATE INDEX notice_subject ON notice (chain, subject);
   CREATE INDEX notice_waiting ON notice (id) WHERE is_sent_out = 0;
   CREATE TABLE delivery (
     notice INTEGER NOT NULL REFERENCES notice ON DELETE CASCADE,
     channel TEXT NOT NULL,
     state TEXT NOT NULL,
     attempts INTEGER NOT NULL,
     due_at INTEGER NOT NULL,
     done_at INTEGER,
     error TEXT,
     PRIMARY KEY (notice, channel)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX delivery_waiting ON delivery (channel, due_at) WHERE state = 'waiting';
   CREATE TABLE channel (
     name TEXT PRIMARY KEY,
     state TEXT NOT NULL
   ) STRICT;
   CREATE INDEX run_started ON run (started_at, chain, number);`,
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
