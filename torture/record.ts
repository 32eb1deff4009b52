import { readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { isAlive } from '../test/support/processes.ts';

/** How often the record and the processes are looked at. */
const lookMs = 10;

/** A line that the witness has written, in a file that no supervisor knows. */
export interface Mark {
  readonly kind: 'start' | 'end' | 'overlap';
  /** The runner's number of the run; 0 under a supervisor that has none. */
  readonly run: number;
  /** The exit status of a run that has ended; 0 otherwise. */
  readonly status: number;
  readonly pid: number;
  /** Milliseconds since boot. */
  readonly atMs: number;
}

/** What the witness has seen, whatever the supervisors say. */
export interface Witnessed {
  readonly file: string;
  marks(): readonly Mark[];
  /** The first start from this line of the record on; `null` when none comes in time. */
  nextStart(from: number, limitMs: number): Promise<Started | null>;
}

/** The begin of a run. */
export interface Started extends Mark {
  /** Its line in the record. */
  readonly line: number;
}

/** Reads what the witness writes to a file. */
export function witnessedIn(file: string): Witnessed {
  const marks = (): readonly Mark[] => linesOf(file).map(readMark);
  return {
    file,
    marks,
    async nextStart(from, limitMs) {
      const startedMs = performance.now();
      while (performance.now() - startedMs < limitMs) {
        const all = marks();
        const line = all.findIndex((mark, index) => index >= from && mark.kind === 'start');
        const found = all[line];
        if (found !== undefined) return { ...found, line };
        await after(lookMs);
      }
      return null;
    },
  };
}

/** Milliseconds since boot, by the clock that the witness uses. */
export function bootMs(): number {
  return Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) * 1_000;
}

/** Resolves when a process is gone, to the moment since boot. */
export async function goneAt(pid: number): Promise<number> {
  while (isAlive(pid)) await after(lookMs);
  return bootMs();
}

function linesOf(file: string): readonly string[] {
  try {
    // The last one is empty, or not written to its end yet.
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function readMark(line: string): Mark {
  const [kind, run, ...rest] = line.split(' ');
  const [status, pid, seconds] = kind === 'end' ? rest.map(Number) : [0, ...rest.map(Number)];
  if (kind !== 'start' && kind !== 'end' && kind !== 'overlap') throw new Error(`This is no mark: ${line}`);
  return {
    kind,
    run: run === '?' ? 0 : Number(run),
    status: status ?? 0,
    pid: pid ?? 0,
    atMs: (seconds ?? 0) * 1_000,
  };
}
