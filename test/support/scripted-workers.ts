import type { ChainDefinition } from '../../src/core/definition.ts';
import type { ChainEvent, JournalEntry } from '../../src/core/event.ts';
import type { Holder, Run } from '../../src/core/facts.ts';
import type { Ending } from '../../src/core/outcome.ts';
import { add, toDurationMs, type DurationMs } from '../../src/core/units.ts';
import { unknownUsage } from '../../src/core/usage.ts';
import type { Worker, Workers } from '../../src/ports.ts';
import { workerIdentity } from './chain-facts.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Workers that do what the test says. Until it says otherwise, each gets the lock and is ready at once. */
export class ScriptedWorkers implements Workers {
  /** The runs that were handed to a worker. */
  readonly runs: Run[] = [];
  /** The steps taken to end runs, such as `cancelled 1`. */
  readonly steps: string[] = [];
  /** How many workers were started, and how many of them were let go. */
  started = 0;
  released = 0;
  /** The run that the newest worker was to find in the journal. */
  awaited: Run | null = null;
  /** The definition by which the newest worker was started. */
  definition: ChainDefinition | null = null;
  /** What each worker says reaches its runner this way, also when it was let go. */
  readonly posts: ((event: ChainEvent) => void)[] = [];
  /** What the journal says of it. */
  found: JournalEntry = { kind: 'nothing' };
  /** What a new worker does. */
  beginning: 'ready' | 'locked' | 'silent' = 'ready';
  /** How long runs take, as the worker says. */
  tookMs: DurationMs | null = null;
  /** Called when a worker is handed a run. */
  whenHanded: (run: Run) => void = () => undefined;
  readonly #clock: VirtualClock;
  #post: (event: ChainEvent) => void = () => undefined;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  start(definition: ChainDefinition, run: Run | null, post: (event: ChainEvent) => void): Worker {
    this.#post = post;
    this.posts.push(post);
    this.definition = definition;
    this.started += 1;
    this.awaited = run;
    if (this.beginning === 'locked') this.locked();
    if (this.beginning === 'ready') this.begins();
    return {
      run: (given) => {
        this.runs.push(given);
        this.whenHanded(given);
      },
      release: () => {
        this.released += 1;
        this.#post = () => undefined;
      },
    };
  }

  end(run: Run, step: 'asked' | 'cancelled' | 'killed'): void {
    this.steps.push(`${step} ${run.number}`);
  }

  remains(): readonly Holder[] {
    return [];
  }

  locked(): void {
    const identity = workerIdentity(this.started);
    this.#post({ kind: 'worker locked', identity, found: this.found, ...this.#here() });
  }

  ready(): void {
    this.#post({ kind: 'worker ready' });
  }

  /** The newest worker gets the lock, and is ready. */
  begins(): void {
    this.locked();
    this.ready();
  }

  blockedBy(holders: readonly Holder[]): void {
    this.#post({ kind: 'worker blocked', at: this.#clock.now().monotonic, holders });
  }

  /** The worker is gone; another one may be started after `retryMs`. */
  lost(reason: string, retryMs = 0): void {
    const here = this.#here();
    const retryAt = add(here.at.monotonic, toDurationMs(retryMs));
    this.#post({ kind: 'worker lost', reason, retryAt, ...here });
  }

  succeeds(): void {
    this.#ended({ kind: 'succeeded' }, true);
  }

  exits(exitCode: number): void {
    this.#ended({ kind: 'exited', exitCode }, true);
  }

  isKilledBy(signal: string): void {
    this.#ended({ kind: 'killed', signal }, true);
  }

  /** The run succeeds, and a process of it lives on until `leftoversEnd`. */
  leavesBehind(): void {
    this.#ended({ kind: 'succeeded' }, false);
  }

  leftoversEnd(): void {
    const { at, boot } = this.#here();
    this.#post({ kind: 'run over', run: this.#newest(), at, boot });
  }

  #ended(ending: Ending, isOver: boolean): void {
    const leftovers = isOver ? [] : [{ pid: 77, command: 'sleep 60' }];
    const run = this.#newest();
    const measured = { durationMs: this.tookMs, usage: unknownUsage };
    this.#post({ kind: 'run ended', run, ending, ...measured, isOver, leftovers, ...this.#here() });
  }

  #newest(): number {
    return this.runs.at(-1)?.number ?? 0;
  }

  #here(): { at: ReturnType<VirtualClock['now']>; boot: string; chance: number } {
    return { at: this.#clock.now(), boot: this.#clock.boot, chance: 0 };
  }
}
