import type { ChainDefinition } from '../core/definition.ts';
import type { ChainEvent, JournalEntry } from '../core/event.ts';
import type { Holder, ProcessIdentity, Run } from '../core/facts.ts';
import {
  add,
  durationBetween,
  isShorter,
  toDurationMs,
  type DurationMs,
  type MonotonicMs,
} from '../core/units.ts';
import type { Clock, Worker } from '../ports.ts';
import {
  descendantsOf,
  describeProcess,
  identify,
  readProcesses,
  type ProcessEntry,
} from '../processes/process-table.ts';
import { BeforeRun } from './before-run.ts';
import { processesOf } from './end-run.ts';
import { findInJournal } from './journal.ts';
import { ManyChainsProcess, type Guest } from './many-chains-process.ts';
import type { RunEnd, WorkerMessage } from './protocol.ts';
import type { ChainSetting } from './spawn-worker.ts';

/** Once no chain has come for so long, a process is started for all that are there. */
const quietMs: DurationMs = toDurationMs(100);
/** It does not wait longer than this for them. */
const patienceMs: DurationMs = toDurationMs(3_000);
/** How long a worker may take to load the tasks of a chain. */
const loadLimitMs: DurationMs = toDurationMs(60_000);
/** How soon after a worker failed to start another one may be tried. */
const retryMs: DurationMs = toDurationMs(1_000);
/** How often to look whether a process that dropped the lock is still there. */
const strayCheckMs: DurationMs = toDurationMs(200);

/** So many processes back a run is known to be one of this runner's: by then it has long had its outcome. */
const mostRemembered = 10_000;

/** What is needed to start one chain's share of a worker. */
export interface GuestSetting extends ChainSetting {
  readonly definition: ChainDefinition;
}

/**
 * The workers that many chains have together. Each process has the locks of all its chains: a chain's lock is free
 * only when nothing lives that could be of a run of it, as with a worker of its own.
 */
