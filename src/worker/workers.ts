import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { ChainDefinition } from '../core/definition.ts';
import { taskOf } from '../core/ending.ts';
import type { ChainEvent, JournalEntry } from '../core/event.ts';
import type { Holder, Run } from '../core/facts.ts';
import { isRunnersOwn } from '../core/identity.ts';
import { add, toDurationMs, type DurationMs, type MonotonicMs } from '../core/units.ts';
import type { Clock, Worker, Workers } from '../ports.ts';
import {
  descendantsOf,
  describeProcess,
  hasOpen,
  identify,
  readProcesses,
} from '../processes/process-table.ts';
import { BeforeRun } from './before-run.ts';
import { kill, processesOf, terminate, type Target } from './end-run.ts';
import { findInJournal } from './journal.ts';
import { readLines } from './read-lines.ts';
import { GuestWorker, type ManyChainsWorkers } from './many-chains-workers.ts';
import { prepareLaunch, spawnWorker, type ChainSetting, type WorkerSetting } from './spawn-worker.ts';
import { readDifference } from './verify-identity.ts';
import { formatLine, parseMessage, type RunEnd, type WorkerMessage } from './protocol.ts';

/** How long a worker may take to load the tasks. */
const loadLimitMs: DurationMs = toDurationMs(60_000);
/** How soon after a worker failed to start another one may be tried. */
const retryMs: DurationMs = toDurationMs(1_000);
/** How often to look whether a worker that was let go is kept from ending by processes that a run left behind. */
const departureCheckMs: DurationMs = toDurationMs(200);
/** How long one that only has to end is waited for before the next one is started: a busy machine takes its time. */
const departureLimitMs: DurationMs = toDurationMs(10_000);
/** How often to look whether a process that dropped the lock is still there. */
const strayCheckMs: DurationMs = toDurationMs(200);

/** The real workers of one chain: a Perl process for commands, a Node process as soon as one task is a function. */
export function createWorkers(setting: ChainSetting, shared: ManyChainsWorkers): Workers {
  let current: WorkerProcess | GuestWorker | null = null;
  return {
    start(definition, run, post) {
      const before = current;
      if (definition.isolation === 'shared') {
        const guest = shared.start({ ...setting, definition }, run, post);
        current = guest;
        return guest;
      }
      const worker = new WorkerProcess({ ...setting, definition }, run, post);
      current = worker;
      const start = (): void => shared.whenFree(setting.chain, () => void worker.start());
      if (before instanceof WorkerProcess) before.whenGone(start);
      else start();
      return worker;
    },
    end(run, step, definition) {
      current?.abort(run);
      if (step === 'asked') return;
      const target = { ...targetOf(setting, run), spared: current?.spared(run) ?? null };
      if (current instanceof GuestWorker && current.hasLockOver(run)) return;
      // What runs below a worker of many chains may be of any of them, so that it is asked, then killed with the worker.
      if (step === 'cancelled' && definition.isolation === 'shared') return;
      if (step === 'cancelled') terminate(target);
      else kill({ ...target, withWorker: isFunctionRun(definition, run) });
    },
    remains(run) {
      const target = { ...targetOf(setting, run), spared: current?.spared(run) ?? null };
      return processesOf(target).map((entry) => describeProcess(entry.pid));
    },
  };
}

/** One worker process, from its start to its end. What it says becomes events. */
class WorkerProcess implements Worker {
  readonly #setting: WorkerSetting;
  readonly #awaited: Run | null;
  #post: (event: ChainEvent) => void;
  #child: ChildProcess | null = null;
  #lockInode = 0;
  #isSetUp = false;
  #isReady = false;
  readonly #beforeRun = new BeforeRun();
  #failure: string | null = null;
  #stopWaiting: (() => void) | null = null;
  readonly #letGo = new AbortController();
  #isGone = false;
  #afterwards: (() => void) | null = null;

  constructor(setting: WorkerSetting, awaited: Run | null, post: (event: ChainEvent) => void) {
    this.#setting = setting;
    // An intended run was in no worker yet: nothing of it can live or be in the journal.
    this.#awaited = awaited?.stage.kind === 'intended' ? null : awaited;
    this.#post = post;
  }

