import type { ChainDefinition } from '../../src/core/definition.ts';
import type { ChainEvent, ChainRequest } from '../../src/core/event.ts';
import type { ChainState, Run } from '../../src/core/facts.ts';
import type { Holds } from '../../src/core/initial.ts';
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
  /** What the configuration says when it starts. */
  readonly definition: ChainDefinition;
  readonly holds: Holds;
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
  /** Counts its workers. */
  #workers = 0;
  /** The first of them that may still be given a run: those before are outdated. */
  #freshFrom = 0;
  /** The run that it gave to a worker, and by which definition. */
  #given: { readonly run: number; readonly definition: ChainDefinition } | null = null;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  start(): void {
    const { witness, store, holds, definition } = this.#parts;
    const isStopped = (store.stateOf(definition.name)?.stopped ?? null) !== null;
    witness.stops = isStopped && holds === 'kept' ? 1 : 0;
    witness.wishes.runnerStarts(holds);
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

  /** Somebody asks something of it; nobody can while it is stopped by SIGSTOP. */
  ask(request: ChainRequest): void {
    const chain = this.#listening();
    if (chain === null) return;
    const { witness, schedule, store, definition } = this.#parts;
    if (request.kind === 'stop asked' || request.kind === 'chain stopped') witness.stops += 1;
    if (request.kind === 'worker outdated') this.#freshFrom = this.#workers + 1;
    witness.wishes.asked(request, chain.facts().state.run);
    void chain.ask(request).then(() => {
      const stored = store.stateOf(definition.name);
      // A chain that finishes answers too.
      schedule.after(0, () => this.#answered(request, stored));
    });
  }

  #answered(request: ChainRequest, stored: ChainState | null): void {
    if (this.isAlive) this.#parts.witness.wishes.answered(request, stored);
  }

  /** It reads the configuration again. */
  change(definition: ChainDefinition): void {
    this.#listening()?.change(definition);
  }

  #listening(): RunningChain | null {
    return this.#isFrozen || !this.isAlive ? null : this.#chain;
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

  /** What must be true of it at any moment. */
  checkFacts(): void {
    if (!this.isAlive || this.#chain === null) return;
    this.#checkCooldown(this.#chain);
    this.#checkDefinition(this.#chain);
    const { pause } = this.#chain.facts().state;
    const isWaiting = !this.#isFrozen && this.#chain.waitingFor() === 'paused';
    if (isWaiting && pause !== null) this.#parts.witness.wishes.stillPaused(pause);
  }

  /** No cooldown may last longer than its own length. */
  #checkCooldown(chain: RunningChain): void {
    const { cooldown } = chain.facts().state;
    if (cooldown === null) return;
    const leftMs = cooldown.until - this.#parts.clock.now().monotonic;
    this.#parts.witness.check(
      leftMs <= cooldown.lengthMs,
      `a cooldown of ${cooldown.lengthMs} ms lasts for ${leftMs} ms more`,
    );
  }

  /** A run goes on to its end as it began. */
  #checkDefinition(chain: RunningChain): void {
    const given = this.#given;
    if (given === null || !this.#parts.witness.isInProgress(given.run)) return;
    this.#parts.witness.check(
      chain.definition() === given.definition,
      `the definition changes during run ${given.run}`,
    );
  }

  /** A chain may finish with a run in progress only if nothing can end that. */
  #checkFinish(): void {
    const run = this.#chain?.facts().state.run ?? null;
    const isOut = run?.stage.kind !== 'running' || (run.ending?.times ?? 0) >= 5;
    this.#parts.witness.check(isOut, `the chain finishes during run ${run?.number}`);
  }

  async #run(): Promise<void> {
    const { definition, witness } = this.#parts;
    witness.clocksRead();
    this.#chain = await startChain(definition, this.#ports(), { passGoal: null, holds: this.#parts.holds });
    await this.#chain.finished;
    if (this.isAlive) this.#checkFinish();
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
      workers: this.#ownWorkers(),
      output: {
        position: () => ({ generation: 1, offset: 0 }),
        tail: () => '',
        mustRotate: () => log.isFull,
        rotate: () => this.#do(() => (log.isFull = false)),
        limit: () => undefined,
        watch: () => undefined,
        unwatch: () => undefined,
      },
      tell: ({ told }) => this.#do(() => witness.told(told)),
    };
  }

  #ownWorkers(): Workers {
    const real = this.#parts.host.workersOf(() => this.isAlive);
    return {
      start: (definition, run, post) => {
        this.#workers += 1;
        const number = this.#workers;
        let wasBlocked = false;
        let isReleased = false;
        const hear = (event: ChainEvent): void => {
          if (!isReleased) post(event);
        };
        const worker = this.#do(() =>
          real.start(definition, run, (event) => {
            if (event.kind === 'worker blocked') wasBlocked = true;
            this.#post(event, hear, wasBlocked);
          }),
        );
        return {
          run: (given) =>
            this.#do(() => {
              this.#checkGiven(given, number, definition);
              worker.run(given);
            }),
          release: () => {
            isReleased = true;
            this.#checkRelease();
            worker.release();
          },
        };
      },
      end: (run, step, definition) => this.#do(() => real.end(run, step, definition)),
      remains: () => [],
    };
  }

  #checkGiven(run: Run, worker: number, definition: ChainDefinition): void {
    const { witness } = this.#parts;
    this.#given = { run: run.number, definition };
    witness.check(worker >= this.#freshFrom, `run ${run.number} is given to a worker that is outdated`);
    witness.check(
      this.#chain?.definition() === definition,
      `run ${run.number} is given to a worker of another definition`,
    );
  }

  #checkRelease(): void {
    const facts = this.#chain?.facts();
    const run = facts?.state.run ?? null;
    const isBusy = facts?.wanted.kind === 'run' && run !== null && run.stage.kind !== 'intended';
    const isLost = facts?.worker.kind === 'absent' || !this.isAlive;
    this.#parts.witness.check(!isBusy || isLost, `a worker is let go during run ${run?.number}`);
  }

  #save(saving: Saving): Promise<void> {
    this.#do(() => undefined);
    const { schedule, random, store, witness } = this.#parts;
    for (const { told } of saving.told) witness.wishes.saving(told);
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
    for (const { told } of saving.told) witness.stored(told, saving.state);
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
