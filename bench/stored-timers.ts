// node stored-timers.js COUNT PERIOD_MS DATABASE: as many timers as `bare-timers.js`, of which each asks another Node for
// something and stores before and after it, as little as any program can that must not forget what it began: those that
// are due in the same 10 ms share a wake-up and a commit, and what came of those before goes into the same one. Decides
// nothing, proves nothing, has no log. Prints this process's share of a core over one period, in percent, and by how many
// milliseconds the latest of a hundred are asked late.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../src/store/database.ts';
import { percentile } from './up-figures.ts';

/** What the runner stores of a chain has about this length. */
const stateLength = 900;
const stepMs = 10;
const [first = '', period = '', path = ''] = process.argv.slice(2);

if (first === 'answer') process.stdin.on('data', (chunk) => process.stdout.write(chunk));
else runTimers({ count: Number(first), periodMs: Number(period) });

function runTimers({ count, periodMs }: { count: number; periodMs: number }): void {
  const rows = openRows(count);
  const answers: number[] = [];
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'answer'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    answers.push(...chunk.split('\n').filter(Boolean).map(Number));
  });
  const late: number[] = [];
  const from = { ms: performance.now(), cpu: process.cpuUsage() };
  const dueMs = (index: number): number => from.ms + ((index + 1) * periodMs) / count;
  for (const [moment, indexes] of inSteps(count, (index) => dueMs(index) - from.ms)) {
    setTimeout(() => {
      rows.store({ ended: answers.splice(0), begun: indexes });
      for (const index of indexes) {
        child.stdin.write(`${index}\n`);
        late.push(performance.now() - dueMs(index));
      }
    }, moment);
  }
  setTimeout(() => child.stdin.end(), periodMs + 2 * stepMs);
  process.on('exit', () => {
    const { user, system } = process.cpuUsage(from.cpu);
    const percentOfCore = (100 * (user + system)) / 1_000 / (performance.now() - from.ms);
    console.log(JSON.stringify({ percentOfCore, lateMs: percentile(late, 0.99) }));
  });
}

/** What is due within the same step, by the end of that step. */
function inSteps(count: number, dueIn: (index: number) => number): Map<number, number[]> {
  const steps = new Map<number, number[]>();
  for (let index = 0; index < count; index += 1) {
    const moment = Math.ceil(dueIn(index) / stepMs) * stepMs;
    const step = steps.get(moment) ?? [];
    step.push(index);
    steps.set(moment, step);
  }
  return steps;
}

/** Rows like those of the runner: the state of each chain, and a line for each run. */
function openRows(count: number): {
  store(step: { ended: readonly number[]; begun: readonly number[] }): void;
} {
  const database = openDatabase(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000');
  database.exec('CREATE TABLE chain (name TEXT PRIMARY KEY, state TEXT) STRICT');
  database.exec(
    'CREATE TABLE run (chain TEXT, at INTEGER, ended INTEGER, PRIMARY KEY (chain, at)) STRICT, WITHOUT ROWID',
  );
  const chain = database.prepare('INSERT INTO chain VALUES (?, ?)');
  const state = database.prepare('UPDATE chain SET state = ? WHERE name = ?');
  const started = database.prepare('INSERT INTO run VALUES (?, 1, NULL)');
  const ended = database.prepare('UPDATE run SET ended = 1 WHERE chain = ? AND at = 1');
  const text = 'x'.repeat(stateLength);
  database.exec('BEGIN IMMEDIATE');
  for (let index = 0; index < count; index += 1) chain.run(`c${index}`, text);
  database.exec('COMMIT');
  return {
    store(step) {
      database.exec('BEGIN IMMEDIATE');
      for (const index of step.ended) {
        state.run(text, `c${index}`);
        ended.run(`c${index}`);
      }
      for (const index of step.begun) {
        state.run(text, `c${index}`);
        started.run(`c${index}`);
      }
      database.exec('COMMIT');
    },
  };
}
