import { lstatSync, readdirSync, readFileSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { hasErrorCode } from '../src/core/error-code.ts';
import { openDatabase } from '../src/store/database.ts';

/** All quantities at one moment, by name. */
export type Sample = Readonly<Record<string, number>>;

/** The tables of the state whose rows are counted. */
const tables = ['chain', 'run', 'incident', 'incident_kind', 'notice', 'delivery', 'channel'] as const;

/** What is looked at. */
interface Soaking {
  /** The process id of the runner. */
  readonly runner: number;
  readonly stateFolder: string;
  /** In which the runner says how many bytes its heap has after a collection. */
  readonly heapFile: string;
}

/** Looks at a runner, at all that lives below it, and at its state folder. */
export function takeSample({ runner, stateFolder, heapFile }: Soaking): Sample {
  const below = processesBelow(runner);
  const sum = (measure: (pid: number) => number): number =>
    below.reduce((total, pid) => total + measure(pid), 0);
  return {
    'runner heap KiB': Number(read(heapFile)) / 1_024,
    // Not its PSS: that goes up and down with the number of those who share the pages of Node, and halves during a fork.
    'runner RSS KiB': kibOf(runner, 'status', 'VmRSS'),
    'runner descriptors': countIn(`/proc/${runner}/fd`),
    'runner threads': countIn(`/proc/${runner}/task`),
    'processes below': below.length,
    'PSS below KiB': sum((pid) => kibOf(pid, 'smaps_rollup', 'Pss')),
    'descriptors below': sum((pid) => countIn(`/proc/${pid}/fd`)),
    ...filesIn(stateFolder),
    ...rowsIn(join(stateFolder, 'state.db')),
  };
}

/** All processes that a process has started, and those that they have started. */
function processesBelow(root: number): readonly number[] {
  return childrenOf(root).flatMap((pid) => [pid, ...processesBelow(pid)]);
}

/** The processes that a process has started itself. */
export function childrenOf(pid: number): readonly number[] {
  return read(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((text) => text.trim() !== '')
    .map(Number);
}

function kibOf(pid: number, file: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(read(`/proc/${pid}/${file}`))?.[1] ?? 0);
}

function filesIn(folder: string): Sample {
  const sizes = list(folder).map((name) => sizeOf(join(folder, name)));
  return {
    'state files': sizes.length,
    'state.db KiB': sizeOf(join(folder, 'state.db')) / 1_024,
    'write-ahead log KiB': sizeOf(join(folder, 'state.db-wal')) / 1_024,
    'journals KiB': kibIn(join(folder, 'journal')),
    'logs KiB': kibIn(join(folder, 'logs')),
  };
}

function kibIn(folder: string): number {
  return list(folder).reduce((total, name) => total + sizeOf(join(folder, name)), 0) / 1_024;
}

function rowsIn(path: string): Sample {
  const database = openDatabase(path);
  try {
    database.exec('PRAGMA busy_timeout = 10000');
    return Object.fromEntries(
      tables.map((table) => [
        `rows of ${table}`,
        numberIn(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()),
      ]),
    );
  } finally {
    database.close();
  }
}

function numberIn(row: unknown): number {
  return typeof row === 'object' && row !== null && 'n' in row ? Number(row.n) : Number.NaN;
}

function list(folder: string): readonly string[] {
  return goneAsNothing(() => readdirSync(folder, { recursive: true, encoding: 'utf8' }), []);
}

function countIn(folder: string): number {
  return goneAsNothing<readonly Dirent[]>(() => readdirSync(folder, { withFileTypes: true }), []).length;
}

function sizeOf(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true ? found.size : 0;
}

function read(path: string): string {
  return goneAsNothing(() => readFileSync(path, 'utf8'), '');
}

// Processes end and files are removed while they are looked at.
function goneAsNothing<Value>(look: () => Value, nothing: Value): Value {
  try {
    return look();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ESRCH', 'EACCES')) return nothing;
    throw error;
  }
}
