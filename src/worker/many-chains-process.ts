import type { ChildProcess } from 'node:child_process';
import type { Holder } from '../core/facts.ts';
import { describeProcess, hasOpen, readProcesses } from '../processes/process-table.ts';
import { formatLine, parseLine, parseMessage, type WorkerMessage } from './protocol.ts';
import { readLines } from './read-lines.ts';
import { spawnManyChainsWorker, touchFile, type ChainSetting, type WorkerSetting } from './spawn-worker.ts';

/** A chain that uses such a process. */
export interface Guest {
  /** The process waits for a lock that somebody else has. */
  blocked(holders: readonly Holder[]): void;
  /** What the worker says of this chain. */
  hear(message: WorkerMessage): void;
  /** The process ended, or could not be started. */
  lost(reason: string): void;
}

/** A chain whose lock the process has, or is to take. */
interface Place {
  readonly setting: ChainSetting;
  /** The file that was locked; another file of that name would be another lock. */
  lockInode: number;
  /** The descriptor at which the process has the lock. */
  lockDescriptor: number;
  guest: Guest | null;
  /** What is to be done once the process has let go of the chain; `null` while it is not asked to. */
  leaving: (() => void)[] | null;
}

const noLock = { lockInode: 0, lockDescriptor: 0 };

/** One worker process of many chains, whose locks it has from its start on, until the chain leaves or it ends. */
export class ManyChainsProcess {
  /** What its chains have in common. */
  readonly key: string;
  readonly #places: Map<string, Place>;
  #child: ChildProcess | null = null;
  #stage: 'locking' | 'locked' | 'gone' = 'locking';
  #failure: string | null = null;
  #unsaid: string[] = [];
  /** Who has a lock that it waits for; `null` while it has met nobody. */
  #holders: readonly Holder[] | null = null;

  constructor(key: string, settings: readonly ChainSetting[]) {
    this.key = key;
    this.#places = new Map(
      settings.map((setting) => [setting.chain, { setting, ...noLock, guest: null, leaving: null }]),
    );
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Whether it has taken its locks, and lives. */
  get isLocked(): boolean {
    return this.#stage === 'locked';
  }

  get isGone(): boolean {
    return this.#stage === 'gone';
  }

  /** Whether it has the chain's lock or is about to take it, and keeps it. */
  has(chain: string): boolean {
    const place = this.#places.get(chain);
    return this.#stage !== 'gone' && place !== undefined && place.leaving === null;
  }

  /** Whether it may have the chain's lock. */
  holds(chain: string): boolean {
    return this.#stage !== 'gone' && this.#places.has(chain);
  }

  lockInodeOf(chain: string): number {
    return this.#places.get(chain)?.lockInode ?? 0;
  }

