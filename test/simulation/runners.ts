import type { ControlRequest, Loaded, Upgraded } from '../../src/control-port.ts';
import type { ChainDefinition, ChainName } from '../../src/core/definition.ts';
import type { ChainPorts } from '../../src/ports.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { ChainAccess, HostParts } from './chain-ports.ts';
import { KernelLock } from './places.ts';
import { RunnerProcess } from './process.ts';
import { attempt, failed, ForegroundProgram, UpProgram, type ProgramParts } from './programs.ts';

/** What the runners of a world live in. */
export interface RunnersParts {
  readonly ports: HostParts;
  readonly random: SeededRandom;
  readonly chain: ChainName;
  /** The chains of the configuration, as a runner reads it when it starts. */
  readonly definitions: () => readonly ChainDefinition[];
  readonly load: (answer: (loaded: Loaded) => void) => void;
  readonly sabotage: (access: ChainAccess) => ChainPorts;
  readonly note: (what: () => string) => void;
  readonly isCalm: () => boolean;
}

/** A `runner up`, and how it can be asked. */
interface Up {
  readonly process: RunnerProcess;
  readonly reload: (isDryRun: boolean) => Promise<void>;
}

/** All runners of a host: those that are up, of which one has the seat, and those in the foreground. */
export class Runners {
  readonly #parts: RunnersParts;
  readonly #programs: ProgramParts;
  readonly #seat = new KernelLock<RunnerProcess>();
  readonly #chainLock = new KernelLock<RunnerProcess>();
  readonly #alive = new Set<RunnerProcess>();
  readonly #ups = new Set<RunnerProcess>();
  readonly #accesses = new Map<RunnerProcess, ChainAccess>();
  #pids = 0;
  #isRefused = false;

  constructor(parts: RunnersParts) {
    this.#parts = parts;
    this.#programs = {
      ...parts.ports,
      places: { seat: this.#seat, chain: this.#chainLock },
      opened: (process, access) => void this.#accesses.set(process, access),
      sabotage: parts.sabotage,
      load: parts.load,
      startSuccessor: (old, answer) => this.#startSuccessor(old, answer),
    };
  }

  /** The one that is up; `null` while there is none that can be asked. */
  get up(): Up | null {
    const process = this.#seat.holder;
    if (process === null || !process.isListening) return null;
    return { process, reload: (isDryRun) => this.#reload(process, isDryRun) };
  }

  /** The one that is up, or that has the chain. */
  one(whose: 'up' | 'with the chain'): RunnerProcess | null {
    return whose === 'up' ? this.#seat.holder : this.#chainLock.holder;
  }

  /** Starts `runner up`, unless another one is up. */
  startUp(): void {
    const process = this.#newProcess('a runner starts');
    this.#beginUp(process);
  }

  /** Starts `runner run`. */
  startForeground(by: { readonly isTakeover: boolean; readonly passGoal: number | null }): void {
    const [definition] = this.#parts.definitions();
    if (definition === undefined) return;
    const process = this.#newProcess('a runner starts in the foreground');
    const { pid } = process;
    const takeover = (): void => this.ask({ kind: 'release', pid, by: `process ${pid}` });
    const program = new ForegroundProgram(process, this.#programs, {
      definition,
      passGoal: by.passGoal,
      takeover: by.isTakeover ? takeover : null,
    });
    process.program = program;
    program.begin();
  }

  /** The runner that is up is replaced by a new one. */
  upgrade(isRefused: boolean): void {
    const old = this.up?.process;
    const project = old?.program?.project;
    if (old === undefined || project === null || project === undefined) return;
    this.#isRefused = isRefused;
    this.#watch(old, project.upgrade('ada'), ({ kind }) => this.#parts.ports.coverage.count('upgrade', kind));
  }

