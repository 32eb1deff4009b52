import type { ChainName } from '../core/definition.ts';
import type { ChainTold } from '../core/event.ts';
import type { Outcome } from '../core/outcome.ts';
import { toFence } from '../core/units.ts';
import { StoreError, type Saving, type Store, type Term } from '../ports.ts';
import { prepareAlarmRows, type AlarmRows } from './alarm-rows.ts';
import type { Database, Statement } from './database.ts';
import { DiskSync, usualSync } from './disk-sync.ts';
import { writeError } from './open-state.ts';
import { parseState } from './parse-state.ts';
import { Gathering } from './gathering.ts';
import { prepareTransaction } from './transaction.ts';
import type { Pruning } from './pruning.ts';

/**
 * State in SQLite. A commit always survives the death of any process. A power cut may take back the commits of
 * the last tenth of a second, and of the time that the disk takes, but never a fence.
 */
export function createSqliteStore(database: Database, path: string, pruning: Pick<Pruning, 'ran'>): Store {
  const statements = prepareAll(database);
  const inTransaction = prepareTransaction(database);
  const disk = new DiskSync(`${path}-wal`, usualSync);
  let isSyncing = true;
  let beginnings: Beginning[] = [];
  const wishes = new Gathering(saveAll);

  function syncNow(wanted: boolean): void {
    if (wanted !== isSyncing) database.exec(`PRAGMA synchronous = ${wanted ? 'FULL' : 'NORMAL'}`);
    isSyncing = wanted;
  }

  // Each fence waits for the disk itself; those that are asked for in one turn of the event loop wait together.
  function beginAll(): void {
    const asked = beginnings;
    beginnings = [];
    try {
      syncNow(true);
      const rows = inTransaction(() => asked.map(({ chain }) => grantFence(statements, chain)));
      for (const [index, beginning] of asked.entries()) answerBeginning(beginning, rows[index], path);
    } catch (error) {
      for (const { reject } of asked) reject(storeErrorOf(path, error));
    }
  }

  // The chains that go on in one turn of the event loop share one commit, which costs more than all that is in it. It comes
  // before the next look at what has happened: a stop does not find a run that is intended and not started.
  function saveAll(asked: readonly Wish[]): void {
    const failure = disk.takeFailure();
    if (failure === null) saveTogether(asked);
    else for (const { reject } of asked) reject(storeErrorOf(path, failure));
  }

  function saveTogether(asked: readonly Wish[]): void {
    try {
      // Without a write-ahead log each commit has to wait for the disk, or a power cut could damage the file.
      syncNow(!disk.isPossible);
      const refusals = inTransaction(() => asked.map(({ saving }) => write(statements, saving)));
      if (disk.isPossible) disk.committed();
      for (const [index, wish] of asked.entries()) answerWish(wish, refusals[index] ?? null);
      for (const { saving } of asked) pruneSometimes(saving);
    } catch (error) {
      // What one of them cannot store must not keep the others from it.
      if (asked.length > 1) for (const wish of asked) saveTogether([wish]);
      else for (const { reject } of asked) reject(storeErrorOf(path, error));
    }
  }

  // Whatever came of it: what is too many is too many.
  function pruneSometimes({ chain, state, history }: Saving): void {
    if (state.run?.stage.kind === 'intended') pruning.ran(chain, state.lastRun, history);
  }

  return {
    begin(chain) {
      return new Promise((resolve, reject) => {
        if (beginnings.length === 0) setImmediate(beginAll);
        beginnings.push({ chain, resolve, reject });
      });
    },
    save(saving) {
      return new Promise((resolve, reject) => {
        wishes.add({ saving, resolve, reject }, saving);
      });
    },
  };
}

type Statements = Readonly<Record<'grant' | 'chain' | 'state' | 'intend' | 'end', Statement>> & {
  readonly alarm: AlarmRows;
};

function prepareAll(database: Database): Statements {
  return {
    grant: database.prepare(
      'INSERT INTO chain (name, fence) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET fence = fence + 1',
    ),
    chain: database.prepare('SELECT fence, state FROM chain WHERE name = ?'),
    state: database.prepare('UPDATE chain SET state = ? WHERE name = ? AND fence = ?'),
    intend: database.prepare(
      `INSERT OR REPLACE INTO run (chain, number, pass, task, fence, started_at, log_generation, log_from)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    end: database.prepare(
      `UPDATE run SET ended_at = ?, duration_ms = ?, cpu_ms = ?, memory_kib = ?, outcome = ?, detail = ?, log_to = ?
       WHERE chain = ? AND number = ?`,
    ),
    alarm: prepareAlarmRows(database),
  };
}

/** A term that is asked for. */
interface Beginning {
  readonly chain: ChainName;
  readonly resolve: (term: Term) => void;
  readonly reject: (error: Error) => void;
}

function grantFence(statements: Statements, chain: ChainName): unknown {
  statements.grant.run(chain);
  return statements.chain.get(chain);
}

// What is wrong with the state of one chain is nothing to the others.
function answerBeginning({ chain, resolve, reject }: Beginning, row: unknown, path: string): void {
  try {
    resolve(termOf(row, chain, path));
  } catch (error) {
    reject(storeErrorOf(path, error));
  }
}

function termOf(row: unknown, chain: ChainName, path: string): Term {
  if (typeof row !== 'object' || row === null || !('fence' in row) || !('state' in row)) {
    throw new StoreError(`Cannot read chain "${chain}" in "${path}"`);
  }
  return {
    fence: toFence(Number(row.fence)),
    state: typeof row.state === 'string' ? parseState(row.state, `chain "${chain}" in "${path}"`) : null,
  };
}

/** A step that is to be stored. */
interface Wish {
  readonly saving: Saving;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function answerWish({ resolve, reject }: Wish, refusal: StoreError | null): void {
  if (refusal === null) resolve();
  else reject(refusal);
}

/** Writes a step of a chain, or nothing of it where its term is over, and tells why. */
function write(statements: Statements, { chain, fence, state, told }: Saving): StoreError | null {
  const { changes } = statements.state.run(JSON.stringify(state), chain, fence);
  if (Number(changes) === 0) {
    return new StoreError(`Cannot store chain "${chain}": another runner has taken it over; stop this one`);
  }
  for (const one of told) writeTold(statements, one);
  return null;
}

function writeTold(statements: Statements, { chain, told, log }: ChainTold): void {
  if (told.kind === 'run intended') {
    const { number, pass, task, fence } = told.run;
    statements.intend.run(chain, number, pass, task, fence, told.at, log.generation, log.offset);
  }
  if (told.kind === 'incident changed') statements.alarm.incident(chain, told.change);
  if (told.kind === 'notice') statements.alarm.notice(chain, told.notice, told.isHeld);
  if (told.kind === 'run ended') {
    const { endedAt, durationMs, usage, outcome, run } = told;
    const measured = [durationMs, usage.cpuMs, usage.memoryKib] as const;
    const outcomeValues = [outcome.kind, detailOf(outcome)] as const;
    statements.end.run(endedAt, ...measured, ...outcomeValues, log.offset, chain, run.number);
  }
}

function detailOf(outcome: Outcome): string | null {
  const { kind: _, ...detail } = outcome;
  return Object.keys(detail).length === 0 ? null : JSON.stringify(detail);
}

function storeErrorOf(path: string, error: unknown): StoreError {
  return error instanceof StoreError ? error : writeError(path, error);
}
