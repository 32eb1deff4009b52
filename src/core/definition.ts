import type { Identity } from './identity.ts';
import type { Brand, DurationMs } from './units.ts';

/**
 * The name of a chain: 1 to 64 of the characters A-Z, a-z, 0-9, `.`, `_` and `-`, the first a letter or a digit.
 * It names files and environment variables, so it holds nothing that a shell or a path could read otherwise.
 */
export type ChainName = Brand<string, 'ChainName'>;

/** A chain as it is in force on this host: everything is checked, resolved and absolute. */
export interface ChainDefinition {
  readonly name: ChainName;
  /** At least one; run in this order. */
  readonly tasks: readonly TaskDefinition[];
  /** Absolute path in which the tasks run. */
  readonly directory: string;
  /** The whole environment of the tasks, without what each run adds (`RUNNER_CHAIN` and the like). */
  readonly environment: Readonly<Record<string, string>>;
  /** As whom, and with what priority and limits, the tasks run. */
  readonly identity: Identity;
  /** How long a run in progress may go on after a stop was asked, before it is cancelled. Default 30 s. */
  readonly stopGraceMs: DurationMs;
  /** How long a cancelled run has between SIGTERM and SIGKILL. Default 10 s. */
  readonly killGraceMs: DurationMs;
  readonly leftovers: LeftoversPolicy;
  readonly isolation: Isolation;
  readonly recycle: RecycleLimits;
  readonly log: LogLimits;
  readonly history: HistoryLimits;
  readonly alerts: AlertPolicy;
  /** What is pinged when runs end; `null` for nothing, which is the default. */
  readonly heartbeat: Heartbeat | null;
  /** The version of the project's code, for people: a commit, or what `RUNNER_CODE_VERSION` says; `null` where neither is known. */
  readonly codeVersion: string | null;
  /**
   * A text that changes with the source files of the project, so that a reload finds out; `null` for a chain without
   * functions, or one that is not reloaded.
   */
  readonly code: string | null;
}

/** One task of a chain. */
export interface TaskDefinition {
  /** What people read: `sendMail`, or the text of the command. Not unique within a chain. */
  readonly name: string;
  readonly work: Work;
  readonly cooldown: Cooldown;
  /** The longest a run may take, or `null` for no limit. Default `null`. */
  readonly timeoutMs: DurationMs | null;
  readonly onFailure: OnFailure;
}

/** What a run executes. */
export type Work =
  /** A program and its arguments, run without a shell; a shell is there only if it is the program. */
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  /** An exported function; `file` is absolute. */
  | { readonly kind: 'function'; readonly file: string; readonly exportName: string };

/** The wait after a run, counted from its end. Default: 1 s after a success; after failures 1 s, doubling, up to 5 min. */
export interface Cooldown {
  readonly successMs: DurationMs;
  readonly failure: FailureCooldown;
}

/** The wait after a failed run. */
export type FailureCooldown =
  | { readonly kind: 'fixed'; readonly lengthMs: DurationMs }
  | {
      readonly kind: 'back-off';
      /** The wait after the first failure of a streak. */
      readonly firstMs: DurationMs;
      /** By how much the wait grows with each further failure; at least 1. */
      readonly factor: number;
      /** The longest wait. */
      readonly capMs: DurationMs;
      /** The share of the wait that chance may take off it: 0 for none, at most 1. */
      readonly jitter: number;
    };

/**
 * What follows a failed run and its cooldown: the next task (`continue`), the same task (`retry`), the first
 * task of a new pass (`restart`), or nothing until somebody resumes the chain (`pause`). Default `continue`.
 */
export type OnFailure = 'continue' | 'retry' | 'restart' | 'pause';

/**
 * What happens to processes that a run left behind: the next run waits for them (`wait`, the default), they are
 * ended (`kill`), or they are let be (`allow`), which gives up the protection from overlap for them.
 */
export type LeftoversPolicy = 'wait' | 'kill' | 'allow';

/**
 * Whose worker a run is in: that of its chain, which goes on (`chain`, the default), a new one (`run`), or one that
 * many chains have together (`shared`), all of whose tasks are functions.
 */
export type Isolation = 'chain' | 'run' | 'shared';

/** When a worker is replaced, between two runs; `null` where there is no limit. A shared worker is not. */
export interface RecycleLimits {
  /** After so many runs. Default `null`. */
  readonly runs: number | null;
  /** After a function in which the worker had more resident memory than this. Default 1 GiB. */
  readonly memoryKib: number | null;
  /** After the first run that ends when the worker is so old. Default `null`. */
  readonly ageMs: DurationMs | null;
}

/** What a chain's log may take on disk. */
export interface LogLimits {
  /** Size of the current file above which it is set aside between runs; also what one run may keep. Default 10 MiB. */
  readonly fileLimitBytes: number;
  /** How many files set aside are kept. Default 5. */
  readonly filesKept: number;
  /** After what time the current file is set aside, whatever its size; `null` for never, which is the default. */
  readonly ageLimitMs: DurationMs | null;
  /** Whether files set aside are compressed. Default `true`. */
  readonly isCompressed: boolean;
  /** What the files set aside of all chains of a state folder may take; `null` for no limit. Default 1 GiB. */
  readonly totalLimitBytes: number | null;
}

/** How much of a chain's history is kept. */
export interface HistoryLimits {
  /** The newest runs, of whatever outcome. Default 10 000. */
  readonly runsKept: number;
  /** Of so many newest runs those that failed. Default 5 times as many. */
  readonly failedRunsKept: number;
  /** For how long any run is kept; `null` for no limit, which is the default. */
  readonly ageMs: DurationMs | null;
}

/** Addresses that are asked for when a run has ended; each may be a secret. */
export interface Heartbeat {
  readonly successUrl: string | null;
  readonly failureUrl: string | null;
}

/** When people are told of what is wrong with a chain. */
export interface AlertPolicy {
  /** So many failures in a row open an incident to people. Default 1. */
  readonly afterFailures: number;
  /** An incident that lasts is told again after this time, and then at gaps that double, up to a week. Default 12 h. */
  readonly remindMs: DurationMs;
  /** A chain without a success for longer than this is told of; `null` for never, which is the default. */
  readonly freshnessMs: DurationMs | null;
  /** A chain that waits for processes of an earlier run for longer than this is told of. Default 30 min. */
  readonly blockedMs: DurationMs | null;
  /** A run that takes so many times its usual length is told of; `null` for none. Default 10. */
  readonly lateFactor: number | null;
  /** Default `null`. */
  readonly breaker: Breaker | null;
}

/** After so many failures of one kind in a row the chain only probes, so rarely, until a success. */
export interface Breaker {
  readonly failures: number;
  readonly probeMs: DurationMs;
}
