import type { Outcome } from './outcome.ts';
import type { DurationMs, EpochMs, RunNumber } from './units.ts';

/** A streak of failures of one task, from the first failed run to the next success, as people are told of it. */
export interface IncidentBrief {
  readonly task: string;
  /** The first failed run: together with the name of the chain it names the incident. */
  readonly firstRun: RunNumber;
  readonly openedAt: EpochMs;
  readonly lastFailedAt: EpochMs;
  readonly failures: number;
  /** The first few kinds of failure, in the order in which they came. */
  readonly kinds: readonly SeenKind[];
  /** Failures of kinds beyond these. */
  readonly otherFailures: number;
}

/** A kind of failure within an incident. */
export interface SeenKind {
  /** Equal for failures of the same kind: see `kindOf`. */
  readonly key: string;
  /** One line for people, of the first failure of this kind. */
  readonly title: string;
  readonly failures: number;
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
}

/** One failure in full, as an example of its kind. Nothing in it is secret any more. */
export interface FailureExample {
  readonly run: RunNumber;
  /** The key of its kind. */
  readonly kind: string;
  readonly title: string;
  readonly at: EpochMs;
  /** Without the stack of an error. */
  readonly outcome: Outcome;
  /** The stack of an error, or the last lines that a command printed; at most 8 KiB. */
  readonly text: string;
  readonly durationMs: DurationMs | null;
  /** The version of the project's code that failed, or `null` where it is not known. */
  readonly codeVersion: string | null;
}
