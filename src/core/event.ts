import type { Moment, StoredWait } from './cooldown.ts';
import type { ChainName } from './definition.ts';
import type { EndingReason, Holder, Mute, Pause, ProcessIdentity, Run } from './facts.ts';
import type { FailureExample, IncidentBrief } from './incident.ts';
import type { Notice } from './notice.ts';
import type { Ending, Outcome, Verdict } from './outcome.ts';
import type { DurationMs, EpochMs, Fence, MonotonicMs, PassNumber } from './units.ts';
import type { Usage } from './usage.ts';

/** What people, and the runner for them, may ask of a chain. */
export type ChainRequest =
  /** The runner is to stop: the run in progress may go on for a while, or, now, not. */
  | { readonly kind: 'stop asked'; readonly at: MonotonicMs; readonly isNow: boolean }
  /** The chain is to let go of everything after the run in progress. */
  | { readonly kind: 'drain asked' }
  /** Somebody stops the chain until somebody starts it. */
  | { readonly kind: 'chain stopped'; readonly at: Moment; readonly by: string; readonly isNow: boolean }
  | {
      readonly kind: 'pause asked';
      readonly at: Moment;
      readonly by: string;
      readonly until: StoredWait | null;
    }
  | { readonly kind: 'resume asked'; readonly by: string; readonly at: Moment; readonly boot: string }
  /** Notices are to be kept back until then. */
  | { readonly kind: 'mute asked'; readonly at: Moment; readonly by: string; readonly until: StoredWait }
  | { readonly kind: 'unmute asked'; readonly by: string }
  /** The cooldown is to end now, or to be left out after the run in progress. */
  | { readonly kind: 'poke asked'; readonly by: string }
  /** The next run is to be left out. */
  | { readonly kind: 'skip asked'; readonly by: string }
  /** The run in progress is to end, or what it left behind. */
  | {
      readonly kind: 'end asked';
      readonly step: 'cancelled' | 'killed';
      readonly at: MonotonicMs;
      readonly by: string;
    }
  /** The worker is to be replaced before the next run. */
  | { readonly kind: 'worker outdated'; readonly reason: string };

/** What happens to a chain, or is done by its loop; `learn` turns it into facts. */
export type ChainEvent =
  /** Somebody asks something of the chain. */
  | { readonly kind: 'asked'; readonly request: ChainRequest }
  | { readonly kind: 'worker released'; readonly reason: string }
  /** The chain goes on by another definition. */
  | {
      readonly kind: 'definition changed';
      readonly at: Moment;
      readonly boot: string;
    }
  /** The run that was due is left out. */
  | { readonly kind: 'run skipped'; readonly at: Moment; readonly boot: string }
  /** The run that `decide` asked for is to be stored. */
  | {
      readonly kind: 'run intended';
      readonly at: Moment;
      readonly boot: string;
      /** Where its output will begin. */
      readonly log: LogPosition;
    }
  | {
      readonly kind: 'run started';
      readonly at: Moment;
      readonly worker: ProcessIdentity;
    }
  | { readonly kind: 'run withdrawn'; readonly at: Moment; readonly reason: string }
  | {
      readonly kind: 'ending step taken';
      readonly why: EndingReason;
      readonly step: 'asked' | 'cancelled' | 'killed';
      readonly at: MonotonicMs;
    }
  /** The end of what the run in progress printed; comes right before the event that ends it. */
  | { readonly kind: 'output read'; readonly text: string }
  /** The main process of the run, or its function, came to an end. */
  | RunEnded
  /** The run's whole process tree is gone. */
  | { readonly kind: 'run over'; readonly run: number; readonly at: Moment; readonly boot: string }
  | { readonly kind: 'worker started'; readonly at: MonotonicMs }
  | { readonly kind: 'worker blocked'; readonly at: MonotonicMs; readonly holders: readonly Holder[] }
  /** The worker holds the chain's lock, so that whatever ran before it is gone. */
  | {
      readonly kind: 'worker locked';
      readonly at: Moment;
      readonly boot: string;
      readonly chance: number;
      readonly identity: ProcessIdentity;
      /** What the journal knows of the run that the facts hold. */
      readonly found: JournalEntry;
    }
  | { readonly kind: 'worker ready' }
  /** The worker ended, or could not be started. */
  | {
      readonly kind: 'worker lost';
      readonly at: Moment;
      readonly boot: string;
      readonly chance: number;
      readonly reason: string;
      /** When another one may be started. */
      readonly retryAt: MonotonicMs;
    }
  | { readonly kind: 'store failed'; readonly reason: string; readonly retryAt: MonotonicMs }
  | { readonly kind: 'store worked' }
  /** There may be something to tell people by now. */
  | { readonly kind: 'notice due'; readonly at: Moment; readonly boot: string };

