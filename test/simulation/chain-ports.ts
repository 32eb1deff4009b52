import type { ChainDefinition, ChainName } from '../../src/core/definition.ts';
import type { ChainEvent, ChainTold } from '../../src/core/event.ts';
import type { Run } from '../../src/core/facts.ts';
import {
  StoreError,
  type ChainPorts,
  type Clock,
  type Output,
  type Saving,
  type Term,
} from '../../src/ports.ts';
import type { Store, Tell, Worker, Workers } from '../../src/ports.ts';
import type { MemoryStore } from '../support/memory-store.ts';
import type { Schedule } from '../support/schedule.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Coverage } from './coverage.ts';
import { countEvent, countTold } from './count-told.ts';
import type { Disk } from './disk.ts';
import type { Host } from './host.ts';
import type { RunnerProcess } from './process.ts';
import type { Witness } from './witness.ts';

/** What the ports of a runner are made of. */
export interface HostParts {
  readonly schedule: Schedule;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly store: MemoryStore;
  readonly disk: Disk;
  readonly host: Host;
  readonly log: { isFull: boolean };
  readonly witness: Witness;
  readonly coverage: Coverage;
}

/** The clock as a process sees it. */
export function clockOf(process: RunnerProcess, { clock, host }: HostParts): Clock {
  return {
    boot: clock.boot,
    now: () => process.do('clock.now', () => clock.now()),
    wakeAt: (moment, wake) =>
      process.do('clock.wakeAt', () => clock.wakeAt(moment, () => process.timer(wake))),
    allHeard: async () =>
      process.do('clock.allHeard', () => {
        host.deliver(process);
        process.hearAll();
      }),
  };
}

/** The world as the loop of a chain sees it, and what the witness has to say of each thing that the loop does. */
export class ChainAccess {
  readonly ports: ChainPorts;
  readonly #process: RunnerProcess;
  readonly #parts: HostParts;
  readonly #tell: Tell;
  #onItsWay: Saving | null = null;
  /** Whether the store has answered the last save with an error. */
  #hasFailed = false;
  /** Counts its workers. */
  #workers = 0;
  /** The first of them that may still be given a run: those before are outdated. */
  #freshFrom = 0;
  /** The run that it gave to a worker, and by which definition. */
  #given: { readonly run: number; readonly definition: ChainDefinition } | null = null;