  // Its user may have to be looked up in a directory service that is slow. One that is let go meanwhile never starts.
  async start(): Promise<void> {
    if (this.#isReleased()) return;
    try {
      const launch = await prepareLaunch(this.#setting, this.#letGo.signal);
      if (this.#isReleased()) return;
      const { child, lockInode } = spawnWorker(this.#setting, launch);
      this.#child = child;
      this.#lockInode = lockInode;
      this.#listenTo(child);
    } catch (error) {
      this.#lost(error instanceof Error ? error.message : String(error));
    }
  }

  // A method: what it says may change while something is waited for.
  #isReleased(): boolean {
    return this.#letGo.signal.aborted;
  }

  #listenTo(child: ChildProcess): void {
    child.on('error', (error) => {
      this.#failure = `Cannot start the worker: ${error.message}`;
      if (child.pid === undefined) this.#lost(this.#failure);
    });
    child.on('exit', () => this.#gone());
    child.on('close', (exitCode, signal) => this.#lost(this.#failure ?? this.#endOfWorker(exitCode, signal)));
    // A worker that died is told by `close`; a request that it did not read any more is answered by its end.
    this.#requests?.on('error', () => undefined);
    readLines(child.stdio[4], (line) => this.#hear(parseMessage(line)));
  }

  /**
   * Calls `call` when this process is gone: the next worker then does not find the lock of the chain taken, which would
   * be told to people. It is worth telling if what a run left behind keeps this process, so that is not waited for.
   */
  whenGone(call: () => void): void {
    this.#afterwards = call;
    if (this.#isGone || this.#child === null) this.#gone();
    else this.#watchDeparture(departureLimitMs);
  }

  #watchDeparture(remainingMs: number): void {
    this.#wakeAfter(departureCheckMs, () => {
      if (remainingMs <= 0 || this.#descendants().length > 0) this.#gone();
      else this.#watchDeparture(remainingMs - departureCheckMs);
    });
  }

  #gone(): void {
    this.#isGone = true;
    const call = this.#afterwards;
    this.#afterwards = null;
    if (call === null) return;
    this.#stopWaiting?.();
    call();
  }

  run(run: Run): void {
    const { lockFile, journalFile } = this.#setting;
    const problem = this.#beforeRun.prepare(run, { lockFile, lockInode: this.#lockInode, journalFile });
    if (problem !== null) {
      this.#giveUp(problem);
      return;
    }
    this.#say(['run', run.number, run.taskIndex, run.pass, run.fence, run.task]);
  }

  #giveUp(reason: string): void {
    this.#failure = reason;
    this.#requests?.end();
  }

  /** The process id of this worker where it only waits for the end of `run`, which is in the care of another one. */
  spared(run: Run): number | null {
    const pid = this.#child?.pid ?? null;
    return run.worker?.pid === pid ? null : pid;
  }

  abort(run: Run): void {
    if (this.#isReady) this.#say(['abort', run.number]);
  }

  release(): void {
    this.#letGo.abort();
    this.#post = () => undefined;
    this.#stopWaiting?.();
    // Closed at once, not ended: a worker that waits for leftovers would keep this process alive until they are gone.
    for (const stream of [this.#child?.stdio[3], this.#child?.stdio[4]]) stream?.destroy();
    this.#child?.unref();
  }

  get #requests(): Writable | null {
    const stream = this.#child?.stdio[3];
    return stream !== null && stream !== undefined && 'write' in stream ? stream : null;
  }

  #hear(message: WorkerMessage): void {
    switch (message.kind) {
      case 'blocked':
        this.#blocked(this.#lockHolders());
        break;
      case 'locked':
        if (this.#hasRightIdentity()) this.#locked(false);
        break;
      case 'ready':
        this.#stopWaiting?.();
        this.#isReady = true;
        this.#post({ kind: 'worker ready' });
        break;
      case 'failed':
        this.#failure = message.reason;
        break;
      case 'ended':
        this.#ended(message.end, message.isOver);
        break;
      case 'over':
        this.#post({ kind: 'run over', run: message.run, ...this.#here() });
        break;
      case 'unknown':
        this.#failure = `The worker said "${message.line}", which means nothing`;
        this.#child?.kill('SIGKILL');
        break;
    }
  }

  // By now whatever sets the worker up has become the worker. One that is not as configured gets nothing to do.
  #hasRightIdentity(): boolean {
    const { identity } = this.#setting.definition;
    const difference = isRunnersOwn(identity) ? null : readDifference(identity, this.#child?.pid ?? 0);
    this.#isSetUp = difference === null;
    if (difference === null) return true;
    this.#failure = `Cannot run as configured: ${difference}`;
    this.#child?.kill('SIGKILL');
    return false;
  }

  // The lock is held. A program that closes the lock for its children may have left some of them, though.
  #locked(hasTold: boolean): void {
    const strays = this.#awaited === null ? [] : processesOf(this.#survivorsOf(this.#awaited));
    if (strays.length > 0) {
      if (!hasTold) this.#blocked(strays.map((entry) => describeProcess(entry.pid)));
      this.#wakeAfter(strayCheckMs, () => this.#locked(true));
      return;
    }
    const { clock, random, journalFile } = this.#setting;
    const identity = identify(this.#child?.pid ?? 0, clock.boot);
    if (identity === null) return;
    const found: JournalEntry =
      this.#awaited === null ? { kind: 'nothing' } : findInJournal(journalFile, this.#awaited);
    this.#post({ kind: 'worker locked', identity, found, chance: random.next(), ...this.#here() });
    this.#introduce();
  }

  #introduce(): void {
    const { definition } = this.#setting;
    this.#say(['chain', definition.name, definition.leftovers]);
    for (const [index, { work }] of definition.tasks.entries()) {
      const words = work.kind === 'command' ? work.argv : [work.file, work.exportName];
      this.#say(['task', index, work.kind, ...words]);
    }
    this.#say(['load']);
    this.#wakeAfter(loadLimitMs, () => {
      this.#failure = `The tasks were not loaded within ${loadLimitMs / 1_000} s`;
      this.#child?.kill('SIGKILL');
    });
  }

  #blocked(holders: readonly Holder[]): void {
    this.#post({ kind: 'worker blocked', at: this.#setting.clock.now().monotonic, holders });
  }

