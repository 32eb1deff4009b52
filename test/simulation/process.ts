import type { ChainEvent } from '../../src/core/event.ts';
import type { RunningChain } from '../../src/runner/chain-loop.ts';
import type { ProjectRunner } from '../../src/runner/project-runner.ts';
import type { Schedule } from '../support/schedule.ts';
import type { PortCall } from './coverage-names.ts';
import type { Coverage } from './coverage.ts';

/** What a process of the simulation lives in. */
export interface ProcessParts {
  readonly schedule: Schedule;
  readonly coverage: Coverage;
  /** Told when it is no more, and how that came. */
  readonly died: (process: RunnerProcess, how: string) => void;
  /** Told when it does so much at one moment that it can only go round in circles. */
  readonly circles: () => void;
}

/** What runs in a process: `runner up` or `runner run`. */
export interface Program {
  /** The chain, while this program runs it. */
  chain(): RunningChain | null;
  /** `null` for a program that nobody can ask anything. */
  readonly project: ProjectRunner | null;
  /** SIGTERM, or what it may be asked as well. */
  end(how: 'drain' | 'stop' | 'stop now'): void;
}

interface Fuse {
  readonly calls: number;
  readonly isBefore: boolean;
  readonly at: PortCall | null;
}

/** The runner is dead: whatever it does next, it does not do. */
export class Crashed extends Error {}

const crashed = new Crashed('this process is dead');
/** No chain asks the world for more at one moment. */
const mostCalls = 5_000;

/** A process that can die between any two calls that it makes, and be stopped by SIGSTOP. */
export class RunnerProcess {
  isAlive = true;
  readonly pid: number;
  program: Program | null = null;
  /** How often somebody has asked it to stop. */
  stops = 0;
  /** Somebody has asked it to start a chain that is stopped, and it has not yet. */
  isStarting = false;
  /** Somebody has asked it to stop a chain while it took that. */
  isToStop = false;
  /** The next save is the last thing that it does; `null` if it is not. */
  diesStoring: { readonly isCommitted: boolean } | null = null;
  readonly #parts: ProcessParts;
  #fuse: { calls: number; readonly isBefore: boolean; readonly at: PortCall | null } | null = null;
  #isFrozen = false;
  #late: (() => void)[] = [];
  #unheard: (() => void)[] = [];
  readonly #lastWords: (() => void)[] = [];
  #callsAt = { nowMs: -1, calls: 0 };

  constructor(pid: number, parts: ProcessParts) {
    this.pid = pid;
    this.#parts = parts;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Whether somebody can ask it something. */
  get isListening(): boolean {
    return this.isAlive && !this.#isFrozen;
  }

  /** The chain, while this process runs it. */
  chain(): RunningChain | null {
    return this.program?.chain() ?? null;
  }

  /** Does what the program asks of the world, unless it dies of it. @throws Crashed */
  do<Result>(call: PortCall, work: () => Result): Result {
    if (!this.isAlive) throw crashed;
    this.#count();
    const fuse = this.#fuse;
    if (fuse === null || (fuse.at !== null && fuse.at !== call)) return work();
    fuse.calls -= 1;
    if (fuse.calls > 0) return work();
    if (!fuse.isBefore) work();
    this.#parts.coverage.count('runner died at', call);
    this.die(`died ${fuse.isBefore ? 'before' : 'after'} ${call}`);
    throw crashed;
  }

  /** Lets it die at the last of so many calls from now on: of all, or of those that have this name. */
  lightFuse({ calls, isBefore, at }: Fuse): void {
    this.#fuse = { calls, isBefore, at };
  }

  /** Nothing that was prepared for it kills it any more. */
  disarm(): void {
    this.#fuse = null;
    this.diesStoring = null;
  }

  /** Something comes to its ears that its event loop takes up: late while it is frozen, never once it is dead. */
  timer(call: () => void): void {
    if (!this.isAlive) return;
    if (this.#isFrozen) this.#late.push(call);
    else call();
  }

  /** A worker says something, which is dated when it is heard. */
  hear(make: () => ChainEvent, post: (event: ChainEvent) => void): void {
    if (!this.isAlive) return;
    if (this.#isFrozen || this.#unheard.length > 0) this.#unheard.push(() => post(make()));
    else post(make());
  }

  /** It takes up all that was said to it. */
  hearAll(): void {
    const unheard = this.#unheard;
    this.#unheard = [];
    for (const call of unheard) call();
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
    for (const call of late) if (this.isListening) call();
    this.#parts.schedule.after(1, () => {
      if (this.isListening) this.hearAll();
    });
  }

  /** Calls this when it dies, before the world learns of it. */
  onDeath(call: () => void): void {
    this.#lastWords.push(call);
  }

  die(how: string): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const call of this.#lastWords) call();
    this.#parts.died(this, how);
  }

  #count(): void {
    const chain = this.chain();
    if (chain !== null) this.#parts.coverage.facts(chain.facts());
    const { nowMs } = this.#parts.schedule;
    if (this.#callsAt.nowMs !== nowMs) this.#callsAt = { nowMs, calls: 0 };
    this.#callsAt.calls += 1;
    if (this.#callsAt.calls < mostCalls) return;
    this.#parts.circles();
    this.die('goes round in circles');
    throw crashed;
  }
}
