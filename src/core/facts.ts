import type { Alarm } from './alarm/alarm.ts';
import type { Moment, StoredWait } from './cooldown.ts';
import type { LogPosition } from './event.ts';
import type { Outcome } from './outcome.ts';
import type { DurationMs, EpochMs, Fence, MonotonicMs, PassNumber, RunNumber } from './units.ts';

/** All that is known of a chain. Events change facts; `decide` looks at nothing else. */
export interface Facts {
  /** What survives the runner. */
  readonly state: ChainState;
  readonly wanted: Wanted;
  readonly worker: WorkerFact;
  readonly store: StoreFact;
  /** Why the worker is to be replaced before the next run, or `null`. */
  readonly staleWorker: string | null;
  /** Somebody wants this run to end, or what it left behind; `null` when nobody does. */
  readonly endAsked: EndAsked | null;
  readonly passes: Passes;
  readonly fence: Fence;
  /** The end of what the run printed whose end is about to be learnt; empty at all other times. */
  readonly printed: string;
}

/** The stored facts of a chain. There is room for one run, so that an overlap cannot be written down. */
export interface ChainState {
  /** The number of the newest run; 0 before the first. */
  readonly lastRun: number;
  /** The pass that the next run belongs to. */
  readonly pass: PassNumber;
  /** The task that the next run executes. */
  readonly taskIndex: number;
  /** Its name: the next configuration may have it elsewhere. `null` before the first term, and in old states. */
  readonly nextTask: string | null;
  /** Failures in a row, by the task's name; a task that is not named has none. */
  readonly streaks: Readonly<Record<string, number>>;
  /** The cooldown in force, or `null`. */
  readonly cooldown: StoredWait | null;
  /** While it lasts no run begins; the run in progress goes on. `null` when nobody has paused the chain. */
  readonly pause: Pause | null;
  /** While it lasts notices are kept back; `null` when nobody has muted the chain. */
  readonly mute: Mute | null;
  /** Somebody has stopped the chain, until somebody starts it; `null` when nobody has. */
  readonly stopped: Stopped | null;
  /** Whether the cooldown before the next run is left out. */
  readonly isPoked: boolean;
  /** Whether the next run is left out. */
  readonly isSkippingNext: boolean;
  /** How the last run ended that has an outcome; `null` before the first. */
  readonly lastEnd: LastEnd | null;
  /** How long successful runs take lately, in milliseconds, by the task's name. */
  readonly usualMs: Readonly<Record<string, number>>;
  readonly alarm: Alarm;
  readonly run: Run | null;
}

/** Nothing begins while it lasts. */
export interface Pause {
  readonly since: Moment;
  readonly by: PausedBy;
  /** When it ends by itself, or `null` when somebody has to resume the chain. */
  readonly until: StoredWait | null;
}

/** Notices are kept back while it lasts. */
export interface Mute {
  readonly since: Moment;
  readonly by: string;
  readonly until: StoredWait;
}

/** Who has paused a chain: somebody, by the name that they gave, or a failed task with `onFailure: "pause"`. */
export type PausedBy =
  | { readonly kind: 'operator'; readonly name: string }
  | { readonly kind: 'failure'; readonly task: string };

/** A chain that was stopped, and by whom. */
interface Stopped {
  readonly since: Moment;
  readonly by: string;
}

/** The end of the last run, in brief: what people ask for first. The history has it whole. */
export interface LastEnd {
  readonly run: RunNumber;
  readonly task: string;
  /** Without a stack, and with at most one line of a message. */
  readonly outcome: Outcome;
  readonly endedAt: EpochMs;
  readonly durationMs: DurationMs | null;
  /** Failures of this task in a row, this one included; 0 after a success. */
  readonly streak: number;
}

/** The wish that a run ends: SIGTERM first, or SIGKILL at once. */
export interface EndAsked {
  readonly run: RunNumber;
  readonly step: 'cancelled' | 'killed';
  readonly at: MonotonicMs;
}