  #ended(end: RunEnd, isOver: boolean): void {
    const { run, durationMs, usage, ending } = end;
    const chance = this.#setting.random.next();
    const leftovers = isOver ? [] : this.#descendants();
    const measured = { durationMs, usage, chance };
    this.#post({ kind: 'run ended', run, ending, ...measured, isOver, leftovers, ...this.#here() });
  }

  #endOfWorker(exitCode: number | null, signal: NodeJS.Signals | null): string {
    if (signal !== null) return `its worker process was killed by ${signal}`;
    const before = this.#isSetUp ? 'it told a result' : 'it was set up; the log of the chain says why';
    return `its worker process ended with exit status ${exitCode} before ${before}`;
  }

  #lost(reason: string): void {
    this.#stopWaiting?.();
    const here = this.#here();
    const retryAt: MonotonicMs = this.#isReady ? here.at.monotonic : add(here.at.monotonic, retryMs);
    this.#post({ kind: 'worker lost', reason, retryAt, chance: this.#setting.random.next(), ...here });
    this.#post = () => undefined;
  }

  #lockHolders(): readonly Holder[] {
    const { lockFile } = this.#setting;
    return readProcesses()
      .filter((entry) => entry.pid !== this.#child?.pid && hasOpen(entry.pid, lockFile))
      .map((entry) => describeProcess(entry.pid));
  }

  #descendants(): readonly Holder[] {
    return descendantsOf(this.#child?.pid ?? 0, readProcesses()).map((entry) => describeProcess(entry.pid));
  }

  #survivorsOf(run: Run): Target {
    return { ...targetOf(this.#setting, run), withWorker: true, spared: this.spared(run) };
  }

  #say(words: readonly (string | number)[]): void {
    this.#requests?.write(formatLine(words));
  }

  #here(): { at: ReturnType<Clock['now']>; boot: string } {
    const { clock } = this.#setting;
    return { at: clock.now(), boot: clock.boot };
  }

  #wakeAfter(lengthMs: DurationMs, call: () => void): void {
    const { clock } = this.#setting;
    this.#stopWaiting = clock.wakeAt(add(clock.now().monotonic, lengthMs), call);
  }
}

function targetOf(setting: ChainSetting, run: Run): Target {
  const { chain, clock, lockFile } = setting;
  return { chain, run, boot: clock.boot, lockFile, withWorker: false, spared: null };
}

function isFunctionRun(definition: ChainDefinition, run: Run): boolean {
  return taskOf(run, definition).work.kind === 'function';
}
