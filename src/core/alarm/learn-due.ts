import { storedWait, type Here } from '../cooldown.ts';
import type { ChainDefinition } from '../definition.ts';
import type { Facts } from '../facts.ts';
import { silently, withState, type EventOf, type Learned } from '../learned.ts';
import type { Notice } from '../notice.ts';
import { numberOf } from '../number-of.ts';
import { durationBetween, isBefore, subtract } from '../units.ts';
import { gapAfter, type Alarm, type Condition, type Incident, type LastingCondition } from './alarm.ts';
import { blockedSince, nextDue, type Due } from './due-notice.ts';
import { withIncident, withoutIncident } from './failed-run.ts';
import { flappingOf, withFlapping } from './flapping.ts';
import { give, holdAt } from './hold.ts';
import { briefOf } from './kinds.ts';
import {
  blockedNotice,
  flappingNotice,
  freshnessNotice,
  incidentNotice,
  lateNotice,
  resumedNotice,
} from './notices.ts';

/** Something is due by the clock: people are told, and when it is due again is set. */
export function learnDue(facts: Facts, event: EventOf<'notice due'>, definition: ChainDefinition): Learned {
  const next = nextDue(facts, definition);
  if (next === null || isBefore(event.at.monotonic, next.at)) return silently(facts);
  const here = { boot: event.boot, now: event.at };
  const { due } = next;
  if (due.what === 'incident closed') return incidentClosed(facts, due.incident, here);
  if (due.what === 'mute over') {
    return { facts: withState(facts, { mute: null }), told: [{ kind: 'unmuted', by: null }] };
  }
  const { alarm, notices } = afterDue(due, { facts, definition, here });
  const given = give(alarm, notices, holdAt(facts.state, event.at));
  return { facts: withState(facts, { alarm: given.alarm }), told: given.told };
}

interface Around {
  readonly facts: Facts;
  readonly definition: ChainDefinition;
  readonly here: Here;
}

interface AfterDue {
  readonly alarm: Alarm;
  readonly notices: readonly Notice[];
}

function afterDue(due: Exclude<Due, { what: 'incident closed' | 'mute over' }>, around: Around): AfterDue {
  switch (due.what) {
    case 'incident lasts':
      return incidentLasts(due.incident, around);
    case 'flapping lasts':
    case 'flapping over':
      return flappingDue(due.what, due.task, around);
    case 'not fresh':
    case 'blocked':
      return lastingBegins(due.what, around);
    case 'late run':
      return lateRun(around);
    case 'condition lasts':
      return conditionLasts(due.condition, around);
    case 'unblocked':
      return unblocked(due.condition, around);
    case 'alerts resumed':
      return alertsResumed(around);
  }
}

/** One that nobody was told of, since its failures are too few, is only looked at again later. */
function incidentLasts(incident: Incident, { facts, definition, here }: Around): AfterDue {
  const remind = storedWait(gapAfter(incident.remind.lengthMs), here);
  const lasting: Incident = { ...incident, remind };
  if (incident.stage === 'untold') return { alarm: withIncident(facts.state.alarm, lasting), notices: [] };
  const told: Incident = { ...lasting, stage: 'told', severity: 'critical' };
  const about = { at: here.now.wall, failure: null, breaker: definition.alerts.breaker };
  return {
    alarm: withIncident(facts.state.alarm, told),
    notices: [incidentNotice('incident lasts', told, about)],
  };
}

/** Nobody can say whether it would have healed. */
function incidentClosed(facts: Facts, incident: Incident, { now }: Here): Learned {
  const change = { incident: briefOf(incident), healedAt: now.wall, failure: null };
  return {
    facts: withState(facts, { alarm: withoutIncident(facts.state.alarm, incident.task) }),
    told: [{ kind: 'incident changed', change }],
  };
}

function flappingDue(
  what: 'flapping lasts' | 'flapping over',
  task: string,
  { facts, here }: Around,
): AfterDue {
  const flapping = flappingOf(facts.state.alarm, task);
  if (flapping.episode === null) return { alarm: facts.state.alarm, notices: [] };
  const remind = storedWait(gapAfter(flapping.episode.remind.lengthMs), here);
  const episode = { ...flapping.episode, remind };
  const after = { ...flapping, episode: what === 'flapping over' ? null : episode };
  return {
    alarm: withFlapping(facts.state.alarm, after),
    notices: [flappingNotice(what, task, { at: here.now.wall, episode })],
  };
}

function lastingBegins(kind: LastingCondition['kind'], around: Around): AfterDue {
  const { facts, definition, here } = around;
  const { now } = here;
  const since = kind === 'blocked' ? (blockedSince(facts) ?? now.monotonic) : now.monotonic;
  const condition: LastingCondition = {
    kind,
    since: subtract(now.wall, durationBetween(since, now.monotonic)),
    severity: 'error',
    remind: storedWait(definition.alerts.remindMs, here),
  };
  return { alarm: withCondition(facts.state.alarm, condition), notices: [noticeOf(kind, condition, around)] };
}

function conditionLasts(condition: LastingCondition, around: Around): AfterDue {
  const remind = storedWait(gapAfter(condition.remind.lengthMs), around.here);
  const lasting: LastingCondition = { ...condition, severity: 'critical', remind };
  const kind = condition.kind === 'blocked' ? 'blocked lasts' : 'not fresh lasts';
  return {
    alarm: withCondition(around.facts.state.alarm, lasting),
    notices: [noticeOf(kind, lasting, around)],
  };
}

function unblocked(condition: LastingCondition, around: Around): AfterDue {
  return {
    alarm: withoutCondition(around.facts.state.alarm, 'blocked'),
    notices: [noticeOf('unblocked', condition, around)],
  };
}

function lateRun({ facts, here }: Around): AfterDue {
  const { run, usualMs, alarm } = facts.state;
  if (run?.stage.kind !== 'running') return { alarm, notices: [] };
  const { number, task, stage } = run;
  const usual = numberOf(usualMs, task) ?? 0;
  const late = { kind: 'late run', since: stage.since.wall, run: number, task, usualMs: usual } as const;
  return { alarm: withCondition(alarm, late), notices: [lateNotice(late, here.now.wall, null)] };
}

function alertsResumed({ facts, here }: Around): AfterDue {
  const { alarm } = facts.state;
  return { alarm: { ...alarm, held: null }, notices: [resumedNotice(alarm, here)] };
}

function noticeOf(
  kind: 'not fresh' | 'not fresh lasts' | 'blocked' | 'blocked lasts' | 'unblocked',
  condition: LastingCondition,
  { facts, here }: Around,
): Notice {
  const at = here.now.wall;
  if (kind === 'not fresh' || kind === 'not fresh lasts') {
    return freshnessNotice(kind, condition, { at, freshness: facts.state.alarm.freshness });
  }
  const holders = facts.worker.kind === 'blocked' ? facts.worker.holders : [];
  return blockedNotice(kind, condition, { at, holders });
}

function withCondition(alarm: Alarm, condition: Condition): Alarm {
  return { ...alarm, conditions: [...withoutCondition(alarm, condition.kind).conditions, condition] };
}

function withoutCondition(alarm: Alarm, kind: Condition['kind']): Alarm {
  return { ...alarm, conditions: alarm.conditions.filter((condition) => condition.kind !== kind) };
}
