import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endAllIn } from '../test/support/processes.ts';
import { fixture } from '../test/support/runner-process.ts';
import { bootMs, goneAt, witnessedIn, type Started, type Witnessed } from './record.ts';
import type { Contender, Supervised } from './supervised.ts';
import { compare, type Tally } from './tally.ts';

/** Nothing that ran again later than this counts as running again. */
const patienceMs = 60_000;

/** The folder of one supervisor in one case, and what is known there. */
interface Place {
  readonly folder: string;
  readonly stateFolder: string;
  readonly witnessed: Witnessed;
  /** Seconds in which this supervisor has come back after it was killed: a run that lasts so long is met by it. */
  readonly longSeconds: number;
  /** The words of a command that is the witness of overlap, for so long and with this exit status. */
  witness(seconds: number, status: number | string): string;
  /** Writes a script, and gives its file. */
  script(name: string, lines: string): string;
}

/** What a fault is made with. */
interface Situation {
  readonly place: Place;
  readonly supervised: Supervised;
  /** The run that is hit. */
  readonly run: Started;
  /** From 0 on. */
  readonly round: number;
  readonly random: () => number;
  /** Says what is true of the run if it has not come to its end by itself. */
  readonly hit: (...outcomes: string[]) => void;
  /** Adds to what is wrong with the supervisor. */
  readonly find: (text: string) => void;
}

/** What makes a case. */
export interface Plan {
  /** The lines of the program. */
  readonly program: (place: Place) => string;
  /** Of the runner: more keys of its chain. */
  readonly chain?: Readonly<Record<string, unknown>>;
  readonly env?: (place: Place) => NodeJS.ProcessEnv;
  /** Prepares the place; gives what undoes that. */
  readonly prepare?: (place: Place) => () => void;
  /** Makes the fault in the middle of a run; resolves when the fault is over. */
  readonly strike: (situation: Situation) => Promise<void>;
  readonly rounds: number;
  readonly random: () => number;
}

/** What is to be undone when somebody ends the torture. */
const openPlaces = new Map<Place, () => void>();

/** Ends and removes all that the torture has started and made. */
export async function endAll(): Promise<void> {
  for (const [place, undo] of openPlaces) await close(place, undo);
}

/** Makes the fault again and again, and counts what came of it. */
export async function tortureOne(contender: Contender, plan: Plan): Promise<Tally> {
  const place = openPlace(contender.longSeconds);
  const undo = plan.prepare?.(place) ?? ((): void => undefined);
  openPlaces.set(place, undo);
  try {
    const supervised = await contender.begin({
      folder: place.folder,
      stateFolder: place.stateFolder,
      script: place.script('task', plan.program(place)),
      chain: plan.chain ?? {},
      env: plan.env?.(place) ?? process.env,
    });
    return await countRounds(place, supervised, plan);
  } finally {
    await close(place, undo);
  }
}

async function countRounds(place: Place, supervised: Supervised, plan: Plan): Promise<Tally> {
  const { witnessed } = place;
  const hits = new Map<number, readonly string[]>();
  const findings: string[] = [];
  const found: string[] = [];
  let overlaps = 0;
  let stuckMs: number | null = 0;
  let faults = 0;
  let run = await witnessed.nextStart(0, patienceMs);
  for (let round = 0; round < plan.rounds && run !== null && stuckMs !== null; round += 1) {
    const { run: number, line, pid } = run;
    const gone = goneAt(pid);
    const hit = (...outcomes: string[]): void => void hits.set(number, outcomes);
    const find = (text: string): void => void found.push(text);
    await plan.strike({ place, supervised, run, round, random: plan.random, hit, find });
    const overMs = bootMs();
    faults += 1;
    const goneMs = await gone;
    const next = await witnessed.nextStart(line + 1, patienceMs);
    const marks = witnessed.marks();
    if (marks.slice(line).some(({ kind, atMs }) => kind === 'overlap' && atMs <= (next?.atMs ?? Infinity)))
      overlaps += 1;
    const idleMs = next === null ? null : next.atMs - Math.max(overMs, goneMs) - supervised.cooldownMs;
    stuckMs = idleMs === null ? null : Math.max(stuckMs, idleMs);
    run = next;
  }
  await supervised.stop();
  // What a run has handed over to lives on without a supervisor.
  const last = witnessed.marks().findLast(({ kind }) => kind === 'start');
  if (last !== undefined) await goneAt(last.pid);
  const history = supervised.history();
  const counted = { faults, overlaps, stuckMs: run === null ? null : stuckMs };
  if (history === null) return { ...counted, lost: null, wrong: null, findings };
  const truth = compare({ marks: witnessed.marks(), hit: hits, cooldownMs: supervised.cooldownMs }, history);
  return {
    ...counted,
    lost: truth.lost.length,
    wrong: truth.wrong.length + found.length,
    findings: [...truth.lost, ...truth.wrong, ...found],
  };
}

function openPlace(longSeconds: number): Place {
  const folder = mkdtempSync(join(tmpdir(), 'runner-torture-'));
  const stateFolder = join(folder, 'state');
  mkdirSync(stateFolder, { mode: 0o700 });
  const record = join(folder, 'record');
  return {
    folder,
    stateFolder,
    longSeconds,
    witnessed: witnessedIn(record),
    witness: (seconds, status) =>
      `/usr/bin/python3 ${fixture('tasks/witness.py')} ${folder} ${record} ${seconds} ${status}`,
    script(name, lines) {
      const file = join(folder, name);
      writeFileSync(`${file}.new`, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
      renameSync(`${file}.new`, file);
      return file;
    },
  };
}

async function close(place: Place, undo: () => void): Promise<void> {
  const { folder } = place;
  openPlaces.delete(place);
  await endAllIn(folder);
  undo();
  // Elsewhere nothing is added to it while it is removed.
  renameSync(folder, `${folder}.over`);
  rmSync(`${folder}.over`, { recursive: true, force: true });
}
