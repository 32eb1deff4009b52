import { statSync } from 'node:fs';
import { StoreError } from '../ports.ts';
import { openDatabase, type Database } from './database.ts';
import { migrate, schemaVersion, storedVersion } from './schema.ts';

/** Up to this size a file is looked through at each start; what is damaged in a larger one shows when it is read. */
const checkLimitBytes = 8 * 1024 * 1024;
/** How long a statement waits for another process that writes to the same file. */
const busyTimeoutMs = 10_000;
/** So many pages of 4 KiB of the log are brought into the file at once: rarely, since nothing else happens meanwhile. */
const checkpointPages = 4_000;
/** How soon a file that another process is making is tried again. */
const lockPauseMs = 20;

/**
 * Opens the state of a project, and brings it to the present schema. A crash of any process cannot damage it or
 * undo what it has acknowledged.
 * @throws StoreError when the file is damaged, was written by a newer version, or cannot be opened.
 */
export async function openState(path: string): Promise<Database> {
  let database: Database | null = null;
  try {
    database = openDatabase(path);
    database.exec(
      `PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${checkpointPages};`,
    );
    await useWriteAheadLog(database);
    checkWhole(database, path);
    const version = storedVersion(database);
    if (version > schemaVersion) throw newerError(path, version);
    if (version < schemaVersion) migrate(database);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof StoreError ? error : openError(path, error);
  }
}

/** The message of a failed write, with what to do about it. */
export function writeError(path: string, error: unknown): StoreError {
  const text = messageOf(error);
  const advice = /full|ENOSPC/i.test(text)
    ? 'free some space on that disk'
    : 'see to it that the file can be written';
  return new StoreError(
    `Cannot store the state in "${path}": ${text}; ${advice}, the chain then goes on by itself`,
    {
      cause: error,
    },
  );
}

// The only statement that does not wait for another process by itself: two that make the same file meet here.
async function useWriteAheadLog(database: Database): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += lockPauseMs) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (waitedMs >= busyTimeoutMs || !/locked|busy/i.test(messageOf(error))) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, lockPauseMs));
  }
}

function checkWhole(database: Database, path: string): void {
  // Its size only: to open the file here would strip SQLite's locks when it is closed again.
  if (statSync(path).size > checkLimitBytes) return;
  const row = database.prepare('PRAGMA quick_check(1)').get();
  const answer = typeof row === 'object' && row !== null ? String(Object.values(row)[0]) : '';
  if (answer !== 'ok') throw damagedError(path, answer);
}

function openError(path: string, error: unknown): StoreError {
  const text = messageOf(error);
  if (/malformed|not a database|corrupt/i.test(text)) return damagedError(path, text);
  return new StoreError(`Cannot open the state "${path}": ${text}; nothing was started`, { cause: error });
}

function damagedError(path: string, found: string): StoreError {
  return new StoreError(
    `Cannot use the state "${path}": it is damaged (${found}); nothing was started. ` +
      `Put a backup in its place, or move it aside to begin with an empty history: mv "${path}" "${path}.damaged"`,
  );
}

function newerError(path: string, version: number): StoreError {
  return new StoreError(
    `Cannot use the state "${path}": a newer version of runner wrote it (schema ${version}, this one knows ` +
      `${schemaVersion}); nothing was started. Use that version again, or another --state-dir`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
