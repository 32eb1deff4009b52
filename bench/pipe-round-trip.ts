// node pipe-round-trip.js TRIPS [STEP FILE]: sends a line to another Node process and waits for its answer, again and again.
// Prints the round trips per second. STEP adds what a chain of one function does, with nothing decided:
//   proven  the other one keeps a journal in FILE, measures what it takes, and proves that it has no child left
//   stored  the same, and this one stores the end of a trip and the begin of the next in one commit, in FILE.db
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../src/store/database.ts';
import { readChildren } from '../src/worker/function/children.ts';
import { appendToJournal } from '../src/worker/function/journal-writer.ts';
import { measureFunction } from '../src/worker/function/usage.ts';

const warmUpTrips = 1_000;
/** What the runner stores of a chain has about this length. */
const stateLength = 900;
const [argument = '', step = '', file = ''] = process.argv.slice(2);

if (argument === 'answer') process.stdin.on('data', step === '' ? answer : answerProven());
else console.log(JSON.stringify({ runsPerSecond: await tripsPerSecond(Number(argument)) }));

function answer(line: Buffer): void {
  process.stdout.write(line);
}

function answerProven(): (line: Buffer) => void {
  const journal = openSync(file, 'a');
  let trip = 0;
  return (line) => {
    trip += 1;
    const usage = measureFunction();
    appendToJournal(journal, ['began', trip, 1, Math.floor(performance.now()), Date.now()]);
    const { cpuMs, memoryKib } = usage();
    const { live } = readChildren();
    const words = ['ended', trip, Math.floor(performance.now()), Date.now(), 0, cpuMs ?? '', memoryKib ?? ''];
    appendToJournal(journal, [...words, live.length]);
    process.stdout.write(line);
  };
}

async function tripsPerSecond(trips: number): Promise<number> {
  const store = step === 'stored' ? openStore() : () => undefined;
  const words = [fileURLToPath(import.meta.url), 'answer', ...(step === '' ? [] : [step, file])];
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  let arrived: () => void = () => undefined;
  child.stdout.on('data', () => arrived());
  let number = 0;
  async function trip(): Promise<void> {
    number += 1;
    store(number);
    const answered = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    child.stdin.write('run 123 0 45 1 task\n');
    await answered;
  }
  for (let count = 0; count < warmUpTrips; count += 1) await trip();
  const startedMs = performance.now();
  for (let count = 0; count < trips; count += 1) await trip();
  const elapsedMs = performance.now() - startedMs;
  child.stdin.end();
  return (trips * 1_000) / elapsedMs;
}

/** Rows like those of the runner: the state of the chain, and a line for each run with an index by its begin. */
function openStore(): (number: number) => void {
  const database = openDatabase(`${file}.db`);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000');
  database.exec('CREATE TABLE chain (name TEXT PRIMARY KEY, state TEXT) STRICT');
  database.exec(
    'CREATE TABLE run (chain TEXT, number INTEGER, at INTEGER, ended INTEGER, PRIMARY KEY (chain, number)) STRICT, WITHOUT ROWID',
  );
  database.exec("CREATE INDEX begun ON run (at, chain, number); INSERT INTO chain VALUES ('c', '')");
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')];
  const state = database.prepare("UPDATE chain SET state = ? WHERE name = 'c'");
  const ended = database.prepare("UPDATE run SET ended = ? WHERE chain = 'c' AND number = ?");
  const started = database.prepare("INSERT INTO run VALUES ('c', ?, ?, NULL)");
  const text = 'x'.repeat(stateLength);
  return (number) => {
    const now = Date.now();
    begin.run();
    state.run(text);
    ended.run(now, number - 1);
    started.run(number, now);
    commit.run();
  };
}
