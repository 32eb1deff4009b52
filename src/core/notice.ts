import type { Holder } from './facts.ts';
import type { FailureExample, IncidentBrief, SeenKind } from './incident.ts';
import type { Outcome } from './outcome.ts';
import type { DurationMs, EpochMs, RunNumber } from './units.ts';

/** How much a notice matters: `warning` for what may be all right, `critical` for what lasts or stands still. */
export type Severity = 'warning' | 'error' | 'critical';

/** What people are to learn of a chain. */
export type Notice = NoticeHead &
  (IncidentNotice | FlappingNotice | FreshnessNotice | BlockedNotice | LateNotice | ResumedNotice);

/** Every word for what a notice says. */
export type NoticeKind = Notice['kind'];

/** What all notices have. */
export interface NoticeHead {
  /** That of a notice which says that something is over is as high as it had been. */
  readonly severity: Severity;
  readonly at: EpochMs;
  /**
   * What it is about, such as `incident 17`: equal for all notices of one incident or one condition of a chain, and
   * for no others. Mail programs make one thread of them.
   */
  readonly subject: string;
}

/** Of one task that fails. */
export interface IncidentNotice {
  readonly kind: 'incident opened' | 'new kind' | 'incident lasts' | 'incident healed' | 'breaker opened';
  readonly incident: IncidentBrief;
  /** The newest failure; `null` when it is not what the notice is about. */
  readonly failure: FailureExample | null;
  /** When it is told again if nothing changes; `null` once it is over. */
  readonly remindMs: DurationMs | null;
  /** How often the chain tries while the breaker is open; `null` while it is closed. */
  readonly probeMs: DurationMs | null;
}

/** Of a task that fails and heals again and again: its incidents are not told one by one meanwhile. */
export interface FlappingNotice {
  readonly kind: 'flapping' | 'flapping lasts' | 'flapping over';
  readonly task: string;
  readonly since: EpochMs;
  readonly incidents: number;
  readonly failures: number;
  readonly kinds: readonly SeenKind[];
  readonly remindMs: DurationMs | null;
}

/** Of a chain without a success for too long. */
export interface FreshnessNotice {
  readonly kind: 'not fresh' | 'not fresh lasts' | 'fresh again';
  /** `null` before the first success. */
  readonly lastSuccessAt: EpochMs | null;
  readonly freshnessMs: DurationMs;
  /** For how long there was no success. */
  readonly forMs: DurationMs;
  readonly remindMs: DurationMs | null;
}

/** Of a chain that waits for processes of an earlier run. */
export interface BlockedNotice {
  readonly kind: 'blocked' | 'blocked lasts' | 'unblocked';
  readonly since: EpochMs;
  readonly forMs: DurationMs;
  readonly holders: readonly Holder[];
  readonly remindMs: DurationMs | null;
}

/** Of a run that takes far longer than usual. */
export interface LateNotice {
  readonly kind: 'late run' | 'late run ended';
  readonly task: string;
  readonly run: RunNumber;
  readonly since: EpochMs;
  readonly forMs: DurationMs;
  readonly usualMs: number;
  /** How it ended in the end; `null` while it goes on. */
  readonly outcome: Outcome | null;
}

/** What was held back while the chain was muted or paused. */
export interface ResumedNotice {
  readonly kind: 'alerts resumed';
  readonly heldBy: 'mute' | 'pause';
  readonly since: EpochMs;
  /** How many notices of each kind were not sent. */
  readonly held: readonly { readonly kind: string; readonly count: number }[];
  /** The incidents that are open now. */
  readonly open: readonly IncidentBrief[];
}

const severities: readonly Severity[] = ['warning', 'error', 'critical'];

/** Whether `severity` is as high as `least`, or higher. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return severities.indexOf(severity) >= severities.indexOf(least);
}

/** The higher of the two. */
export function higherOf(one: Severity, other: Severity): Severity {
  return isAtLeast(one, other) ? one : other;
}

/** A severity by its name; one that this version does not know may matter most. */
export function severityNamed(name: string): Severity {
  return severities.find((one) => one === name) ?? 'critical';
}
