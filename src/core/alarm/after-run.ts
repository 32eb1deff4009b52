import type { Here } from '../cooldown.ts';
import type { ChainDefinition } from '../definition.ts';
import type { IncidentChange, Told } from '../event.ts';
import type { Facts, Run } from '../facts.ts';
import { failureExample } from '../failure-example.ts';
import type { Notice } from '../notice.ts';
import type { Outcome, Verdict } from '../outcome.ts';
import type { DurationMs } from '../units.ts';
import type { Alarm } from './alarm.ts';
import { afterFailure, withoutIncident } from './failed-run.ts';
import { flappingOf, withFlapping, withHealed } from './flapping.ts';
import { freshAfterSuccess } from './freshness.ts';
import { give, holdAt } from './hold.ts';
import { briefOf } from './kinds.ts';
import { freshnessNotice, incidentNotice, lateNotice } from './notices.ts';

/** A run that has its outcome. */
export interface JudgedRun {
  readonly run: Run;
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  readonly here: Here;
  readonly durationMs: DurationMs | null;
  readonly definition: ChainDefinition;
}

/** What the end of a run makes of the alarm, and what is told for it: incidents open, go on and heal here. */
export function alarmAfterRun(
  facts: Facts,
  judged: JudgedRun,
): { readonly alarm: Alarm; readonly told: readonly Told[] } {
  const late = withoutLateRun(facts.state.alarm, judged);
  const followed = afterVerdict(late.alarm, facts, judged);
  const notices = [...late.notices, ...followed.notices];
  const given = give(followed.alarm, notices, holdAt(facts.state, judged.here.now));
  const changed: readonly Told[] =
    followed.change === null ? [] : [{ kind: 'incident changed', change: followed.change }];
  return { alarm: given.alarm, told: [...changed, ...given.told] };
}

interface Followed {
  readonly alarm: Alarm;
  readonly notices: readonly Notice[];
  readonly change: IncidentChange | null;
}

function afterVerdict(alarm: Alarm, { printed }: Facts, judged: JudgedRun): Followed {
  switch (judged.verdict) {
    case 'success':
      return afterSuccess(alarm, judged);
    case 'failure':
      return afterFailedRun(alarm, printed, judged);
    case 'no verdict':
      return { alarm, notices: [], change: null };
  }
}

function afterFailedRun(alarm: Alarm, printed: string, judged: JudgedRun): Followed {
  const { run, here, definition } = judged;
  const failure = failureExample({ ...judged, printed });
  const raised = afterFailure(alarm, { task: run.task, failure, here, policy: definition.alerts });
  const change = { incident: briefOf(raised.incident), healedAt: null, failure };
  return { alarm: raised.alarm, notices: raised.notices, change };
}

function afterSuccess(alarm: Alarm, judged: JudgedRun): Followed {
  const { here, definition } = judged;
  const healed = withHealedIncident(alarm, judged);
  const { freshnessMs } = definition.alerts;
  if (freshnessMs === null) return healed;
  const fresh: Alarm = { ...healed.alarm, freshness: freshAfterSuccess(freshnessMs, here) };
  const { freshness } = alarm;
  if (freshness === null || freshness.missed === null) return { ...healed, alarm: fresh };
  const { missed } = freshness;
  const notice = freshnessNotice('fresh again', { ...freshness, missed }, here.now.wall);
  return { ...healed, alarm: fresh, notices: [...healed.notices, notice] };
}

function withHealedIncident(alarm: Alarm, { run, here, definition }: JudgedRun): Followed {
  const incident = alarm.incidents.find(({ task }) => task === run.task);
  if (incident === undefined) return { alarm, notices: [], change: null };
  const closed: Alarm = withoutIncident(alarm, run.task);
  const at = here.now.wall;
  const change: IncidentChange = { incident: briefOf(incident), healedAt: at, failure: null };
  if (incident.stage !== 'told') return { alarm: closed, notices: [], change };
  const by = { at, failure: null, breaker: definition.alerts.breaker };
  return {
    alarm: withFlapping(closed, withHealed(flappingOf(alarm, run.task), incident)),
    notices: [incidentNotice('incident healed', incident, by)],
    change,
  };
}

function withoutLateRun(
  alarm: Alarm,
  { run, outcome, here }: JudgedRun,
): { readonly alarm: Alarm; readonly notices: readonly Notice[] } {
  const { late } = alarm;
  if (late?.run !== run.number) return { alarm, notices: [] };
  return { alarm: { ...alarm, late: null }, notices: [lateNotice(late, here.now.wall, outcome)] };
}
