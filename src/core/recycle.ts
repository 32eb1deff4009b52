import type { ChainDefinition, RecycleLimits } from './definition.ts';
import { formatDuration } from './duration.ts';
import { taskOf } from './ending.ts';
import type { Facts, Run, WorkerFact } from './facts.ts';
import { durationBetween, isShorter, type MonotonicMs } from './units.ts';
import type { Usage } from './usage.ts';

/** A run that has just ended, and what it took. */
export interface EndedRun {
  readonly run: Run;
  readonly usage: Usage;
  readonly at: MonotonicMs;
}

/**
 * Why the worker that has just ended a run is to be replaced before the next one, or `null`. What a command took is
 * gone with the command, so that only functions can be too large for their worker.
 */
export function staleAfter(facts: Facts, ended: EndedRun, definition: ChainDefinition): string | null {
  const { worker } = facts;
  if (worker.kind !== 'ready' || definition.isolation === 'shared') return null;
  if (definition.isolation === 'run') return 'each run has a worker of its own';
  return (
    tooLarge(ended, definition) ?? tooOften(worker, definition.recycle) ?? tooOld(worker, ended, definition)
  );
}

type ReadyWorker = Extract<WorkerFact, { kind: 'ready' }>;

function tooLarge({ run, usage }: EndedRun, definition: ChainDefinition): string | null {
  const { memoryKib: limitKib } = definition.recycle;
  const isFunction = taskOf(run, definition).work.kind === 'function';
  if (!isFunction || limitKib === null || usage.memoryKib === null || usage.memoryKib <= limitKib)
    return null;
  return `the old one has grown to ${mebibytes(usage.memoryKib)} MiB, above the ${mebibytes(limitKib)} MiB of "recycle.memory"`;
}

function tooOften({ runs }: ReadyWorker, { runs: limit }: RecycleLimits): string | null {
  return limit === null || runs < limit ? null : `the old one has made the ${limit} runs of "recycle.runs"`;
}

function tooOld({ since }: ReadyWorker, { at }: EndedRun, { recycle }: ChainDefinition): string | null {
  const { ageMs } = recycle;
  if (ageMs === null || isShorter(durationBetween(since, at), ageMs)) return null;
  return `the old one has reached the ${formatDuration(ageMs)} of "recycle.age"`;
}

function mebibytes(kib: number): number {
  return Math.ceil(kib / 1024);
}
