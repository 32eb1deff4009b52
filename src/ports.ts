import type { Channel } from './core/channel.ts';
import type { Moment } from './core/cooldown.ts';
import type { ChainDefinition, ChainName, HistoryLimits, LogLimits } from './core/definition.ts';
import type { ChannelState } from './core/delivery.ts';
import type { ChainEvent, ChainTold, LogPosition } from './core/event.ts';
import type { ChainState, Holder, ProcessIdentity, Run } from './core/facts.ts';
import type { WaitingNotice } from './core/letter.ts';
import type { Notice } from './core/notice.ts';
import type { EpochMs, Fence, MonotonicMs } from './core/units.ts';

/** The host's time. */
export interface Clock {
  /** Both clocks, read together. */
  now(): Moment;
  /** Names the boot in which moments of the monotonic clock can be compared. */
  readonly boot: string;
  /**
   * Calls `wake` once when `moment` has come, at whatever distance: never early, late by what the host's load
   * makes of it. What it returns takes the wish back.
   */
  wakeAt(moment: MonotonicMs, wake: () => void): () => void;
  /** Resolves when all that workers have said until now is posted: a process that was held up hears it late. */
  allHeard(): Promise<void>;
}

/** Chance. */
export interface Random {
  /** 0 to 1, 1 excluded. */
  next(): number;
}

/** State that survives a restart. */
export interface Store {
  /**
   * Begins a term of a chain: grants a fence larger than every one before, durable even against a power cut,
   * and hands out the state in which the last term left the chain.
   * @throws StoreError when the state cannot be read or the fence not be stored.
   */
  begin(chain: ChainName): Promise<Term>;
  /**
   * Stores the state together with what is told of it, all or nothing: `run intended` begins a line of the
   * history, `run ended` completes it. Resolves once a crash of the runner cannot undo it.
   * @throws StoreError when nothing was stored: the disk is full, the file is damaged, a newer term has begun.
   */
  save(saving: Saving): Promise<void>;
}

/** The time for which one runner has a chain. */
export interface Term {
  readonly fence: Fence;
  /** `null` if the chain has never run. */
  readonly state: ChainState | null;
}

/** One step of a chain, to be stored. */
export interface Saving {
  readonly chain: ChainName;
  readonly fence: Fence;
  readonly state: ChainState;
  readonly told: readonly ChainTold[];
  /** What the history keeps of the chain. */
  readonly history: HistoryLimits;
  /** Nothing is due soon: it may be stored some milliseconds later, together with what others store. */
  readonly mayWait: boolean;
}

/** The state could not be read or written. `message` says what to do about it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** The processes in which a chain's tasks run. */
export interface Workers {
  /**
   * Starts the chain's worker. All that becomes of it is posted: `worker blocked`, `worker locked`,
   * `worker ready`, then `run ended` and `run over`, and at last `worker lost`. `run` is the run whose end the
   * journal is asked for once the lock is held.
   */
  start(definition: ChainDefinition, run: Run | null, post: (event: ChainEvent) => void): Worker;
  /**
   * Takes a step to end a run, whether it is in the care of the present worker or survives from an earlier
   * runner. Does nothing where nothing is left of it.
   */
  end(run: Run, step: 'asked' | 'cancelled' | 'killed', definition: ChainDefinition): void;
  /** The live processes of a run, its worker left out. Reads the whole process table: only when somebody asks. */
  remains(run: Run): readonly Holder[];
}

/** One worker process. */
export interface Worker {
  /** Hands it a run. Call it only when it is ready and has none. */
  run(run: Run): void;
  /** Lets it go: it ends once it has nothing to do. Nothing is posted any more. */
  release(): void;
}

/** A chain's log and how far it reaches. */
export interface Output {
  position(): LogPosition;
  /**
   * The end of what was written from a position on, which is at most so old as the run in progress: at most 8 KiB.
   * A character that is cut at either end is left out. An empty text when nothing was written, or when the file
   * cannot be read or is not the one any more that the worker writes to. It reads the file at once, while all else
   * waits: for a run that failed.
   */
  tail(from: LogPosition): string;
  /**
   * Whether the next run needs a new one: at `position`, which was asked for just now, this one is too large or too
   * old, or it is not the file any more that the worker writes to.
   */
  mustRotate(position: LogPosition, at: Moment): boolean;
  /**
   * Sets it aside and begins a new one; goes on with the old one for a while where that cannot be done. Call it
   * only while there is neither a run nor a worker.
   */
  rotate(at: Moment): void;
  /** What it may take from now on. */
  limit(limits: LogLimits): void;
  /** A run is in progress, whose output is to be kept from filling the disk, until `unwatch`. Each is cheap. */
  watch(): void;
  unwatch(): void;
}

