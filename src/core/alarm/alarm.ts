import type { StoredWait } from '../cooldown.ts';
import type { IncidentBrief, SeenKind } from '../incident.ts';
import type { Severity } from '../notice.ts';
import type { DurationMs, EpochMs, RunNumber } from '../units.ts';

/** What is wrong with a chain, and what people were told of it. It survives the runner, so that none of it is told twice. */
export interface Alarm {
  /** The open incidents, at most one for a task. */
  readonly incidents: readonly Incident[];
  /** Tasks whose incidents were told lately; one that has too many of them is flapping. */
  readonly flapping: readonly Flapping[];
  /** When the next success is due; `null` where nobody wants to know. */
  readonly freshness: Freshness | null;
  /** That people were told that the chain waits for processes of an earlier run; `null` when they were not. */
  readonly blocked: Lasting | null;
  /** The run of which people were told that it takes too long; `null` when there is none. */
  readonly late: LateRun | null;
  /** What was not sent because the chain is muted or paused; `null` when that is nothing. */
  readonly held: Held | null;
}

/** A chain with which nothing is wrong. */
export const quietAlarm: Alarm = {
  incidents: [],
  flapping: [],
  freshness: null,
  blocked: null,
  late: null,
  held: null,
};

/** An open incident, and how far people know of it. */
export interface Incident extends IncidentBrief {
  /** Whether people were told of it: not yet, as an incident of its own, or as part of the flapping of its task. */
  readonly stage: 'untold' | 'told' | 'within flapping';
  readonly severity: Severity;
  /** When it is told again. */
  readonly remind: StoredWait;
  /** How many of its kinds were told; later ones are only kept. */
  readonly kindsTold: number;
  /** The kind of the newest failure, and how many of it came in a row. */
  readonly newest: { readonly kind: string; readonly inARow: number };
  /** Whether the chain only probes until this task succeeds. */
  readonly isBreakerOpen: boolean;
}

/** How often a task's incidents were told lately. */
export interface Flapping {
  readonly task: string;
  /** The last few incidents that were told, the oldest first. */
  readonly recent: readonly RecentIncident[];
  /** That they are not told one by one any more; `null` while they are. */
  readonly episode: FlappingEpisode | null;
}

/** An incident that was told lately. */
export interface RecentIncident {
  readonly firstRun: RunNumber;
  readonly toldAt: EpochMs;
  readonly failures: number;
}

/** A time in which a task fails and heals again and again. */
export interface FlappingEpisode {
  readonly since: EpochMs;
  readonly incidents: number;
  readonly failures: number;
  readonly kinds: readonly SeenKind[];
  readonly remind: StoredWait;
  /** When it is over, unless the task fails before. */
  readonly quiet: StoredWait;
}

/** Something wrong that people were told of, and that lasts. */
export interface Lasting {
  readonly since: EpochMs;
  readonly severity: Severity;
  /** When it is told again. */
  readonly remind: StoredWait;
}

/** A run that takes far longer than usual. It is told once. */
export interface LateRun {
  readonly since: EpochMs;
  readonly run: RunNumber;
  readonly task: string;
  /** How long such runs usually take, in milliseconds. */
  readonly usualMs: number;
}

/** When a chain is to have succeeded again. */
export interface Freshness {
  /** `null` before the first success. */
  readonly lastSuccessAt: EpochMs | null;
  readonly due: StoredWait;
  /** That people were told that there was none by then; `null` when they were not. */
  readonly missed: Lasting | null;
}

/** What was not sent. */
export interface Held {
  readonly by: 'mute' | 'pause';
  readonly since: EpochMs;
  /** The highest of what was held. */
  readonly severity: Severity;
  /** By kind of notice. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The longest gap between two reminders: one week. */
const longestGapMs = 7 * 24 * 3_600_000;

/** The gap that follows a gap of `gapMs`: twice as long, at most a week. */
export function gapAfter(gapMs: DurationMs): DurationMs {
  return Math.max(gapMs, Math.min(2 * gapMs, longestGapMs)) as DurationMs;
}
