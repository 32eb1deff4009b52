import type { ChainName, HistoryLimits } from '../core/definition.ts';
import { add, toDurationMs } from '../core/units.ts';
import type { Clock } from '../ports.ts';
import type { Pruner } from './prune.ts';

/** A chain is looked at again after so many runs. */
const runsBetween = 64;
/** How often it is looked whether something is due. */
const roundMs = toDurationMs(60_000);
/** What is due by age alone, and incidents, are looked at once in so many rounds. */
const roundsBetween = 60;
/** Between two steps, in which chains have their turn. */
const pauseMs = toDurationMs(20);
/** Of so many chains in one step that nothing has to be removed of. */
const chainsInStep = 20;

/** Keeps the history within its limits, beside the chains. */
export interface Pruning {
  /** A run of the chain begins. Cheap. */
  ran(chain: ChainName, run: number, limits: HistoryLimits): void;
  close(): void;
}

/** Begins to prune in small steps with pauses between them. What cannot be removed now is tried in the next round. */
export function beginPruning(clock: Clock, pruner: Pruner): Pruning {
  const known = new Map<ChainName, HistoryLimits>();
  const due = new Set<ChainName>();
  let rounds = 0;
  let areIncidentsDue = true;
  let forget = after(roundMs, round);

  function after(length: typeof roundMs, wake: () => void): () => void {
    return clock.wakeAt(add(clock.now().monotonic, length), wake);
  }

  function round(): void {
    rounds += 1;
    if (rounds % roundsBetween === 0) {
      areIncidentsDue = true;
      for (const [chain, { ageMs }] of known) if (ageMs !== null) due.add(chain);
    }
    step();
  }

  function step(): void {
    forget = isDone() ? after(roundMs, round) : after(pauseMs, step);
  }

  function isDone(): boolean {
    try {
      return pruneSome();
    } catch (error) {
      // The disk is full, or somebody else writes for long: whoever stores the state says so.
      if (!(error instanceof Error)) throw error;
      return true;
    }
  }

  function pruneSome(): boolean {
    const now = clock.now().wall;
    if (areIncidentsDue) areIncidentsDue = pruner.pruneIncidents(now) === 'more';
    for (const chain of [...due].slice(0, chainsInStep)) {
      const limits = known.get(chain);
      if (limits !== undefined && pruner.pruneRuns(chain, limits, now) === 'more') return false;
      due.delete(chain);
    }
    return due.size === 0 && !areIncidentsDue;
  }

  return {
    ran(chain, run, limits) {
      if (!known.has(chain) || run % runsBetween === 0) due.add(chain);
      known.set(chain, limits);
    },
    close: () => forget(),
  };
}
