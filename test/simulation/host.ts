import type { ChainDefinition } from '../../src/core/definition.ts';
import type { ChainEvent, JournalEntry } from '../../src/core/event.ts';
import type { ProcessIdentity, Run } from '../../src/core/facts.ts';
import type { Ending } from '../../src/core/outcome.ts';
import { add, durationBetween, toDurationMs } from '../../src/core/units.ts';
import { unknownUsage } from '../../src/core/usage.ts';
import type { Worker, Workers } from '../../src/ports.ts';
import type { Schedule } from '../support/schedule.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Witness } from './witness.ts';

/** How much goes wrong on a host; all of it is set to nothing when the faults stop. */
export interface HostFaults {
  /** How likely a worker cannot start or load, or dies while it has a run. */
  workerFails: number;
  /** How likely a run fails, hangs until it is killed, or leaves a process behind. */
  runFails: number;
  runHangs: number;
  runLeaves: number;
  /** How long other runs take at most. */
  runMs: number;
}

/** What a host of the simulation is made of. */
export interface HostParts {
  readonly schedule: Schedule;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly faults: HostFaults;
  readonly witness: Witness;
}

/** How long SIGTERM takes, and how long a process that ignores it goes on. */
const longestRunMs = 20_000;

/**
 * The processes of one host: workers and the trees of their runs, with the kernel's lock, which is free only when
 * no process that inherited it lives, and with the journal. They outlive the runner; a reboot ends them all.
 */
export class Host {
  readonly parts: HostParts;
  readonly #workers = new Set<WorkerProcess>();
  readonly #runs = new Map<number, RunProcess>();
  #journal = new Map<number, JournalEntry>();
  #pids = 0;

  constructor(parts: HostParts) {
    this.parts = parts;
  }

  /** The workers as one runner sees them; `isAlive` says whether that runner still lives. */
  workersOf(isAlive: () => boolean): Workers {
    return {
      start: (definition, run, post) => {
        const worker = new WorkerProcess(this, { definition, awaited: run, isRunnerAlive: isAlive, post });
        this.#workers.add(worker);
        worker.begin();
        return worker;
      },
      end: (run, step) => {
        this.parts.witness.endingStep(run, step);
        this.#runs.get(run.number)?.signal(step);
      },
      remains: () => [],
    };
  }

  /** The runner is gone: idle workers end, the others finish what they have. */
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

  /** Kills some worker that has a run, as the kernel does when memory is short. */
  killWorker(): void {
    for (const worker of this.#workers) worker.die('its worker process was killed by SIGKILL');
  }

  isLockFree(except: WorkerProcess): boolean {
    for (const worker of this.#workers) if (worker !== except && worker.hasLock) return false;
    for (const run of this.#runs.values()) if (run.isAlive) return false;
    return true;
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
  }

  add(run: RunProcess): void {
    this.#runs.set(run.number, run);
  }

  remove(run: RunProcess): void {
    if (this.#runs.get(run.number) === run) this.#runs.delete(run.number);
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

interface WorkerWishes {
  readonly definition: ChainDefinition;
  readonly awaited: Run | null;
  readonly isRunnerAlive: () => boolean;
  readonly post: (event: ChainEvent) => void;
}

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

  constructor(host: Host, wishes: WorkerWishes) {
    this.#host = host;
    this.#wishes = wishes;
    this.#identity = host.newIdentity();
  }

  begin(): void {
    const { random, faults } = this.#host.parts;
    if (random.happens(faults.workerFails)) this.#later(20, () => this.die('cannot start the worker'));
    else this.#later(30, () => this.#tryLock(false));
  }

  run(run: Run): void {
    const { witness } = this.#host.parts;
    const isFree = this.#state === 'ready' && this.#run === null;
    // One that died just now cannot say so yet; what is asked of it is lost.
    witness.check(isFree || this.#state === 'gone', `run ${run.number} is given to a busy worker`);
    witness.given(run);
    this.#later(3, () => this.#startRun(run));
  }

  release(): void {
    if (!this.#wishes.isRunnerAlive()) return;
    this.#isReleased = true;
    this.runnerDied();
  }

  runnerDied(): void {
    this.#later(5, () => {
      if (this.#run === null && this.#isOrphan) this.vanish();
    });
  }

  /** It dies; the processes of its run live on. */
  die(reason: string): void {
    if (this.#state === 'gone') return;
    const wasReady = this.#state === 'ready';
    this.vanish();
    this.#run?.orphan();
    const { clock, random } = this.#host.parts;
    const { monotonic } = clock.now();
    const retryAt = wasReady ? monotonic : add(monotonic, toDurationMs(1_000));
    this.#post({ kind: 'worker lost', reason, retryAt, chance: random.next(), ...this.#here() });
  }

  vanish(): void {
    this.#state = 'gone';
    this.hasLock = false;
    this.#host.forget(this);
  }

  mainEnded(run: RunProcess, ending: Ending, durationMs: number): void {
    const isOver = run.isGone || this.#wishes.definition.leftovers === 'allow';
    const length = toDurationMs(durationMs);
    const measured = { durationMs: length, usage: unknownUsage };
    this.#host.record(run.number, { kind: 'ended', ending, ...measured, ...this.#here() });
    if (isOver) this.#idle();
    const { chance } = { chance: this.#host.parts.random.next() };
    const leftovers = isOver ? [] : [{ pid: 7, command: 'sleep' }];
    this.#post({
      kind: 'run ended',
      run: run.number,
      ending,
      ...measured,
      chance,
      isOver,
      leftovers,
      ...this.#here(),
    });
  }

  treeEnded(run: RunProcess): void {
    if (this.#run !== run) return;
    this.#idle();
    this.#post({ kind: 'run over', run: run.number, ...this.#here() });
  }

  get #isOrphan(): boolean {
    return this.#isReleased || !this.#wishes.isRunnerAlive();
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
      if (!hasTold) this.#post({ kind: 'worker blocked', at: clock.now().monotonic, holders: [] });
      this.#later(500, () => this.#tryLock(true));
      return;
    }
    this.hasLock = true;
    const { awaited } = this.#wishes;
    this.#later(2, () => {
      const found: JournalEntry = awaited === null ? { kind: 'nothing' } : this.#host.findInJournal(awaited);
      const { chance } = { chance: this.#host.parts.random.next() };
      this.#post({ kind: 'worker locked', identity: this.#identity, found, chance, ...this.#here() });
      this.#load();
    });
  }

  #load(): void {
    const { random, faults } = this.#host.parts;
    if (random.happens(faults.workerFails)) {
      this.#later(500, () => this.die('the tasks could not be loaded'));
      return;
    }
    this.#later(random.happens(0.1) ? 8_000 : 40, () => {
      this.#state = 'ready';
      this.#post({ kind: 'worker ready' });
    });
  }

  #startRun(run: Run): void {
    if (!this.#hasEmptiedJournal) this.#host.emptyJournal();
    this.#hasEmptiedJournal = true;
    const { random, faults } = this.#host.parts;
    this.#host.record(run.number, { kind: 'began' });
    this.#run = new RunProcess(this.#host, this, run);
    this.#run.begin(this.#wishes.definition);
    if (random.happens(faults.workerFails)) this.#later(5_000, () => this.die('it was killed by SIGKILL'));
  }

  #later(uptoMs: number, call: () => void): void {
    const { schedule, random } = this.#host.parts;
    schedule.after(random.between(1, uptoMs), () => {
      if (this.#state !== 'gone') call();
    });
  }

  #post(event: ChainEvent): void {
    if (!this.#isReleased) this.#wishes.post(event);
  }

  #here(): { at: ReturnType<VirtualClock['now']>; boot: string } {
    const { clock } = this.#host.parts;
    return { at: clock.now(), boot: clock.boot };
  }
}

