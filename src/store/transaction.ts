import type { Database } from './database.ts';

/** Does some work as a whole or not at all. What is asked of the database must all be asked before `work` returns. */
export function inTransaction<Result>(database: Database, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

// A full disk can end a transaction by itself; then there is nothing to roll back.
function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK');
  } catch (error) {
    if (!(error instanceof Error && /no transaction/i.test(error.message))) throw error;
  }
}
