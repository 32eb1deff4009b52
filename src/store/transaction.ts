import type { Database, Statement } from './database.ts';

/** Does some work as a whole or not at all. What is asked of the database must all be asked before `work` returns. */
export type InTransaction = <Result>(work: () => Result) => Result;

/** Prepares transactions of a database, once. */
export function prepareTransaction(database: Database): InTransaction {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  return (work) => {
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      rollBack(rollback);
      throw error;
    }
  };
}

// A full disk can end a transaction by itself; then there is nothing to roll back.
function rollBack(rollback: Statement): void {
  try {
    rollback.run();
  } catch (error) {
    if (!(error instanceof Error && /no transaction/i.test(error.message))) throw error;
  }
}