/** The processes of one run: the main one, and maybe another that it leaves behind. */
class RunProcess {
  readonly number: number;
  readonly #host: Host;
  readonly #run: Run;
  readonly #minds: boolean;
  readonly #beganAt: ReturnType<VirtualClock['now']>;
  #worker: WorkerProcess | null;
  #hasMain = true;
  #hasLeftover: boolean;

  constructor(host: Host, worker: WorkerProcess, run: Run) {
    const { random, faults, clock } = host.parts;
    this.#host = host;
    this.#worker = worker;
    this.#run = run;
    this.number = run.number;
    this.#hasLeftover = random.happens(faults.runLeaves);
    this.#minds = random.happens(0.7);
    this.#beganAt = clock.now();
  }

  get isAlive(): boolean {
    return this.#hasMain || this.#hasLeftover;
  }

  get isGone(): boolean {
    return !this.isAlive;
  }

  begin(definition: ChainDefinition): void {
    const { random, faults, schedule, witness } = this.#host.parts;
    this.#host.add(this);
    witness.began(this.#run, definition);
    const lengthMs = random.happens(faults.runHangs) ? longestRunMs * 3 : random.between(1, faults.runMs);
    const ending: Ending = random.happens(faults.runFails)
      ? { kind: 'exited', exitCode: random.between(1, 3) }
      : { kind: 'succeeded' };
    schedule.after(lengthMs, () => this.#mainEnds(ending));
    if (this.#hasLeftover)
      schedule.after(lengthMs + random.between(1, longestRunMs), () => this.#leftoverEnds());
  }

  signal(step: 'asked' | 'cancelled' | 'killed'): void {
    const { random, schedule } = this.#host.parts;
    if (step === 'asked' || (step === 'cancelled' && !this.#minds)) return;
    const signal = step === 'killed' ? 'SIGKILL' : 'SIGTERM';
    schedule.after(random.between(0, 50), () => {
      this.#mainEnds({ kind: 'killed', signal });
      this.#leftoverEnds();
    });
  }

  /** Its worker died: nobody writes down any more how it ends. */
  orphan(): void {
    this.#worker = null;
  }

  vanish(): void {
    if (this.isAlive) this.#host.parts.witness.vanished(this.number);
    this.#hasMain = false;
    this.#hasLeftover = false;
  }

  #mainEnds(ending: Ending): void {
    if (!this.#hasMain) return;
    this.#hasMain = false;
    const { clock, witness } = this.#host.parts;
    witness.mainEnded(this.number, this.#worker === null ? null : ending);
    if (this.isGone) this.#gone();
    const durationMs = durationBetween(this.#beganAt.monotonic, clock.now().monotonic);
    this.#worker?.mainEnded(this, ending, durationMs);
  }

  #leftoverEnds(): void {
    if (!this.#hasLeftover) return;
    this.#hasLeftover = false;
    if (this.#hasMain) return;
    this.#gone();
    this.#worker?.treeEnded(this);
  }

  #gone(): void {
    this.#host.remove(this);
    this.#host.parts.witness.treeEnded(this.number);
  }
}
