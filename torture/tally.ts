import type { Mark } from './record.ts';
import type { Told } from './supervised.ts';

/** What a case found out about a supervisor. */
export interface Tally {
  /** How often the fault was made. */
  readonly faults: number;
  /** After how many of them two runs were in progress at once. */
  readonly overlaps: number;
  /** Runs that truly ended and of whose end nothing is known; `null` where no results are kept. */
  readonly lost: number | null;
  /** Runs of which something untrue is said, or that began too early; `null` where no results are kept. */
  readonly wrong: number | null;
  /** The longest that nothing ran, beyond the cooldown, once the fault was over; `null` when nothing ever ran again. */
  readonly stuckMs: number | null;
  /** What was found, in words, for who looks into it. */
  readonly findings: readonly string[];
}

/** The clock of the witness has steps of 10 ms. */
const clockStepMs = 20;

/** Whether it kept all promises; how long is no promise, but that it goes on is. */
export function isKept({ overlaps, lost, wrong, stuckMs }: Tally): boolean {
  return overlaps === 0 && !lost && !wrong && stuckMs !== null;
}

/** What a comparison of the record with a history says. */
export interface Truth {
  readonly lost: readonly string[];
  readonly wrong: readonly string[];
}

/** What is compared with a history. */
export interface Seen {
  readonly marks: readonly Mark[];
  /** Runs that the fault has hit, with the outcomes that are true of them then. */
  readonly hit: ReadonlyMap<number, readonly string[]>;
  readonly cooldownMs: number;
}

const unknownOutcomes: readonly string[] = ['interrupted', 'withdrawn', 'not started'];
const goodOutcomes: readonly string[] = ['succeeded', 'exited'];

/** Compares what a history says with what the witness has seen, once nothing runs any more. */
export function compare(seen: Seen, history: readonly Told[]): Truth {
  const lost: string[] = [];
  const wrong: string[] = earlyStarts(seen);
  const told = new Map(history.map((line) => [line.run, line]));
  const ends = new Map(seen.marks.filter(({ kind }) => kind === 'end').map((mark) => [mark.run, mark]));
  for (const [run, { status }] of ends) {
    const line = told.get(run);
    const says = line === undefined ? 'nothing' : (line.outcome ?? 'still in progress');
    if (seen.hit.get(run)?.includes(says) === true) continue;
    const text = `run ${run} ended with ${status}, and the history says ${says} ${line?.exitCode ?? ''}`;
    if (line === undefined || line.outcome === null || unknownOutcomes.includes(says)) lost.push(text);
    else if (says !== (status === 0 ? 'succeeded' : 'exited') || (line.exitCode ?? 0) !== status)
      wrong.push(text);
  }
  const began = new Set(seen.marks.filter(({ kind }) => kind === 'start').map(({ run }) => run));
  for (const run of began)
    if (!told.has(run)) wrong.push(`run ${run} began, and the history has no such run`);
  for (const { run, outcome } of history) {
    if (ends.has(run)) continue;
    if (outcome === null) wrong.push(`run ${run} is said to be in progress, and nothing runs`);
    else if (goodOutcomes.includes(outcome))
      wrong.push(`run ${run} has ${outcome}, and it never came to its end`);
    else if (outcome === 'not started' && began.has(run))
      wrong.push(`run ${run} has begun, and is said not to`);
  }
  return { lost, wrong };
}

function earlyStarts({ marks, cooldownMs }: Seen): string[] {
  const found: string[] = [];
  for (const [index, mark] of marks.entries()) {
    const before = marks[index - 1];
    if (mark.kind !== 'start' || before?.kind !== 'end') continue;
    const gapMs = mark.atMs - before.atMs;
    if (gapMs < cooldownMs - clockStepMs)
      found.push(`run ${mark.run} began ${gapMs.toFixed()} ms after the one before`);
  }
  return found;
}