/** The end of a run's main process or function. */
export interface RunEnded {
  readonly kind: 'run ended';
  readonly run: number;
  readonly ending: Ending;
  readonly at: Moment;
  readonly boot: string;
  /** As the worker measured it; `null` when nobody did. */
  readonly durationMs: DurationMs | null;
  readonly usage: Usage;
  /** For the jitter of a back-off: 0 to 1, 1 excluded. */
  readonly chance: number;
  /** Whether the run's whole process tree is gone already. */
  readonly isOver: boolean;
  /** What it left behind, as far as is known; empty when it is over. */
  readonly leftovers: readonly Holder[];
}

/** What a chain's journal says of one run. */
export type JournalEntry =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'began' }
  | {
      readonly kind: 'ended';
      readonly ending: Ending;
      readonly at: Moment;
      readonly boot: string;
      readonly durationMs: DurationMs;
      readonly usage: Usage;
    };

/** What people, the log and the store are told. All of one chain, in this order. */
export type Told =
  | { readonly kind: 'run intended'; readonly run: Run; readonly at: EpochMs }
  | { readonly kind: 'run started'; readonly run: Run; readonly at: EpochMs }
  | RunEndedTold
  | { readonly kind: 'run left behind'; readonly run: Run; readonly leftovers: readonly Holder[] }
  | { readonly kind: 'leftovers gone'; readonly run: Run }
  | {
      readonly kind: 'ending step taken';
      readonly run: Run;
      readonly why: EndingReason;
      readonly step: 'asked' | 'cancelled' | 'killed';
    }
  | { readonly kind: 'pass ended'; readonly pass: PassNumber; readonly failed: boolean }
  | { readonly kind: 'paused'; readonly pause: Pause }
  /** `by` is `null` when the pause ended by itself. */
  | { readonly kind: 'resumed'; readonly by: string | null }
  | { readonly kind: 'muted'; readonly mute: Mute }
  /** `by` is `null` when the mute ended by itself. */
  | { readonly kind: 'unmuted'; readonly by: string | null }
  | { readonly kind: 'poked'; readonly by: string }
  | { readonly kind: 'skip asked'; readonly by: string; readonly task: string }
  | { readonly kind: 'run skipped'; readonly task: string; readonly next: NextTold }
  | {
      readonly kind: 'end asked';
      readonly by: string;
      readonly run: Run;
      readonly step: 'cancelled' | 'killed';
    }
  | { readonly kind: 'chain stopped'; readonly by: string; readonly run: Run | null }
  | { readonly kind: 'drain asked'; readonly run: Run | null }
  | { readonly kind: 'worker outdated'; readonly reason: string }
  | { readonly kind: 'definition changed' }
  | { readonly kind: 'stop asked'; readonly isNow: boolean; readonly run: Run | null }
  | { readonly kind: 'worker blocked'; readonly run: Run | null; readonly holders: readonly Holder[] }
  | { readonly kind: 'worker ready' }
  | { readonly kind: 'worker lost'; readonly reason: string }
  | { readonly kind: 'store failed'; readonly reason: string }
  | { readonly kind: 'store works again' }
  | { readonly kind: 'incident changed'; readonly change: IncidentChange }
  /** `isHeld`: it is kept, and not sent, because the chain is muted or paused. */
  | { readonly kind: 'notice'; readonly notice: Notice; readonly isHeld: boolean };

/** An incident after one more run of its task. */
export interface IncidentChange {
  readonly incident: IncidentBrief;
  /** When the task succeeded again; `null` while it is open. */
  readonly healedAt: EpochMs | null;
  /** The failure that was counted just now; `null` when it healed. */
  readonly failure: FailureExample | null;
}

/** A run has its outcome. */
export interface RunEndedTold {
  readonly kind: 'run ended';
  readonly run: Run;
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  /** Failures of this task in a row, this one included; 0 after a success. */
  readonly streak: number;
  /** How many failures in a row this success ended; 0 when there were none. */
  readonly healedStreak: number;
  readonly endedAt: EpochMs;
  readonly durationMs: DurationMs | null;
  readonly usage: Usage;
  /** What comes next, and after what wait; `null` when the chain stops or has made its passes. */
  readonly next: NextTold | null;
}

/** The task that comes next, and after what wait. */
export interface NextTold {
  readonly task: string;
  readonly pass: PassNumber;
  readonly cooldownMs: DurationMs;
}

/** What is told, with the chain it belongs to. */
export interface ChainTold {
  readonly chain: ChainName;
  readonly fence: Fence;
  readonly told: Told;
  /** How far the chain's log reached then. */
  readonly log: LogPosition;
}

/** A place in a chain's log. */
export interface LogPosition {
  /** Counts the log's files, from 1: a new one begins with each rotation. */
  readonly generation: number;
  /** Bytes from the start of that file. */
  readonly offset: number;
}
