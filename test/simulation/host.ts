import type { ChainDefinition } from '../../src/core/definition.ts';
import type { ChainEvent, JournalEntry } from '../../src/core/event.ts';
import type { ProcessIdentity, Run } from '../../src/core/facts.ts';
import type { Ending } from '../../src/core/outcome.ts';
import { add, toDurationMs } from '../../src/core/units.ts';
import type { Worker } from '../../src/ports.ts';
import type { Schedule } from '../support/schedule.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Nature } from './nature.ts';
import { RunProcess } from './run-process.ts';
import type { Witness } from './witness.ts';

/** What is about to go wrong with the workers of a host. */
export interface WorkerTrouble {
  /** So many workers that come next cannot start, or cannot load the tasks. */
  startsToFail: number;
  loadsToFail: number;
  /** The worker dies as the next run ends: after or before it has written that down; `null` if it does not. */
  diesAtEnd: { readonly isRecorded: boolean } | null;
  /** What workers say takes so long. */
  lateMs: number;
}

/** What a host of the simulation is made of. */
export interface HostNature {
  readonly schedule: Schedule;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly nature: Nature;
  readonly witness: Witness;
}

/** A worker that a runner starts. */
export interface WorkerWishes {
  readonly definition: ChainDefinition;
  readonly awaited: Run | null;
  readonly process: { readonly isAlive: boolean };
  /** What it says; the event is made when it is heard. */
  readonly post: (make: () => ChainEvent) => void;
}

/**
 * The processes of one host: workers and the trees of their runs, with the kernel's lock, which is free only when
 * no process that inherited it lives, and with the journal. They outlive the runner; a reboot ends them all.
 */
export class Host {
  readonly parts: HostNature;
  readonly trouble: WorkerTrouble = { startsToFail: 0, loadsToFail: 0, diesAtEnd: null, lateMs: 0 };
  readonly #workers = new Set<WorkerProcess>();
  /** Those that have said something which is still on its way; some of them are gone. */
  readonly late: Set<WorkerProcess> = new Set();
  readonly #waiting = new Set<WorkerProcess>();
  readonly #runs = new Map<number, RunProcess>();
  #journal = new Map<number, JournalEntry>();
  #pids = 0;

  constructor(parts: HostNature) {
    this.parts = parts;
  }

  startWorker(wishes: WorkerWishes): Worker {
    const worker = new WorkerProcess(this, wishes);
    this.#workers.add(worker);
    worker.begin();
    return worker;
  }

  /** A runner takes a step to end a run. */
  end(run: Run, step: Step, { tasks }: ChainDefinition): void {
    this.parts.witness.endingStep(run, step);
    const task = tasks.find(({ name }) => name === run.task);
    this.#runs.get(run.number)?.signal(step, task?.work.kind === 'function');
  }