  constructor(process: RunnerProcess, parts: HostParts, tell: Tell) {
    this.#process = process;
    this.#parts = parts;
    this.#tell = tell;
    process.onDeath(() => this.#processDied());
    const { random } = parts;
    this.ports = {
      clock: clockOf(process, parts),
      random: { next: () => random.next() },
      store: this.#store(),
      workers: this.#workersPort(),
      output: this.#output(),
      tell: (told) => process.do('tell', () => this.#told(told)),
    };
  }

  /** Somebody wants another worker than the present one. */
  outdateWorker(): void {
    this.#freshFrom = this.#workers + 1;
  }

  /** What must be true at any moment. */
  check(): void {
    const chain = this.#process.chain();
    if (!this.#process.isAlive || chain === null) return;
    const { witness, clock } = this.#parts;
    const { cooldown, pause } = chain.facts().state;
    if (cooldown !== null) {
      const leftMs = cooldown.until - clock.now().monotonic;
      witness.check(
        leftMs <= cooldown.lengthMs,
        () => `a cooldown of ${cooldown.lengthMs} ms lasts for ${leftMs} ms more`,
      );
    }
    const given = this.#given;
    if (given !== null && witness.isInProgress(given.run)) {
      witness.check(
        chain.definition() === given.definition,
        () => `the definition changes during run ${given.run}`,
      );
    }
    const waiting = chain.waitingFor();
    if (waiting !== null) {
      this.#parts.coverage.count('decision', 'wait');
      this.#parts.coverage.count('wait for', waiting);
    }
    if (!this.#process.isFrozen && waiting === 'paused' && pause !== null) witness.wishes.stillPaused(pause);
  }

  /** The chain has finished. It may only with a run in progress that nothing can end. */
  checkFinish(): void {
    this.#parts.coverage.count('decision', 'finish');
    const run = this.#process.chain()?.facts().state.run ?? null;
    const isOut = run?.stage.kind !== 'running' || (run.ending?.times ?? 0) >= 5;
    this.#parts.witness.check(isOut, () => `the chain finishes during run ${run?.number}`);
  }

  #store(): Store {
    return {
      begin: (chain) => this.#begin(chain),
      save: (saving) => this.#save(saving),
    };
  }

  async #begin(chain: ChainName): Promise<Term> {
    const { store, disk, witness, schedule, random, coverage } = this.#parts;
    const process = this.#process;
    process.do('store.begin', () => undefined);
    const trouble = disk.termTrouble();
    await new Promise<void>((resolve) => {
      schedule.after(disk.delayMs(random), () => process.timer(resolve));
    });
    if (trouble !== null) {
      process.do('store.begin', () => undefined);
      throw new StoreError(trouble);
    }
    const term = await store.begin(chain);
    return process.do('store.begin', () => {
      witness.clocksRead();
      const isStopped = (term.state?.stopped ?? null) !== null && !process.isStarting;
      witness.stops = process.stops + (isStopped || process.isToStop ? 1 : 0);
      if (process.program?.project !== null)
        coverage.count('term begun, holds', process.isStarting ? 'stop ends' : 'kept');
      process.isStarting = false;
      process.isToStop = false;
      return term;
    });
  }

  #save(saving: Saving): Promise<void> {
    const { schedule, random, disk, witness, coverage } = this.#parts;
    const process = this.#process;
    process.do('store.save', () => undefined);
    if (this.#hasFailed) coverage.count('decision', 'store');
    for (const { told } of saving.told) witness.saving(told);
    const trouble = disk.saveTrouble();
    this.#onItsWay = trouble === null ? saving : null;
    const last = process.diesStoring;
    return new Promise((resolve, reject) => {
      schedule.after(disk.delayMs(random), () => {
        if (!process.isAlive) return;
        if (last !== null && !last.isCommitted) this.#onItsWay = null;
        if (this.#onItsWay !== null) this.#commit(this.#onItsWay);
        this.#onItsWay = null;
        if (last !== null) process.die(`died ${last.isCommitted ? 'after a commit' : 'before a commit'}`);
        process.timer(() => {
          this.#hasFailed = trouble !== null;
          coverage.count('event', trouble === null ? 'store worked' : 'store failed');
          if (trouble === null) resolve();
          else reject(new StoreError(trouble));
        });
      });
    });
  }

  #commit(saving: Saving): void {
    const { store, witness } = this.#parts;
    store.keep(saving);
    witness.committed(saving);
  }

  // A process may die before or after the commit that it waits for.
  #processDied(): void {
    const { random, disk } = this.#parts;
    if (this.#onItsWay !== null && disk.full === null && random.happens(0.5)) this.#commit(this.#onItsWay);
    this.#onItsWay = null;
  }

  #told(told: ChainTold): void {
    countTold(told.told, this.#parts.coverage);
    this.#parts.witness.told(told.told);
    this.#tell(told);
  }

  #output(): Output {
    const process = this.#process;
    const { log, coverage, random } = this.#parts;
    return {
      position: () => process.do('output.position', () => ({ generation: 1, offset: 0 })),
      tail: () =>
        process.do('output.tail', () => {
          coverage.count('event', 'output read');
          return random.pick(['', 'ERROR: deadlock detected\n', 'no space left on device\n']);
        }),
      mustRotate: () => process.do('output.mustRotate', () => log.isFull),
      rotate: () => process.do('output.rotate', () => void (log.isFull = false)),
      limit: () => process.do('output.limit', () => undefined),
      watch: () => process.do('output.watch', () => undefined),
      unwatch: () => process.do('output.unwatch', () => undefined),
    };
  }

  #workersPort(): Workers {
    const process = this.#process;
    const { coverage, host } = this.#parts;
    return {
      start: (definition, run, post) => {
        const worker = process.do('workers.start', () => this.#startWorker(definition, run, post));
        coverage.count('decision', 'start worker');
        coverage.count('event', 'worker started');
        return worker;
      },
      end: (run, step, definition) =>
        process.do('workers.end', () => {
          coverage.count('decision', 'end run');
          host.end(run, step, definition);
        }),
      remains: () => process.do('workers.remains', () => []),
    };
  }

  #startWorker(definition: ChainDefinition, run: Run | null, post: (event: ChainEvent) => void): Worker {
    this.#workers += 1;
    const process = this.#process;
    const number = this.#workers;
    const { coverage, host } = this.#parts;
    let wasBlocked = false;
    let isReleased = false;
    const hear = (event: ChainEvent): void => {
      if (isReleased) return;
      if (event.kind === 'worker blocked') wasBlocked = true;
      countEvent(event, coverage);
      this.#heard(event, wasBlocked);
      post(event);
    };
    const worker = host.startWorker({
      definition,
      awaited: run,
      process,
      post: (make) => process.hear(make, hear),
    });
    return {
      run: (given) =>
        process.do('worker.run', () => {
          coverage.count('decision', 'start run');
          this.#checkGiven(given, number, definition);
          worker.run(given);
        }),
      release: () =>
        process.do('worker.release', () => {
          isReleased = true;
          this.#countRelease();
          this.#checkRelease();
          worker.release();
        }),
    };
  }

  #heard(event: ChainEvent, wasBlocked: boolean): void {
    if (event.kind !== 'worker locked') return;
    const { witness } = this.#parts;
    witness.clocksRead();
    const run = this.#process.chain()?.facts().state.run;
    if (event.found.kind === 'ended' && run?.stage.kind === 'running')
      witness.foundInJournal(run.number, wasBlocked);
  }

  #checkGiven(run: Run, worker: number, definition: ChainDefinition): void {
    const { witness } = this.#parts;
    this.#given = { run: run.number, definition };
    witness.check(worker >= this.#freshFrom, () => `run ${run.number} is given to a worker that is outdated`);
    witness.check(
      this.#process.chain()?.definition() === definition,
      () => `run ${run.number} is given to a worker of another definition`,
    );
  }

  // A worker is let go for a decision, for its log, or because the chain has finished.
  #countRelease(): void {
    const { coverage, log } = this.#parts;
    const isStale = (this.#process.chain()?.facts().staleWorker ?? null) !== null;
    if (isStale) coverage.count('decision', 'release worker');
    if (isStale || log.isFull) coverage.count('event', 'worker released');
  }

  #checkRelease(): void {
    const facts = this.#process.chain()?.facts();
    const run = facts?.state.run ?? null;
    const isBusy = facts?.wanted.kind === 'run' && run !== null && run.stage.kind !== 'intended';
    const isLost = facts?.worker.kind === 'absent';
    this.#parts.witness.check(!isBusy || isLost, () => `a worker is let go during run ${run?.number}`);
  }
}