  /** Asks the runner that is up something of the chain. */
  ask(request: ControlRequest): void {
    const process = this.up?.process;
    const project = process?.program?.project;
    if (process === undefined || project === null || project === undefined) return;
    const { witness, store, schedule, coverage } = this.#parts.ports;
    const { chain: name } = this.#parts;
    const chain = process.chain();
    if (request.kind === 'start') process.isStarting = true;
    if (chain !== null || this.#isToBeTaken(process, request) || request.kind === 'start') {
      if (request.kind === 'stop') witness.stops += 1;
      process.isToStop ||= chain === null && request.kind === 'stop';
      if (request.kind === 'restart') this.#accesses.get(process)?.outdateWorker();
      const state = chain?.facts().state ?? store.savedState(name);
      witness.wishes.asked(request, state?.run ?? null);
    }
    coverage.count('asked', request.kind);
    this.#watch(process, project.ask(name, request), (answer) => {
      coverage.count('answer', answer.kind);
      const stored = store.savedState(name);
      // A process that dies at this moment has not answered.
      schedule.after(0, () => {
        if (process.isAlive) witness.wishes.answered(request, answer, stored);
      });
    });
  }

  // What is asked while it is being taken waits for that, and another stop of one that is stopped takes it.
  #isToBeTaken(process: RunnerProcess, request: ControlRequest): boolean {
    let state: string | undefined;
    attempt(process, this.#parts.ports.witness, () => {
      state = process.program?.project?.status().chains[0]?.state;
    });
    return state === 'waiting' || (state === 'stopped' && request.kind === 'stop');
  }

  /** Somebody looks at the one that is up. */
  look(): void {
    const process = this.up?.process;
    if (process === undefined) return;
    attempt(process, this.#parts.ports.witness, () => void process.program?.project?.status());
  }

  /** Asks a runner to end. */
  end(process: RunnerProcess, how: 'drain' | 'stop' | 'stop now'): void {
    if (!process.isListening) return;
    if (how !== 'drain') {
      process.stops += 1;
      if (this.#chainLock.holder === process) this.#parts.ports.witness.stops += 1;
    }
    attempt(process, this.#parts.ports.witness, () => process.program?.end(how));
  }

  killAll(): void {
    for (const process of this.#alive) process.die('goes down with the host');
  }

  /** All go on that were stopped by SIGSTOP, and those in the foreground end. */
  calm(): void {
    for (const process of this.#alive) {
      process.disarm();
      process.thaw();
      if (!this.#ups.has(process)) this.end(process, 'stop');
    }
    if (this.#ups.size === 0) this.#startLater(0);
  }

  /** What the chain does by the runner that is up, in a word or two. */
  state(): string {
    const process = this.#seat.holder;
    if (process === null) return 'no runner is up';
    let state = 'no chain';
    attempt(process, this.#parts.ports.witness, () => {
      state = process.program?.project?.status().chains[0]?.state ?? state;
    });
    return state;
  }

  /** What must be true at any moment. */
  check(): void {
    for (const process of this.#alive) {
      const chain = process.chain();
      if (chain === null) continue;
      this.#parts.ports.coverage.facts(chain.facts());
      this.#accesses.get(process)?.check();
    }
  }

  #newProcess(what: string): RunnerProcess {
    this.#pids += 1;
    const pid = this.#pids;
    this.#parts.note(() => `${what}, process ${pid}`);
    const { schedule, coverage, witness } = this.#parts.ports;
    const process = new RunnerProcess(pid, {
      schedule,
      coverage,
      died: (dead, how) => this.#died(dead, how),
      circles: () => witness.check(false, () => 'it goes round in circles'),
    });
    this.#alive.add(process);
    return process;
  }

  #beginUp(process: RunnerProcess): UpProgram | null {
    if (!this.#seat.take(process)) {
      process.die('finds another runner, and ends');
      return null;
    }
    const program = new UpProgram(process, this.#programs, this.#parts.chain);
    this.#ups.add(process);
    process.program = program;
    program.begin(this.#parts.definitions(), this.#parts.ports.witness);
    return program;
  }

  #died(process: RunnerProcess, how: string): void {
    this.#parts.note(() => `process ${process.pid} ${how}`);
    this.#alive.delete(process);
    this.#ups.delete(process);
    this.#seat.release(process);
    this.#chainLock.release(process);
    this.#accesses.delete(process);
    this.#parts.ports.host.runnerDied();
    if (this.#ups.size > 0) return;
    const { random, isCalm } = this.#parts;
    this.#startLater(random.pick([0, 10, 3_000, isCalm() ? 0 : 60_000]));
  }

  // The service manager starts the runner again.
  #startLater(delayMs: number): void {
    this.#parts.ports.schedule.after(delayMs, () => {
      if (this.#ups.size === 0) this.startUp();
    });
  }

  async #reload(process: RunnerProcess, isDryRun: boolean): Promise<void> {
    const project = process.program?.project;
    if (project === null || project === undefined) return;
    const { coverage } = this.#parts.ports;
    this.#watch(process, project.reload({ by: 'ada', isDryRun }), ({ kind }) =>
      coverage.count('reload', kind),
    );
  }

  // The new runner asks the old one for its chains, and takes its seat at once.
  #startSuccessor(old: RunnerProcess, answer: (upgraded: Upgraded) => void): void {
    const { schedule, witness } = this.#parts.ports;
    const isRefused = this.#isRefused;
    schedule.after(this.#parts.random.between(1, 300), () => {
      const process = this.#newProcess('a successor starts');
      const project = old.program?.project ?? null;
      if (isRefused || !old.isListening || project === null || this.#seat.holder !== old) {
        process.die('refuses to start');
        answer({ kind: 'failed', text: 'it refuses' });
        return;
      }
      attempt(old, witness, () => {
        const isGiven = this.#handOver(old, process);
        answer(isGiven ? { kind: 'taking over', pid: process.pid } : { kind: 'failed', text: 'it cannot' });
      });
    });
  }

  #handOver(old: RunnerProcess, successor: RunnerProcess): boolean {
    const { schedule, coverage, witness } = this.#parts.ports;
    const { random } = this.#parts;
    const connection = new AbortController();
    const soon = (process: RunnerProcess, call: () => void): void =>
      void schedule.after(random.between(1, 20), () => process.timer(() => attempt(process, witness, call)));
    let next: UpProgram | null = null;
    const released = (chain: string): void => soon(successor, () => next?.project.tryNow(chain));
    const given = old.program?.project?.handOver({ pid: successor.pid }, released, connection.signal) ?? null;
    next = given === null ? null : this.#beginUp(successor);
    if (given === null || next === null) {
      successor.die('is given nothing');
      return false;
    }
    const program = next;
    const ended = new Promise<void>((resolve) => {
      const end = (): void =>
        soon(successor, () => {
          program.predecessor = null;
          program.project.tryNow(null);
          resolve();
        });
      let isAnswered = false;
      const answered = (how: 'given' | 'taken back'): void => {
        isAnswered = true;
        coverage.count('hand-over', how);
      };
      given.then(answered, (error: unknown) => failed(old, witness, error));
      old.onDeath(() => {
        end();
        void Promise.resolve().then(() => {
          if (!isAnswered && successor.isAlive) coverage.count('hand-over', 'predecessor died');
        });
      });
    });
    const stop = (isNow: boolean): void => soon(old, () => this.end(old, isNow ? 'stop now' : 'stop'));
    program.predecessor = { pid: old.pid, ended, stop };
    successor.onDeath(() => soon(old, () => connection.abort()));
    return true;
  }

  /** Waits for an answer of a process, which may die of the question. */
  #watch<Answer>(process: RunnerProcess, answer: Promise<Answer>, answered: (answer: Answer) => void): void {
    answer.then(
      (value) => {
        if (process.isAlive) answered(value);
      },
      (error: unknown) => failed(process, this.#parts.ports.witness, error),
    );
  }
}