  /** A runner is gone: its idle workers end, the others finish what they have. */
  runnerDied(): void {
    for (const worker of this.#workers) worker.runnerDied();
  }

  /** All processes end at once. */
  reboot(): void {
    for (const worker of this.#workers) worker.vanish();
    for (const run of this.#runs.values()) run.vanish();
    this.#runs.clear();
    this.#workers.clear();
  }

  /** What the workers of a runner have said arrives now. */
  deliver(process: WorkerWishes['process']): void {
    for (const worker of this.late) if (worker.isOf(process)) worker.deliver();
  }

  /** Kills all workers, as the kernel does when memory is short. */
  killWorkers(): void {
    for (const worker of this.#workers) worker.die('its worker process was killed by SIGKILL');
  }

  /** Kills those that have a run. */
  killBusyWorkers(): void {
    for (const worker of this.#workers) if (worker.isBusy) worker.die('it was killed by SIGKILL');
  }

  /** The connection of all workers breaks. */
  cutWorkersOff(): void {
    for (const worker of this.#workers) worker.cutOff();
  }

  isLockFree(except: WorkerProcess): boolean {
    for (const worker of this.#workers) if (worker !== except && worker.hasLock) return false;
    for (const run of this.#runs.values()) if (run.isAlive) return false;
    return true;
  }

  /** A worker waits for the lock, as a blocked `flock` does. */
  await(worker: WorkerProcess): void {
    this.#waiting.add(worker);
  }

  /** The lock may be free now. */
  #freed(): void {
    for (const worker of this.#waiting) worker.wake();
    this.#waiting.clear();
  }

  newIdentity(): ProcessIdentity {
    this.#pids += 1;
    return {
      boot: this.parts.clock.boot,
      namespace: '1',
      pid: this.#pids,
      startedTicks: String(this.#pids),
    };
  }

  forget(worker: WorkerProcess): void {
    this.#workers.delete(worker);
    this.#waiting.delete(worker);
    this.#freed();
  }

  add(run: RunProcess): void {
    this.#runs.set(run.number, run);
  }

  remove(run: RunProcess): void {
    if (this.#runs.get(run.number) === run) this.#runs.delete(run.number);
    this.#freed();
  }

  record(run: number, entry: JournalEntry): void {
    this.#journal.set(run, entry);
  }

  emptyJournal(): void {
    this.#journal = new Map();
  }

  findInJournal(run: Run): JournalEntry {
    const entry = this.#journal.get(run.number) ?? { kind: 'nothing' };
    return entry.kind === 'ended' ? { ...entry, boot: run.boot } : entry;
  }
}

/** What a runner does to end a run. */
export type Step = 'asked' | 'cancelled' | 'killed';

/** A worker: waits for the lock, loads, takes runs one by one, and goes when its runner is gone and its run is over. */
class WorkerProcess implements Worker {
  hasLock = false;
  readonly #host: Host;
  readonly #wishes: WorkerWishes;
  readonly #identity: ProcessIdentity;
  #state: 'new' | 'ready' | 'gone' = 'new';
  #isReleased = false;
  #hasEmptiedJournal = false;
  #run: RunProcess | null = null;
  readonly #random: SeededRandom;
  /** What it has said and was not heard yet. */
  #onItsWay: (() => ChainEvent)[] = [];
  #isCutOff = false;

  constructor(host: Host, wishes: WorkerWishes) {
    this.#host = host;
    this.#wishes = wishes;
    this.#identity = host.newIdentity();
    this.#random = host.parts.random.fork(this.#identity.pid);
  }

  begin(): void {
    const { trouble } = this.#host;
    if (trouble.startsToFail > 0) {
      trouble.startsToFail -= 1;
      this.#later(20, () => this.die('cannot start the worker'));
    } else this.#later(30, () => this.#tryLock(false));
  }

  get isBusy(): boolean {
    return this.#run !== null;
  }

  run(run: Run): void {
    const { witness } = this.#host.parts;
    const isFree = this.#state === 'ready' && this.#run === null;
    // One that died just now cannot say so yet; what is asked of it is lost.
    witness.check(isFree || this.#state === 'gone', () => `run ${run.number} is given to a busy worker`);
    witness.given(run);
    this.#later(3, () => this.#startRun(run));
  }

  release(): void {
    if (!this.#wishes.process.isAlive) return;
    this.#isReleased = true;
    this.runnerDied();
  }

  runnerDied(): void {
    this.#later(5, () => {
      if (this.#run === null && this.#isOrphan) this.vanish();
    });
  }

  /** It dies. The processes of its run live on, but for a function, which runs in the worker itself. */
  die(reason: string): void {
    if (this.#state === 'gone') return;
    const wasReady = this.#state === 'ready';
    this.vanish();
    this.#run?.orphan();
    const retryMs = wasReady ? 0 : 1_000;
    this.#post(() => this.#lost(reason, retryMs));
  }

  /** The lock that it waits for may be free. */
  wake(): void {
    this.#later(20, () => this.#tryLock(true));
  }

  /** Its connection breaks: the runner takes it for dead, and it takes the runner for dead. */
  cutOff(): void {
    if (this.#state === 'gone' || this.#isCutOff) return;
    this.#isCutOff = true;
    this.#onItsWay = [];
    this.#host.parts.schedule.after(this.#random.between(1, 50), () => {
      if (!this.#isReleased) this.#wishes.post(() => this.#lost('its connection broke', 1_000));
    });
    this.runnerDied();
  }

  #lost(reason: string, retryMs: number): ChainEvent {
    const { clock } = this.#host.parts;
    const retryAt = add(clock.now().monotonic, toDurationMs(retryMs));
    return { kind: 'worker lost', reason, retryAt, chance: this.#random.next(), ...this.#here() };
  }

  vanish(): void {
    this.#state = 'gone';
    this.hasLock = false;
    this.#host.forget(this);
  }

  mainEnded(run: RunProcess, ending: Ending, durationMs: number): void {
    const { witness } = this.#host.parts;
    const { trouble } = this.#host;
    const isOver = run.isGone || this.#wishes.definition.leftovers === 'allow';
    const length = toDurationMs(durationMs);
    const measured = { durationMs: length, usage: run.usage };
    const death = trouble.diesAtEnd;
    trouble.diesAtEnd = null;
    witness.written(run.number, death?.isRecorded === false ? null : ending);
    if (death?.isRecorded !== false)
      this.#host.record(run.number, { kind: 'ended', ending, ...measured, ...this.#here() });
    if (death !== null) {
      this.die('it was killed as a run ended');
      return;
    }
    if (isOver) this.#idle();
    const chance = this.#random.next();
    const leftovers = isOver ? [] : [{ pid: 7, command: 'sleep' }];
    const ended = {
      kind: 'run ended',
      run: run.number,
      ending,
      ...measured,
      chance,
      isOver,
      leftovers,
    } as const;
    this.#post(() => ({ ...ended, ...this.#here() }));
  }

  treeEnded(run: RunProcess): void {
    if (this.#run !== run) return;
    this.#idle();
    this.#post(() => ({ kind: 'run over', run: run.number, ...this.#here() }));
  }

  get #isOrphan(): boolean {
    return this.#isReleased || this.#isCutOff || !this.#wishes.process.isAlive;
  }

  #idle(): void {
    this.#run = null;
    if (this.#isOrphan) this.vanish();
  }

  #tryLock(hasTold: boolean): void {
    if (this.#isOrphan) {
      this.vanish();
      return;
    }
    if (!this.#host.isLockFree(this)) {
      const { clock } = this.#host.parts;
      if (!hasTold) this.#post(() => ({ kind: 'worker blocked', at: clock.now().monotonic, holders: [] }));
      this.#host.await(this);
      return;
    }
    this.hasLock = true;
    const { awaited } = this.#wishes;
    this.#later(2, () => {
      const found: JournalEntry = awaited === null ? { kind: 'nothing' } : this.#host.findInJournal(awaited);
      const locked = {
        kind: 'worker locked',
        identity: this.#identity,
        found,
        chance: this.#random.next(),
      } as const;
      this.#post(() => ({ ...locked, ...this.#here() }));
      this.#load();
    });
  }

  #load(): void {
    const { trouble } = this.#host;
    if (trouble.loadsToFail > 0) {
      trouble.loadsToFail -= 1;
      this.#later(500, () => this.die('the tasks could not be loaded'));
      return;
    }
    this.#later(this.#random.happens(0.1) ? 8_000 : 40, () => {
      this.#state = 'ready';
      this.#post(() => ({ kind: 'worker ready' }));
    });
  }

  #startRun(run: Run): void {
    if (!this.#hasEmptiedJournal) this.#host.emptyJournal();
    this.#hasEmptiedJournal = true;
    this.#host.record(run.number, { kind: 'began' });
    this.#run = new RunProcess(this.#host, this, { run, definition: this.#wishes.definition });
    this.#run.begin(this.#wishes.definition);
  }

  #later(uptoMs: number, call: () => void): void {
    this.#host.parts.schedule.after(this.#random.between(1, uptoMs), () => {
      if (this.#state !== 'gone') call();
    });
  }

  /** What it has said and is still on its way arrives now. */
  deliver(): void {
    const onItsWay = this.#onItsWay;
    this.#onItsWay = [];
    this.#host.late.delete(this);
    for (const make of onItsWay) this.#wishes.post(make);
  }

  isOf(process: WorkerWishes['process']): boolean {
    return this.#wishes.process === process;
  }

  // What it says arrives in its order.
  #post(make: () => ChainEvent): void {
    if (this.#isReleased || this.#isCutOff) return;
    const { lateMs } = this.#host.trouble;
    if (lateMs === 0 && this.#onItsWay.length === 0) {
      this.#wishes.post(make);
      return;
    }
    this.#onItsWay.push(make);
    this.#host.late.add(this);
    this.#host.parts.schedule.after(lateMs, () => this.deliver());
  }

  #here(): { at: ReturnType<VirtualClock['now']>; boot: string } {
    const { clock } = this.#host.parts;
    return { at: clock.now(), boot: clock.boot };
  }
}
