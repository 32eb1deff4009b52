import type { ChainDefinition } from '../../src/core/definition.ts';
import type { ChainEvent } from '../../src/core/event.ts';
import { StoreError, type ChainPorts, type Saving, type Workers } from '../../src/ports.ts';
import { startChain, type RunningChain } from '../../src/runner/chain-loop.ts';
import type { MemoryStore } from '../support/memory-store.ts';
import type { Schedule } from '../support/schedule.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Host } from './host.ts';
import type { Witness } from './witness.ts';

/** What a runner of the simulation lives in. */
export interface RunnerParts {
  readonly definition: ChainDefinition;
  readonly schedule: Schedule;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly store: MemoryStore;
  readonly host: Host;
  readonly witness: Witness;
  readonly log: { isFull: boolean };
  /** How likely the runner dies at any one thing that it does. */
  readonly crash: { probability: number };
  readonly died: (how: string) => void;
}

/** The runner is dead: whatever it does next, it does not do. */
class Crashed extends Error {}

/** One runner process: the real loop, which can die before or after anything it does, and be stopped by SIGSTOP. */
export class SimulatedRunner {
  isAlive = true;
  readonly #parts: RunnerParts;
  #chain: RunningChain | null = null;
  #isFrozen = false;
  #late: (() => void)[] = [];
  #onItsWay: Saving | null = null;
  #unheard: (() => void)[] = [];

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.witness.stops = 0;
    this.#run().then(
      () => this.#die('finished'),
      (error: unknown) => {
        if (error instanceof Crashed || !this.isAlive) return;
        const isStore = error instanceof StoreError;
        this.#parts.witness.check(
          isStore,
          `the loop failed: ${error instanceof Error ? error.stack : String(error)}`,
        );
        this.#die('failed');
      },
    );
  }

  /** It is killed. */
  crash(): void {
    this.#die('was killed');
  }

  stop(): void {
    if (this.#isFrozen || this.#chain === null || !this.isAlive) return;
    this.#parts.witness.stops += 1;
    this.#chain.stop();
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  /** It goes on: its timers fire before it hears what was said meanwhile. */
  thaw(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    const late = this.#late;
    this.#late = [];
    for (const call of late) call();
    this.#parts.schedule.after(1, () => this.#hear());
  }

  get waitingFor(): string | null {
    return this.#chain?.waitingFor() ?? null;
  }

  /** No cooldown may last longer than its own length. */
  checkCooldown(): void {
    const cooldown = this.isAlive ? this.#chain?.facts().state.cooldown : null;
    if (cooldown === null || cooldown === undefined) return;
    const leftMs = cooldown.until - this.#parts.clock.now().monotonic;
    this.#parts.witness.check(
      leftMs <= cooldown.lengthMs,
      `a cooldown of ${cooldown.lengthMs} ms lasts for ${leftMs} ms more`,
    );
  }

  async #run(): Promise<void> {
    const { definition, witness } = this.#parts;
    witness.clocksRead();
    this.#chain = await startChain(definition, this.#ports(), { passGoal: null });
    await this.#chain.finished;
  }

  #ports(): ChainPorts {
    const { clock, random, store, witness, log } = this.#parts;
    return {
      clock: {
        boot: clock.boot,
        now: () => clock.now(),
        wakeAt: (moment, wake) => clock.wakeAt(moment, () => this.#timer(wake)),
        allHeard: async () => this.#do(() => this.#hear()),
      },
      random: { next: () => random.next() },
      store: {
        begin: async (chain) => {
          this.#do(() => undefined);
          const term = await store.begin(chain);
          return this.#do(() => term);
        },
        save: (saving) => this.#save(saving),
      },
      workers: this.#workers(),
      output: {
        position: () => ({ generation: 1, offset: 0 }),
        mustRotate: () => log.isFull,
        rotate: () => this.#do(() => (log.isFull = false)),
        watch: () => undefined,
        unwatch: () => undefined,
      },
      tell: ({ told }) => this.#do(() => witness.told(told)),
    };
  }

  #workers(): Workers {
    const real = this.#parts.host.workersOf(() => this.isAlive);
    return {
      start: (run, post) => {
        let wasBlocked = false;
        let isReleased = false;
        const hear = (event: ChainEvent): void => {
          if (!isReleased) post(event);
        };
        const worker = this.#do(() =>
          real.start(run, (event) => {
            if (event.kind === 'worker blocked') wasBlocked = true;
            this.#post(event, hear, wasBlocked);
          }),
        );
        return {
          run: (given) => this.#do(() => worker.run(given)),
          release: () => {
            isReleased = true;
            worker.release();
          },
        };
      },
      end: (run, step) => this.#do(() => real.end(run, step)),
    };
  }

  #save(saving: Saving): Promise<void> {
    this.#do(() => undefined);
    const { schedule, random, store } = this.#parts;
    const answer = store.failure;
    this.#onItsWay = saving;
    return new Promise((resolve, reject) => {
      schedule.after(random.happens(0.9) ? 0 : random.between(1, 300), () => {
        if (!this.isAlive) return;
        if (answer === null) this.#commit(saving);
        this.#onItsWay = null;
        this.#timer(answer === null ? resolve : () => reject(new StoreError(answer)));
      });
    });
  }

  #commit(saving: Saving): void {
    const { store, witness } = this.#parts;
    store.keep(saving);
    for (const { told } of saving.told) witness.stored(told);
  }

  #timer(call: () => void): void {
    if (!this.isAlive) return;
    if (this.#isFrozen) this.#late.push(call);
    else call();
  }

  #post(event: ChainEvent, post: (event: ChainEvent) => void, wasBlocked: boolean): void {
    if (!this.isAlive) return;
    const { witness } = this.#parts;
    if (event.kind === 'worker locked') witness.clocksRead();
    const run = this.#chain?.facts().state.run;
    if (event.kind === 'worker locked' && event.found.kind === 'ended' && run?.stage.kind === 'running') {
      witness.foundInJournal(run.number, wasBlocked);
    }
    if (this.#isFrozen || this.#unheard.length > 0) this.#unheard.push(() => post(this.#heardNow(event)));
    else post(event);
  }

  // The end of a run is dated when it is heard.
  #heardNow(event: ChainEvent): ChainEvent {
    return event.kind === 'run ended' ? { ...event, at: this.#parts.clock.now() } : event;
  }

  #hear(): void {
    const unheard = this.#unheard;
    this.#unheard = [];
    for (const call of unheard) call();
  }

  #do<Result>(call: () => Result): Result {
    if (!this.isAlive) throw new Crashed();
    const { random, crash } = this.#parts;
    if (!random.happens(crash.probability)) return call();
    if (random.happens(0.5)) call();
    this.#die('died at work');
    throw new Crashed();
  }

  #die(how: string): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    // It may die before or after the commit that it waits for.
    const { store, random } = this.#parts;
    if (this.#onItsWay !== null && store.failure === null && random.happens(0.5))
      this.#commit(this.#onItsWay);
    this.#parts.host.runnerDied();
    this.#parts.died(how);
  }
}