export class ManyChainsWorkers {
  readonly #clock: Clock;
  readonly #chains = new Map<string, { readonly setting: ChainSetting; readonly group: string }>();
  /** The processes that it has started, the oldest first: a run of one that is gone may not have its outcome yet. */
  readonly #own = new Set<string>();
  #processes: ManyChainsProcess[] = [];
  #waiting: GuestWorker[] = [];
  #since: MonotonicMs | null = null;
  #stopWaiting: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A chain was taken: the next process has a place for it. */
  register(setting: ChainSetting, definition: ChainDefinition): void {
    if (definition.isolation === 'shared')
      this.#chains.set(setting.chain, { setting, group: groupOf(definition) });
    if (this.#waiting.length > 0) this.#collect();
  }

  /** The chain is let go. */
  forget(chain: string): void {
    this.#chains.delete(chain);
    for (const process of this.#processes) process.leave(chain, () => undefined);
  }

  /** Calls `call` when no process has the lock of this chain any more. */
  whenFree(chain: string, call: () => void): void {
    const holder = this.#processes.find((process) => process.holds(chain));
    if (holder === undefined) call();
    else holder.leave(chain, () => this.whenFree(chain, call));
  }

  start(setting: GuestSetting, run: Run | null, post: (event: ChainEvent) => void): GuestWorker {
    this.#chains.set(setting.chain, { setting, group: groupOf(setting.definition) });
    const guest = new GuestWorker(setting, run, { post, isOwn: (worker) => this.#own.has(markOf(worker)) });
    const process = this.#processes.find(
      (one) => one.key === keyOf(setting.definition) && one.has(setting.chain),
    );
    if (process === undefined) {
      this.whenFree(setting.chain, () => {
        this.#waiting.push(guest);
        this.#collect();
      });
    } else guest.enter(process);
    return guest;
  }

  // Ten thousand chains that a runner takes within a second or two shall not have a process each.
  #collect(): void {
    const now = this.#clock.now().monotonic;
    this.#since ??= now;
    if (this.#stopWaiting !== null && !isShorter(durationBetween(this.#since, now), patienceMs)) return;
    this.#stopWaiting?.();
    this.#stopWaiting = this.#clock.wakeAt(add(now, quietMs), () => {
      this.#stopWaiting = null;
      this.#since = null;
      this.#startProcesses();
    });
  }

  #startProcesses(): void {
    const waiting = this.#waiting.filter((guest) => !guest.isReleased);
    this.#waiting = [];
    this.#processes = this.#processes.filter((process) => !process.isGone);
    for (const key of new Set(waiting.map(({ setting }) => keyOf(setting.definition)))) {
      const guests = waiting.filter(({ setting }) => keyOf(setting.definition) === key);
      const [first] = guests;
      if (first === undefined) continue;
      const process = new ManyChainsProcess(key, this.#settingsFor(guests));
      this.#processes.push(process);
      process.start(first.setting);
      const identity = identify(process.pid ?? 0, this.#clock.boot);
      if (identity !== null) this.#remember(identity);
      for (const guest of guests) guest.enter(process);
    }
  }

  #remember(identity: ProcessIdentity): void {
    this.#own.add(markOf(identity));
    const [oldest] = this.#own;
    if (this.#own.size > mostRemembered && oldest !== undefined) this.#own.delete(oldest);
  }

  /** Those of the chains themselves, and of all others that would fit and have no process. */
  #settingsFor(guests: readonly GuestWorker[]): readonly ChainSetting[] {
    const own = new Map(guests.map(({ setting }) => [setting.chain, setting] as const));
    const [first] = guests;
    const group = first === undefined ? '' : groupOf(first.setting.definition);
    const isWaiting = new Set(this.#waiting.map(({ setting }) => setting.chain));
    const others = [...this.#chains.values()]
      .filter((one) => one.group === group)
      .map(({ setting }) => setting)
      .filter(
        ({ chain }) =>
          !own.has(chain) &&
          !isWaiting.has(chain) &&
          !this.#processes.some((process) => process.holds(chain)),
      );
    return [...own.values(), ...others];
  }
}

// Chains of one group can be in one process; those of one key also have the same code.
function groupOf({ directory, environment }: ChainDefinition): string {
  return JSON.stringify([directory, Object.entries(environment).map(String).toSorted()]);
}

function keyOf(definition: ChainDefinition): string {
  return JSON.stringify([groupOf(definition), definition.code]);
}

// The process id alone is given away again.
function markOf({ boot, namespace, pid, startedTicks }: ProcessIdentity): string {
  return [boot, namespace, pid, startedTicks].join(' ');
}

/** What a chain's share of a worker tells, and asks. */
interface GuestEvents {
  readonly post: (event: ChainEvent) => void;
  /** Whether this runner has started that process as a worker of many chains. */
  readonly isOwn: (worker: ProcessIdentity) => boolean;
}

/** One chain's share of a worker of many. What is said of it becomes events. */
export class GuestWorker implements Worker, Guest {
  readonly setting: GuestSetting;
  isReleased = false;
  readonly #awaited: Run | null;
  #post: (event: ChainEvent) => void;
  #process: ManyChainsProcess | null = null;
  #isReady = false;
  readonly #beforeRun = new BeforeRun();
  #stopWaiting: (() => void) | null = null;

  readonly #isOwn: GuestEvents['isOwn'];

  constructor(setting: GuestSetting, awaited: Run | null, events: GuestEvents) {
    const { post, isOwn } = events;
    this.#isOwn = isOwn;
    this.setting = setting;
    this.#awaited = awaited?.stage.kind === 'intended' ? null : awaited;
    this.#post = post;
  }

  enter(process: ManyChainsProcess): void {
    if (this.isReleased) return;
    this.#process = process;
    process.enter(this.setting.chain, this, this.setting.definition.leftovers);
  }

  run(run: Run): void {
    const { chain, lockFile, journalFile } = this.setting;
    const lockInode = this.#process?.lockInodeOf(chain);
    const problem = this.#beforeRun.prepare(run, { lockFile, lockInode, journalFile });
    if (problem !== null) {
      this.#giveUp(problem);
      return;
    }
    this.#process?.say(['run', chain, run.number, run.taskIndex, run.pass, run.fence, run.task]);
  }

  release(): void {
    this.isReleased = true;
    this.#post = () => undefined;
    this.#stopWaiting?.();
    this.#process?.exit(this.setting.chain, this);
  }

  abort(run: Run): void {
    if (this.#isReady) this.#process?.say(['abort', this.setting.chain, run.number]);
  }

  /** Whether the chain's lock is this worker's, so that nothing of a run in the care of another process has it. */
  hasLockOver(run: Run): boolean {
    return this.#process?.isLocked === true && this.spared(run) !== null;
  }

  /** The process id of this worker where it only waits for the end of `run`, which is in the care of another one. */
  spared(run: Run): number | null {
    const pid = this.#process?.pid ?? null;
    return run.worker?.pid === pid ? null : pid;
  }

  blocked(holders: readonly Holder[]): void {
    this.#post({ kind: 'worker blocked', at: this.setting.clock.now().monotonic, holders });
  }

  hear(message: WorkerMessage): void {
    switch (message.kind) {
      case 'locked':
        this.#locked(false);
        break;
      case 'ready':
        this.#stopWaiting?.();
        this.#isReady = true;
        this.#post({ kind: 'worker ready' });
        break;
      case 'failed':
        this.#giveUp(message.reason);
        break;
      case 'ended':
        this.#ended(message.end, message.isOver);
        break;
      case 'over':
        this.#post({ kind: 'run over', run: message.run, ...this.#here() });
        break;
      case 'blocked':
      case 'unknown':
        this.#process?.kill('The worker said what means nothing');
        break;
    }
  }

  lost(reason: string): void {
    this.#stopWaiting?.();
    const here = this.#here();
    const retryAt = this.#isReady ? here.at.monotonic : add(here.at.monotonic, retryMs);
    this.#post({ kind: 'worker lost', reason, retryAt, chance: this.setting.random.next(), ...here });
    this.#post = () => undefined;
    this.#process = null;
  }

  // The chain leaves the process, which goes on for the others.
  #giveUp(reason: string): void {
    const process = this.#process;
    process?.exit(this.setting.chain, this);
    process?.leave(this.setting.chain, () => this.lost(reason));
  }

  #locked(hasTold: boolean): void {
    const { clock, random, journalFile } = this.setting;
    const strays = this.#awaited === null ? [] : this.#survivorsOf(this.#awaited);
    if (strays.length > 0) {
      if (!hasTold) this.blocked(strays.map((entry) => describeProcess(entry.pid)));
      this.#wakeAfter(strayCheckMs, () => this.#locked(true));
      return;
    }
    const identity = identify(this.#process?.pid ?? 0, clock.boot);
    if (identity === null) return;
    const nothing: JournalEntry = { kind: 'nothing' };
    const found = this.#awaited === null ? nothing : findInJournal(journalFile, this.#awaited);
    this.#post({ kind: 'worker locked', identity, found, chance: random.next(), ...this.#here() });
    this.#introduce();
  }

  // A process that this runner started has let go of the chain, and does that only when its run is over. What runs below
  // the present process is of other chains, and has the lock of this one by inheritance.
  #survivorsOf(run: Run): readonly ProcessEntry[] {
    const { chain, clock, lockFile } = this.setting;
    if (run.worker === null || this.#isOwn(run.worker)) return [];
    const spared = this.#process?.pid ?? 0;
    const target = { chain, run, boot: clock.boot, lockFile, withWorker: true, spared };
    const others = new Set(descendantsOf(spared, readProcesses()).map(({ pid }) => pid));
    return processesOf(target).filter(({ pid }) => !others.has(pid));
  }

  #introduce(): void {
    const { chain, definition } = this.setting;
    for (const [index, { work }] of definition.tasks.entries()) {
      if (work.kind === 'function') {
        this.#process?.say(['task', chain, index, work.kind, work.file, work.exportName]);
      }
    }
    this.#process?.say(['load', chain]);
    const reason = `The tasks were not loaded within ${loadLimitMs / 1_000} s`;
    this.#wakeAfter(loadLimitMs, () => this.#process?.kill(reason));
  }

  #ended(end: RunEnd, isOver: boolean): void {
    const { run, durationMs, usage, ending } = end;
    const measured = { durationMs, usage, chance: this.setting.random.next() };
    const pid = this.#process?.pid ?? 0;
    const leftovers = isOver
      ? []
      : descendantsOf(pid, readProcesses()).map((one) => describeProcess(one.pid));
    this.#post({ kind: 'run ended', run, ending, ...measured, isOver, leftovers, ...this.#here() });
  }

  #here(): { at: ReturnType<Clock['now']>; boot: string } {
    const { clock } = this.setting;
    return { at: clock.now(), boot: clock.boot };
  }

  #wakeAfter(lengthMs: DurationMs, call: () => void): void {
    const { clock } = this.setting;
    this.#stopWaiting = clock.wakeAt(add(clock.now().monotonic, lengthMs), call);
  }
}
