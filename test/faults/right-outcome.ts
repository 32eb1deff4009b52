import { existsSync, readFileSync } from 'node:fs';
import type { HistoryLine } from '../support/runner-process.ts';
import type { Ended } from './failing-call.ts';

/** What the tasks themselves have written down, which runner knows nothing of. */
interface Witnessed {
  readonly overlaps: number;
  /** The numbers of the runs that began, in their order. */
  readonly begun: readonly number[];
  /** The exit statuses of those that came to their end. */
  readonly statuses: ReadonlyMap<number, number>;
}

/** What is to be judged. */
export interface Evidence {
  readonly folder: string;
  /** The runner in which a call failed. */
  readonly failing: Ended;
  /** The undisturbed runner after it. */
  readonly next: Omit<Ended, 'failed'>;
  readonly history: readonly HistoryLine[];
  /** The record of the witness, as it was when the undisturbed runner began. */
  readonly recordBefore: string;
  readonly record: string;
  /** The outcome that a run has whose witness ended with this status. */
  readonly outcomeOf: (status: number) => string;
}

/** Done, or the last pass failed. */
const goodEnds = [0, 1];
/** Documented in `runner --help`, and a refusal, not a bug. */
const refusals = [69, 73, 74, 78];

/** All that is wrong with what came of a call that failed. */
export function findWrong(evidence: Evidence): readonly string[] {
  return [...wrongEnd(evidence), ...wrongNext(evidence), ...wrongHistory(evidence)];
}

/** What the tasks have written down so far. */
export function readRecord(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function wrongEnd({ folder, failing }: Evidence): readonly string[] {
  const { exitCode, text } = failing;
  const wrong: string[] = [];
  if (exitCode === null) wrong.push('it did not end');
  else if (![...goodEnds, ...refusals].includes(exitCode)) wrong.push(`it ended with ${exitCode}`);
  if (/^\s+at .*:\d+:\d+\)?$|This is a bug/m.test(text)) wrong.push('it printed a stack trace');
  if (refusals.includes(exitCode ?? 0) && !isClear(text, folder)) wrong.push('its message is not clear');
  return wrong.map((one) => `${one}: ${text.trim().split('\n').slice(0, 4).join('\n  ')}`);
}

// It says what could not be done, on which thing, and what to do.
function isClear(text: string, folder: string): boolean {
  return (
    /Cannot /.test(text) && (text.includes(folder) || /perl|node|tasks\.ts/.test(text)) && /[;,] /.test(text)
  );
}

function wrongNext({ next, recordBefore, record, history }: Evidence): readonly string[] {
  const { exitCode, text } = next;
  const wrong: string[] = [];
  if (exitCode === null || !goodEnds.includes(exitCode))
    wrong.push(`the next runner ended with ${exitCode}: ${text.trim()}`);
  const before = Math.max(0, ...parse(recordBefore).begun);
  const numbers = parse(record).begun.slice(parse(recordBefore).begun.length);
  if (numbers.length === 0) wrong.push(`the next runner ran nothing: ${text.trim()}`);
  if (numbers.some((number) => number <= before))
    wrong.push(`run ${numbers.join()} came after run ${before}`);
  const all = history.map(({ run }) => run);
  if (new Set(all).size !== all.length) wrong.push(`numbers are given twice: ${all.join()}`);
  return wrong;
}

function wrongHistory({ record, history, outcomeOf }: Evidence): readonly string[] {
  const { overlaps, begun, statuses } = parse(record);
  const byRun = new Map(history.map((line) => [line.run, line]));
  const wrong: string[] = [];
  if (overlaps > 0) wrong.push('a run began while another was in progress');
  if (new Set(begun).size !== begun.length) wrong.push(`a run began twice: ${begun.join()}`);
  for (const run of begun) {
    const status = statuses.get(run);
    const right = status === undefined ? ['interrupted', 'killed'] : [outcomeOf(status), 'interrupted'];
    const outcome = byRun.get(run)?.outcome ?? 'not there';
    if (!right.includes(outcome)) wrong.push(`run ${run} is ${outcome}, and was ${right.join(' or ')}`);
  }
  for (const { run, outcome } of history) {
    if (outcome === null) wrong.push(`run ${run} has no outcome`);
    if (outcome === 'succeeded' && !statuses.has(run))
      wrong.push(`run ${run} has never been, and "succeeded"`);
  }
  return wrong;
}

function parse(record: string): Witnessed {
  const lines = record.split('\n').map((line) => line.split(' '));
  const of = (kind: string): (readonly string[])[] => lines.filter(([first]) => first === kind);
  return {
    overlaps: of('overlap').length,
    begun: of('start').map(([, run]) => Number(run)),
    statuses: new Map(of('end').map(([, run, status]) => [Number(run), Number(status)])),
  };
}
