import { createRequire } from 'node:module';

/** The part of SQLite's interface in Node that the store uses; `node:sqlite` and @photostructure/sqlite both have it. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

/** A prepared statement. */
export interface Statement {
  run(...values: SqlValue[]): { readonly changes: number | bigint };
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
}

/** What can be bound. A Date would silently become NULL, and a boolean be refused. */
type SqlValue = string | number | null;

/**
 * Opens a database file; creates it if it is not there. Node has SQLite built in from 22.13 on, before that it
 * comes from a package.
 */
export function openDatabase(path: string): Database {
  const { DatabaseSync } = loadSqlite();
  return new DatabaseSync(path);
}

interface SqliteModule {
  readonly DatabaseSync: new (path: string) => Database;
}

// Required, not imported: a program of CommonJS that imports has to load Node's loader of ES modules first.
function loadSqlite(): SqliteModule {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isBuiltIn = major > 22 || (major === 22 && minor >= 13);
  if (isBuiltIn) silenceExperimentalWarning();
  const require = createRequire(import.meta.url);
  const loaded: unknown = isBuiltIn ? require('node:sqlite') : require('@photostructure/sqlite');
  if (!isSqliteModule(loaded)) throw new Error(`Node ${process.versions.node} has no SQLite`);
  return loaded;
}

function isSqliteModule(loaded: unknown): loaded is SqliteModule {
  return typeof loaded === 'object' && loaded !== null && 'DatabaseSync' in loaded;
}

// Node 22 and 24 say at each start that SQLite is experimental; people can do nothing about it.
function silenceExperimentalWarning(): void {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: never[]) => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) emitWarning(warning, ...rest);
  };
}
