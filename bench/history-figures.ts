import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../src/store/database.ts';
import { readHistory, readRunsBackward } from '../src/store/history.ts';
import { readIncident, readIncidents } from '../src/store/incidents.ts';
import { openState } from '../src/store/open-state.ts';
import type { Comparison, Contender } from './comparison.ts';
import { startUp } from './up-figures.ts';
import type { Workshop } from './workshop.ts';

const chains = 1_000;
const runsOfChain = 10_000;
const incidents = 10_000;
/** Between two runs of a chain, which all began in turn. */
const stepMs = 60_000;

/** What a history of ten million runs costs those who look at it, and the start of a runner. */
export function historyComparison(workshop: Workshop): Comparison {
  let made: Promise<string> | null = null;
  // It takes a minute: only whoever measures it waits for it.
  const folder = (): Promise<string> => (made ??= makeHistory(workshop));
  const asked = (name: string, ask: (database: Database) => unknown): Contender => ({
    name,
    measure: async () => timed(await openState(join(await folder(), '.runner', 'state.db')), ask),
  });
  const whole = (...words: readonly string[]): Contender => ({
    name: `whole command runner ${words.join(' ')}`,
    measure: async () => commandMs(workshop, await folder(), words),
  });
  const since = Date.now() - 3_600_000;
  return {
    title: 'A history of 10 million runs',
    unit: 'ms',
    digits: 1,
    rounds: 5,
    floor: 'open the state',
    note: `${chains} chains with ${runsOfChain} runs each, ${incidents} incidents; each question with a database that was opened anew.`,
    goals: [
      { contender: 'start of runner up', of: 'median', atMost: 2_000 },
      { contender: 'history of all chains', of: 'median', atMost: 100 },
      { contender: 'history of one chain', of: 'median', atMost: 100 },
      { contender: 'incidents', of: 'median', atMost: 100 },
    ],
    contenders: [
      {
        name: 'open the state',
        async measure() {
          const path = join(await folder(), '.runner', 'state.db');
          const startedMs = performance.now();
          (await openState(path)).close();
          return performance.now() - startedMs;
        },
      },
      asked('history of all chains', (database) =>
        readHistory(database, { chain: null, run: null, limit: 20 }),
      ),
      asked('history of one chain', (database) =>
        readHistory(database, { chain: 'chain-500', run: null, limit: 20 }),
      ),
      asked('one run', (database) => readHistory(database, { chain: 'chain-500', run: 4_711, limit: 1 })),
      asked('a run number of all chains', (database) =>
        readHistory(database, { chain: null, run: 4_711, limit: 20 }),
      ),
      asked('runs of the last hour, a page', (database) =>
        readRunsBackward(database, { chains: null, since, limit: 500 }),
      ),
      asked('incidents', (database) => readIncidents(database, { chain: null, isOpen: false, limit: 20 })),
      asked('open incidents', (database) =>
        readIncidents(database, { chain: null, isOpen: true, limit: 1_000 }),
      ),
      asked('one incident', (database) => readIncident(database, 4_711)),
      whole('history'),
      whole('incidents'),
      {
        name: 'start of runner up',
        async measure() {
          const runner = await startUp(
            workshop,
            { 'chain-1': { tasks: ['sh: :'], cooldown: '1h' } },
            { folder: await folder() },
          );
          await runner.stop();
          return runner.startMs;
        },
      },
    ],
  };
}

function timed(database: Database, ask: (database: Database) => unknown): number {
  const startedMs = performance.now();
  ask(database);
  const tookMs = performance.now() - startedMs;
  database.close();
  return tookMs;
}

function commandMs(workshop: Workshop, cwd: string, words: readonly string[]): number {
  const startedMs = performance.now();
  const { status } = spawnSync(process.execPath, [workshop.runner, ...words], { cwd, stdio: 'ignore' });
  if (status !== 0) throw new Error(`runner ${words.join(' ')} ended with ${status}`);
  return performance.now() - startedMs;
}

async function makeHistory(workshop: Workshop): Promise<string> {
  const folder = workshop.fresh();
  mkdirSync(join(folder, '.runner'), { recursive: true, mode: 0o700 });
  const database = await openState(join(folder, '.runner', 'state.db'));
  const firstMs = Date.now() - runsOfChain * stepMs;
  database.exec(`PRAGMA synchronous = OFF; DROP INDEX run_started;
    INSERT INTO chain (name, fence)
      WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${chains})
      SELECT 'chain-' || i, 1 FROM c;
    WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${chains}),
      n(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM n WHERE j < ${runsOfChain})
    INSERT INTO run (chain, number, pass, task, fence, started_at, ended_at, duration_ms, outcome, log_generation, log_from, log_to)
      SELECT name, j, j, 'tasks.sendMail', 1, ${firstMs} + j * ${stepMs} + chain.rowid,
        ${firstMs} + j * ${stepMs} + chain.rowid + 300, 300, 'succeeded', 1, j * 100, j * 100 + 100
      FROM chain CROSS JOIN n ORDER BY name, j;
    CREATE INDEX run_started ON run (started_at, chain, number);
    INSERT INTO incident (chain, first_run, task, opened_at, last_failed_at, healed_at, failures)
      WITH RECURSIVE n(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM n WHERE j < ${incidents})
      SELECT 'chain-' || (1 + j % ${chains}), j, 'tasks.sendMail', ${firstMs} + j * 1000, ${firstMs} + j * 1000,
        iif(j % 100 = 0, NULL, ${firstMs} + j * 1001), 3 FROM n;
    INSERT INTO incident_kind
      SELECT id, 'exit 3', 'exit status 3', 3, opened_at, opened_at, '{}' FROM incident;
    INSERT INTO notice (chain, subject, kind, severity, at, is_held, is_sent_out, body)
      SELECT chain, 'incident ' || first_run, 'incident opened', 'error', opened_at, 0, 1, '{}' FROM incident;
    INSERT INTO delivery SELECT id, 'ops', 'sent', 1, at, at, NULL FROM notice;
    PRAGMA wal_checkpoint(TRUNCATE);`);
  database.close();
  return folder;
}
