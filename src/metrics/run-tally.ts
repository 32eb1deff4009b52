import type { ChainTold, RunEndedTold } from '../core/event.ts';

/** Upper bounds of the buckets of how long runs take, in seconds; one more bucket takes what is longer. */
export const bucketSeconds: readonly number[] = [0.1, 1, 10, 60, 600, 3_600, 21_600];
/** More tasks than this a chain has only if its configuration changes for ever: the oldest are forgotten then. */
const mostTasks = 1_000;

/** What is counted of one task since the runner came up. */
export interface TaskTally {
  /** How many runs had each kind of outcome. */
  readonly outcomes: Map<string, number>;
  /** How many runs fell into each bucket alone. */
  readonly buckets: number[];
  /** How long all these runs took together. */
  sumSeconds: number;
  /** Milliseconds since 1970 UTC; `null` before the first success. */
  lastSuccessAt: number | null;
}

/**
 * Counts what happens, a few numbers a run. prom-client took 7.2 µs for it where this takes 0.3, and held the event loop
 * up for 0.7 s where ten thousand chains were read: docs/metrics.md.
 */
export class RunTally {
  readonly #chains = new Map<string, Map<string, TaskTally>>();
  readonly #notices = new Map<string, number>();
  readonly #heldNotices = new Map<string, number>();

  tell({ chain, told }: ChainTold): void {
    if (told.kind === 'run ended') count(this.#taskOf(chain, told.run.task), told);
    if (told.kind === 'notice') add(told.isHeld ? this.#heldNotices : this.#notices, told.notice.kind);
  }

  /** The tasks of a chain that have run, by name. */
  tasksOf(chain: string): ReadonlyMap<string, TaskTally> {
    return this.#chains.get(chain) ?? new Map<string, TaskTally>();
  }

  /** How many notices of each kind there were. */
  notices(isHeld: boolean): ReadonlyMap<string, number> {
    return isHeld ? this.#heldNotices : this.#notices;
  }

  /** Forgets all chains but these: what a reload took out is not counted for ever. */
  keepOnly(chains: ReadonlySet<string>): void {
    for (const chain of this.#chains.keys()) if (!chains.has(chain)) this.#chains.delete(chain);
  }

  #taskOf(chain: string, task: string): TaskTally {
    let tasks = this.#chains.get(chain);
    if (tasks === undefined) {
      tasks = new Map();
      this.#chains.set(chain, tasks);
    }
    let tally = tasks.get(task);
    if (tally === undefined) {
      tally = { outcomes: new Map(), buckets: [], sumSeconds: 0, lastSuccessAt: null };
      tasks.set(task, tally);
      const [oldest] = tasks.keys();
      if (tasks.size > mostTasks && oldest !== undefined) tasks.delete(oldest);
    }
    return tally;
  }
}

function count(tally: TaskTally, { outcome, verdict, durationMs, endedAt }: RunEndedTold): void {
  add(tally.outcomes, outcome.kind);
  if (verdict === 'success') tally.lastSuccessAt = endedAt;
  // How long a run took that nobody let finish says nothing of the task.
  if (verdict === 'no verdict' || durationMs === null) return;
  const seconds = durationMs / 1_000;
  const found = bucketSeconds.findIndex((bound) => seconds <= bound);
  const bucket = found === -1 ? bucketSeconds.length : found;
  tally.buckets[bucket] = (tally.buckets[bucket] ?? 0) + 1;
  tally.sumSeconds += seconds;
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