  start(setting: WorkerSetting): void {
    try {
      for (const { setting: one } of this.#places.values()) touchFile(one.lockFile);
      this.#child = spawnManyChainsWorker(setting);
    } catch (error) {
      this.#ended(error instanceof Error ? error.message : String(error));
      return;
    }
    const child = this.#child;
    child.on('error', (error) => {
      this.#failure = `Cannot start the worker: ${error.message}`;
      if (child.pid === undefined) this.#ended(this.#failure);
    });
    child.on('close', (exitCode, signal) => this.#ended(this.#failure ?? endOfProcess(exitCode, signal)));
    child.stdio[3]?.on('error', () => undefined);
    readLines(child.stdio[4], (line) => this.#hear(line));
    const locks = [...this.#places.values()].map(({ setting: one }) =>
      formatLine(['lock', one.chain, one.lockFile]),
    );
    this.#send(`${locks.join('')}${formatLine(['take'])}`);
  }

  /**
   * Lets a chain in; it hears `locked` as soon as its lock is held and no run of it is in progress here, or `lost` at
   * once where the process could not be started or a file of the chain is refused.
   */
  enter(chain: string, guest: Guest, leftovers: string): void {
    if (this.#stage === 'gone') {
      guest.lost(this.#failure ?? 'the worker that it shares has ended');
      return;
    }
    const place = this.#places.get(chain);
    if (place === undefined) throw new Error(`The worker has no place for chain "${chain}"`);
    const { journalFile, logFile } = place.setting;
    try {
      for (const file of [journalFile, logFile]) touchFile(file);
    } catch (error) {
      guest.lost(error instanceof Error ? error.message : String(error));
      return;
    }
    place.guest = guest;
    if (this.#stage === 'locking' && this.#holders !== null) guest.blocked(this.#holders);
    this.say(['chain', chain, leftovers, journalFile, logFile]);
  }

  /** Says something of a chain that is in. */
  say(words: readonly (string | number)[]): void {
    if (this.#unsaid.length === 0) process.nextTick(() => this.#sayAll());
    this.#unsaid.push(formatLine(words));
  }

  /** The chain hears nothing any more; the process keeps its lock. */
  exit(chain: string, guest: Guest): void {
    const place = this.#places.get(chain);
    if (place?.guest === guest) place.guest = null;
  }

  /** Lets go of the chain, once its run in progress is over; then, or when the process is gone, calls `gone`. */
  leave(chain: string, gone: () => void): void {
    const place = this.#places.get(chain);
    if (place === undefined || this.#stage === 'gone') {
      gone();
      return;
    }
    if (place.leaving !== null) {
      place.leaving.push(gone);
      return;
    }
    place.leaving = [gone];
    // Nobody needs it any more: its end is not waited for.
    if ([...this.#places.values()].every(({ leaving }) => leaving !== null)) this.release();
    else this.say(['leave', chain]);
  }

  kill(reason: string): void {
    this.#failure = reason;
    this.#child?.kill('SIGKILL');
  }

  /** Lets the process go: it ends once it has nothing to do. */
  release(): void {
    this.#sayAll();
    for (const stream of [this.#child?.stdio[3], this.#child?.stdio[4]]) stream?.destroy();
    this.#child?.unref();
  }

  #hear(line: string): void {
    const [verb = '', chain = '', first = '', second = ''] = parseLine(line);
    const place = this.#places.get(chain);
    switch (verb) {
      case 'of':
        place?.guest?.hear(parseMessage(line.split(' ').slice(2).join(' ')));
        break;
      case 'held':
        if (place !== undefined)
          Object.assign(place, { lockDescriptor: Number(first), lockInode: Number(second) });
        break;
      case 'blocked':
        this.#blocked(place?.setting.lockFile ?? '');
        break;
      case 'locked':
        this.#locked();
        break;
      case 'gone':
        this.#left(chain);
        break;
      case 'failed':
        this.#failure = chain;
        break;
      default:
        this.kill(`The worker said "${line}", which means nothing`);
    }
  }

  #blocked(lockFile: string): void {
    const { pid } = this;
    const holders = readProcesses()
      .filter((entry) => entry.pid !== pid && hasOpen(entry.pid, lockFile))
      .map((entry) => describeProcess(entry.pid));
    this.#holders = holders;
    for (const { guest } of this.#places.values()) guest?.blocked(holders);
  }

  #locked(): void {
    this.#stage = 'locked';
    const locks = [...this.#places].map(([chain, place]) =>
      formatLine(['lock', chain, place.lockDescriptor]),
    );
    this.#unsaid.unshift(...locks);
    this.#sayAll();
  }

  // What is said of many chains in one turn of the event loop is one write, and wakes the worker once.
  #sayAll(): void {
    // perl, which takes the locks, must not read what is meant for its successor.
    if (this.#stage === 'locking' || this.#unsaid.length === 0) return;
    this.#send(this.#unsaid.join(''));
    this.#unsaid = [];
  }

  #left(chain: string): void {
    const place = this.#places.get(chain);
    this.#places.delete(chain);
    if (this.#places.size === 0) this.release();
    for (const call of place?.leaving ?? []) call();
  }

  #ended(reason: string): void {
    if (this.#stage === 'gone') return;
    this.#stage = 'gone';
    this.#failure = reason;
    for (const { guest, leaving } of this.#places.values()) {
      guest?.lost(reason);
      for (const call of leaving ?? []) call();
    }
    this.#places.clear();
  }

  #send(text: string): void {
    const stream = this.#child?.stdio[3];
    if (stream !== null && stream !== undefined && 'write' in stream) stream.write(text);
  }
}

function endOfProcess(exitCode: number | null, signal: NodeJS.Signals | null): string {
  return signal === null
    ? `the worker that it shares ended with exit status ${exitCode} before it told a result`
    : `the worker that it shares was killed by ${signal}`;
}