/** Whoever wants to know what happens: the terminal, the log of the runner. Must not throw. */
export type Tell = (told: ChainTold) => void;

/** What a chain's loop needs from the world. */
export interface ChainPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly workers: Workers;
  readonly output: Output;
  readonly tell: Tell;
}

/** A chain that this process has taken, with all that its loop needs. */
export interface OpenedChain {
  readonly ports: ChainPorts;
  /** The chain's log, absolute. */
  readonly logFile: string;
  /** Lets go of the chain; its loop must have finished. */
  close(): void;
}

/** What came of the wish to take a chain and open what belongs to it. */
export type Opening =
  | { readonly kind: 'opened'; readonly chain: OpenedChain }
  | { readonly kind: 'held elsewhere'; readonly holder: RunnerHolder }
  /** The system refuses a file; it may be possible later. */
  | { readonly kind: 'cannot open'; readonly reason: string };

/** Takes a chain for this process and opens its log and its workers, unless another process has it. */
export type OpenChain = (definition: ChainDefinition, tell: Tell) => Promise<Opening>;

/** The right to run a chain on this host. */
export interface Coordinator {
  /**
   * Tries once to take the right to run `chain`. It is kept until this process ends or `release` is called;
   * it is not inherited by any other process.
   */
  take(chain: ChainName): Promise<Taken>;
  /** The same for the right to be the one runner of the project, which answers at its socket. */
  takeProject(): Promise<Taken>;
  /** The same for the right to be the one process that sends what people are to be told. */
  takeAlerts(): Promise<Taken>;
}

/** What came of trying to take a chain. */
export type Taken =
  | { readonly kind: 'taken'; readonly release: () => void }
  | { readonly kind: 'held elsewhere'; readonly holder: RunnerHolder };

/** The runner that has a chain. */
export interface RunnerHolder {
  /** `null` when it could not be found out. */
  readonly pid: number | null;
  readonly identity: ProcessIdentity | null;
  readonly command: string;
  readonly since: Moment['wall'] | null;
}

/**
 * The notices of all chains on their way to people. Who uses it has the right to, and is the only one. Each change is
 * stored as a whole or not at all.
 * @throws StoreError from all of its functions
 */
export interface Outbox {
  /** Whether there is neither a new notice nor one that waits for a channel. Cheap. */
  isEmpty(): Promise<boolean>;
  /** Makes a delivery of each new notice for each channel that it is for; answers which channels got some. */
  distribute(channels: readonly Channel[], now: EpochMs): Promise<ReadonlySet<string>>;
  /** What waits for a channel, in the order of its ids. */
  waiting(channel: string): Promise<readonly WaitingNotice[]>;
  state(channel: string): Promise<ChannelState>;
  /** The notices of these ids that are still there, in their order. */
  notices(ids: readonly number[]): Promise<readonly StoredNotice[]>;
  /** Stores a channel's state together with what became of some of its deliveries. */
  save(channel: string, state: ChannelState, change: DeliveryChange): Promise<void>;
  /** Gives up what has waited for two days for other channels than these, and then forgets them. */
  forgetOthers(channels: readonly Channel[], now: EpochMs): Promise<void>;
}

/** What became of deliveries; `waiting` without an error counts one attempt more. */
export interface DeliveryChange {
  readonly notices: readonly number[];
  readonly state: 'waiting' | 'sent' | 'expired' | 'refused';
  /** Why not, without secrets. */
  readonly error: string | null;
  readonly at: EpochMs;
}

/** A notice as it is stored. */
export interface StoredNotice {
  readonly id: number;
  readonly chain: string;
  readonly notice: Notice;
  /** The number by which people ask for its incident; `null` where it is about none. */
  readonly incident: number | null;
}
