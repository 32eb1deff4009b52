import type { Breaker } from '../definition.ts';
import type { Holder } from '../facts.ts';
import type { FailureExample } from '../incident.ts';
import type { BlockedNotice, FlappingNotice, FreshnessNotice, IncidentNotice, Notice } from '../notice.ts';
import { inBrief, type Outcome } from '../outcome.ts';
import { durationBetween, type EpochMs } from '../units.ts';
import type { FlappingEpisode, Freshness, Held, Incident, Lasting, LateRun } from './alarm.ts';
import { awaitedSince } from './freshness.ts';
import { briefOf } from './kinds.ts';

/** What people are told of an incident. */
export function incidentNotice(
  kind: IncidentNotice['kind'],
  incident: Incident,
  by: { readonly at: EpochMs; readonly failure: FailureExample | null; readonly breaker: Breaker | null },
): Notice {
  return {
    kind,
    severity: incident.severity,
    at: by.at,
    subject: `incident ${incident.firstRun}`,
    incident: briefOf(incident),
    failure: by.failure,
    remindMs: kind === 'incident healed' ? null : incident.remind.lengthMs,
    probeMs: incident.isBreakerOpen ? (by.breaker?.probeMs ?? null) : null,
  };
}

/** What people are told of a task that flaps. */
export function flappingNotice(
  kind: FlappingNotice['kind'],
  task: string,
  by: { readonly at: EpochMs; readonly episode: FlappingEpisode },
): Notice {
  const { since, incidents, failures, kinds, remind } = by.episode;
  return {
    kind,
    severity: 'error',
    at: by.at,
    subject: flappingSubject(task, by.episode),
    task,
    since,
    incidents,
    failures,
    kinds,
    remindMs: kind === 'flapping over' ? null : remind.lengthMs,
  };
}

/** What all notices of an episode are about; also that it has a new kind of failure. */
export function flappingSubject(task: string, { since }: FlappingEpisode): string {
  return `flapping of ${task} since ${since}`;
}

/** What people are told of a chain without a success for too long. */
export function freshnessNotice(
  kind: FreshnessNotice['kind'],
  freshness: Freshness & { readonly missed: Lasting },
  at: EpochMs,
): Notice {
  const { lastSuccessAt, due, missed } = freshness;
  return {
    kind,
    severity: missed.severity,
    at,
    subject: `not fresh since ${missed.since}`,
    lastSuccessAt,
    freshnessMs: due.lengthMs,
    forMs: durationBetween(awaitedSince(freshness), at),
    remindMs: kind === 'fresh again' ? null : missed.remind.lengthMs,
  };
}

/** What people are told of a chain that waits for processes. */
export function blockedNotice(
  kind: BlockedNotice['kind'],
  { since, severity, remind }: Lasting,
  by: { readonly at: EpochMs; readonly holders: readonly Holder[] },
): Notice {
  return {
    kind,
    severity,
    at: by.at,
    subject: `blocked since ${since}`,
    since,
    forMs: durationBetween(since, by.at),
    holders: by.holders,
    remindMs: kind === 'unblocked' ? null : remind.lengthMs,
  };
}

/** What people are told of a run that takes too long, and, with its outcome, of its end. */
export function lateNotice(late: LateRun, at: EpochMs, outcome: Outcome | null): Notice {
  return {
    kind: outcome === null ? 'late run' : 'late run ended',
    severity: 'warning',
    at,
    subject: `late run ${late.run}`,
    ...late,
    forMs: durationBetween(late.since, at),
    outcome: outcome === null ? null : inBrief(outcome),
  };
}

/** What people are told once they are told again: what they have not heard meanwhile, and what is wrong still. */
export function resumedNotice(held: Held, incidents: readonly Incident[], at: EpochMs): Notice {
  const { by, since, severity, counts } = held;
  return {
    kind: 'alerts resumed',
    severity,
    at,
    subject: `alerts resumed, held since ${since}`,
    heldBy: by,
    since,
    held: Object.entries(counts).map(([kind, count]) => ({ kind, count })),
    open: incidents.map(briefOf),
  };
}