/** The one run of a chain that is intended, in progress, or not yet proven over. */
export interface Run {
  readonly number: RunNumber;
  readonly pass: PassNumber;
  readonly taskIndex: number;
  /** The task's name; it stays true when the configuration changes. */
  readonly task: string;
  readonly fence: Fence;
  /** The boot of the host in which the moments below can be compared. */
  readonly boot: string;
  readonly stage: Stage;
  /** What has been done to end it, or `null`. */
  readonly ending: EndingStep | null;
  /** The process in whose care it is; known once a worker has it. */
  readonly worker: ProcessIdentity | null;
  /** How that process ended while the run was in its care, or `null`. */
  readonly workerLost: string | null;
  /** Where its output begins in the chain's log; `null` for a run of an older version. */
  readonly log: LogPosition | null;
}

/**
 * How far a run has come.
 *
 *   intended ──▶ running ──▶ left behind ──▶ (no run)
 *      │            └───────────────────────────▲
 *      └─ withdrawn ────────────────────────────┘
 */
export type Stage =
  /** Stored, not started. */
  | { readonly kind: 'intended'; readonly at: Moment }
  | { readonly kind: 'running'; readonly since: Moment }
  /** Its outcome is known, but processes that it started still live. */
  | { readonly kind: 'left behind'; readonly since: Moment; readonly outcome: Outcome };

/** The last step taken to end a run; each is gentler than the next. */
export interface EndingStep {
  readonly why: EndingReason;
  /** `asked`: a function's signal was aborted. `cancelled`: SIGTERM. `killed`: SIGKILL. */
  readonly step: 'asked' | 'cancelled' | 'killed';
  readonly at: MonotonicMs;
  /** When the first step was taken. */
  readonly since: MonotonicMs;
  /** How often this step was taken, from 1. */
  readonly times: number;
}

/** Why a run is ended by the runner. */
export type EndingReason = 'timeout' | 'stop' | 'leftovers' | 'operator';

/** A process that cannot be taken for another one: a process id alone is used again. */
export interface ProcessIdentity {
  readonly boot: string;
  /** The inode of its pid namespace, as a text. */
  readonly namespace: string;
  readonly pid: number;
  /** Clock ticks between boot and its start, as a text. */
  readonly startedTicks: string;
}

/** What the operator wants of the chain. */
export type Wanted =
  | { readonly kind: 'run' }
  /** Let the run in progress end, however long that takes, and begin no other. */
  | { readonly kind: 'drain' }
  /** Let the run in progress end, for a while. */
  | { readonly kind: 'stop'; readonly since: MonotonicMs }
  /** `waitsForStore`: not before that is stored, which a full disk may hold up. */
  | { readonly kind: 'stop now'; readonly waitsForStore: boolean };

/** What is known of the chain's worker. */
export type WorkerFact =
  /** There is none; the next one may be started from `notBefore` on. `reason` is how the last one ended. */
  | { readonly kind: 'absent'; readonly notBefore: MonotonicMs | null; readonly reason: string | null }
  | { readonly kind: 'starting'; readonly since: MonotonicMs }
  /** It waits for the chain's lock, which processes of an earlier run still hold. */
  | { readonly kind: 'blocked'; readonly since: MonotonicMs; readonly holders: readonly Holder[] }
  /** It holds the lock, and still loads the tasks. */
  | { readonly kind: 'loading'; readonly since: MonotonicMs; readonly identity: ProcessIdentity }
  | {
      readonly kind: 'ready';
      readonly identity: ProcessIdentity;
      /** When it got the lock. */
      readonly since: MonotonicMs;
      /** How many runs it was given. */
      readonly runs: number;
    };

/** A process that is in the way. */
export interface Holder {
  readonly pid: number;
  /** Its command line, cut to a readable length. */
  readonly command: string;
}

/** Whether the chain's state can be stored. */
export type StoreFact =
  | { readonly kind: 'works' }
  | { readonly kind: 'fails'; readonly reason: string; readonly retryAt: MonotonicMs };

/** The passes that this runner has made. */
export interface Passes {
  /** After how many passes the chain is finished, or `null` for never. */
  readonly goal: number | null;
  readonly done: number;
  /** Whether a run of the pass in progress failed. */
  readonly isFailing: boolean;
  /** Whether a run of the last finished pass failed. */
  readonly lastFailed: boolean;
}
