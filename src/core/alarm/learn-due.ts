import { storedWait, type Here } from '../cooldown.ts';
import type { ChainDefinition } from '../definition.ts';
import type { Facts } from '../facts.ts';
import { silently, withState, type EventOf, type Learned } from '../learned.ts';
import type { Notice } from '../notice.ts';
import { durationBetween, isBefore, subtract, zeroMs, type DurationMs } from '../units.ts';
import { gapAfter, type Alarm, type Incident, type Lasting } from './alarm.ts';
import { nextDue, type Due } from './due-notice.ts';
import { withIncident, withoutIncident } from './failed-run.ts';
import { withFlapping } from './flapping.ts';
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
  const after = afterDue(due, { facts, definition, here });
  const given = give(after.alarm, after.notices, holdAt(facts.state, event.at));
  return { facts: withState(facts, { alarm: given.alarm }), told: given.told };
}

/** Nobody can say whether it would have healed. */
function incidentClosed(facts: Facts, incident: Incident, { now }: Here): Learned {
  const change = { incident: briefOf(incident), healedAt: now.wall, failure: null };
  return {
    facts: withState(facts, { alarm: withoutIncident(facts.state.alarm, incident.task) }),
    told: [{ kind: 'incident changed', change }],
  };
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

type DueOf<What extends Due['what']> = Extract<Due, { readonly what: What }>;

function afterDue(due: Exclude<Due, DueOf<'incident closed' | 'mute over'>>, around: Around): AfterDue {
  const { alarm } = around.facts.state;
  const at = around.here.now.wall;
  switch (due.what) {
    case 'incident lasts':
      return incidentLasts(due.incident, around);
    case 'flapping lasts':
    case 'flapping over':
      return flappingDue(due, around);
    case 'not fresh':
    case 'not fresh lasts':
      return notFresh(due, around);
    case 'blocked':
    case 'blocked lasts':
      return blockedDue(due, around);
    case 'unblocked': {
      const notice = blockedNotice('unblocked', due.blocked, { at, holders: [] });
      return { alarm: { ...alarm, blocked: null }, notices: [notice] };
    }
    case 'late run':
      return { alarm: { ...alarm, late: due.late }, notices: [lateNotice(due.late, at, null)] };
    case 'alerts resumed': {
      const notice = resumedNotice(due.held, alarm.incidents, at);
      return { alarm: { ...alarm, held: null }, notices: [notice] };
    }
  }
}

/** One that nobody was told of, since its failures are too few, is only looked at again later. */
function incidentLasts(incident: Incident, { facts, definition, here }: Around): AfterDue {
  const lasting: Incident = { ...incident, remind: nextRemind(incident, here) };
  if (incident.stage === 'untold') return { alarm: withIncident(facts.state.alarm, lasting), notices: [] };
  const told: Incident = { ...lasting, stage: 'told', severity: 'critical' };
  const about = { at: here.now.wall, failure: null, breaker: definition.alerts.breaker };
  return {
    alarm: withIncident(facts.state.alarm, told),
    notices: [incidentNotice('incident lasts', told, about)],
  };
}

function flappingDue(due: DueOf<'flapping lasts' | 'flapping over'>, { facts, here }: Around): AfterDue {
  const { what, flapping } = due;
  const episode = { ...due.episode, remind: nextRemind(due.episode, here) };
  const after = { ...flapping, episode: what === 'flapping over' ? null : episode };
  return {
    alarm: withFlapping(facts.state.alarm, after),
    notices: [flappingNotice(what, flapping.task, { at: here.now.wall, episode })],
  };
}

function notFresh(due: DueOf<'not fresh'> | DueOf<'not fresh lasts'>, around: Around): AfterDue {
  const { facts, here } = around;
  const at = here.now.wall;
  const missed = due.what === 'not fresh' ? begins(zeroMs, around) : lastsOn(due.missed, here);
  const freshness = { ...due.freshness, missed };
  return {
    alarm: { ...facts.state.alarm, freshness },
    notices: [freshnessNotice(due.what, freshness, at)],
  };
}

function blockedDue(due: DueOf<'blocked'> | DueOf<'blocked lasts'>, around: Around): AfterDue {
  const { facts, here } = around;
  const { worker } = facts;
  const blocked =
    due.what === 'blocked'
      ? begins(durationBetween(due.since, here.now.monotonic), around)
      : lastsOn(due.blocked, here);
  const holders = worker.kind === 'blocked' ? worker.holders : [];
  return {
    alarm: { ...facts.state.alarm, blocked },
    notices: [blockedNotice(due.what, blocked, { at: here.now.wall, holders })],
  };
}

/** Something of which people are told now for the first time; it began so long ago. */
function begins(agoMs: DurationMs, { definition, here }: Around): Lasting {
  return {
    since: subtract(here.now.wall, agoMs),
    severity: 'error',
    remind: storedWait(definition.alerts.remindMs, here),
  };
}

function lastsOn(lasting: Lasting, here: Here): Lasting {
  return { ...lasting, severity: 'critical', remind: nextRemind(lasting, here) };
}

function nextRemind({ remind }: Pick<Lasting, 'remind'>, here: Here): Lasting['remind'] {
  return storedWait(gapAfter(remind.lengthMs), here);
}
