import type { Here } from '../cooldown.ts';
import type { AlertPolicy } from '../definition.ts';
import type { FailureExample } from '../incident.ts';
import type { IncidentNotice, Notice } from '../notice.ts';
import type { Alarm, FlappingEpisode, Incident } from './alarm.ts';
import { flappingOf, withEpisodeFailure, withFlapping, withToldIncident } from './flapping.ts';
import { hasNewKindToTell, opened, withFailure } from './incident-steps.ts';
import { flappingNotice, flappingSubject, incidentNotice } from './notices.ts';

/** A failed run, and what there is to know for telling it. */
export interface FailedRun {
  readonly task: string;
  readonly failure: FailureExample;
  readonly here: Here;
  readonly policy: AlertPolicy;
}

/** What a failed run makes of the alarm, and what people are to be told for it. */
export interface Raised {
  readonly alarm: Alarm;
  readonly incident: Incident;
  readonly notices: readonly Notice[];
}

interface Within {
  readonly alarm: Alarm;
  readonly run: FailedRun;
}

/** The failure opens an incident, or is counted in the one that is open. */
export function afterFailure(alarm: Alarm, run: FailedRun): Raised {
  const known = alarm.incidents.find(({ task }) => task === run.task) ?? null;
  const incident = known === null ? opened(run.failure, run) : withFailure(known, run.failure, run);
  const { episode } = flappingOf(alarm, run.task);
  const raised =
    episode === null
      ? raisedAlone(alarm, { known, incident }, run)
      : raisedWithin(episode, incident, { alarm, run });
  const opensBreaker = incident.isBreakerOpen && known?.isBreakerOpen !== true;
  const notices = opensBreaker
    ? [...raised.notices, noticeOf('breaker opened', raised.incident, run)]
    : raised.notices;
  return { ...raised, alarm: withIncident(raised.alarm, raised.incident), notices };
}

/** The alarm with this incident in place of what it had of the same task. */
export function withIncident(alarm: Alarm, incident: Incident): Alarm {
  return { ...alarm, incidents: [...withoutIncident(alarm, incident.task).incidents, incident] };
}

/** The alarm without the incident of a task. */
export function withoutIncident(alarm: Alarm, task: string): Alarm {
  return { ...alarm, incidents: alarm.incidents.filter((one) => one.task !== task) };
}

function raisedAlone(
  alarm: Alarm,
  { known, incident }: { readonly known: Incident | null; readonly incident: Incident },
  run: FailedRun,
): Raised {
  if (incident.stage === 'untold') return toldFirst(alarm, incident, run);
  if (known === null || !hasNewKindToTell(known, incident)) return { alarm, incident, notices: [] };
  const told: Incident = { ...incident, kindsTold: incident.kindsTold + 1 };
  return { alarm, incident: told, notices: [noticeOf('new kind', told, run)] };
}

/** An incident that nobody knows of is told once it has failures enough; one too many lately, and the task flaps. */
function toldFirst(alarm: Alarm, incident: Incident, run: FailedRun): Raised {
  if (incident.failures < run.policy.afterFailures) return { alarm, incident, notices: [] };
  const flapping = withToldIncident(flappingOf(alarm, run.task), incident, run);
  const kindsTold = incident.kinds.length;
  const raised = withFlapping(alarm, flapping);
  if (flapping.episode === null) {
    const told: Incident = { ...incident, stage: 'told', kindsTold };
    return { alarm: raised, incident: told, notices: [noticeOf('incident opened', told, run)] };
  }
  const about = { at: run.here.now.wall, episode: flapping.episode };
  const notice = flappingNotice('flapping', run.task, about);
  return { alarm: raised, incident: { ...incident, stage: 'within flapping', kindsTold }, notices: [notice] };
}

/** While a task flaps its incidents are counted, and only kinds that are new to the whole episode are told. */
function raisedWithin(episode: FlappingEpisode, incident: Incident, by: Within): Raised {
  const { alarm, run } = by;
  const isCountedNow = incident.stage === 'untold' && incident.failures >= run.policy.afterFailures;
  const within: Incident = isCountedNow ? { ...incident, stage: 'within flapping' } : incident;
  const failed = withEpisodeFailure(episode, run.failure, run.here);
  const incidents = episode.incidents + (isCountedNow ? 1 : 0);
  const flapping = { ...flappingOf(alarm, run.task), episode: { ...failed.episode, incidents } };
  const subject = flappingSubject(run.task, episode);
  return {
    alarm: withFlapping(alarm, flapping),
    incident: within,
    notices: failed.isNewKind ? [{ ...noticeOf('new kind', within, run), subject }] : [],
  };
}

function noticeOf(
  kind: IncidentNotice['kind'],
  incident: Incident,
  { failure, here, policy }: FailedRun,
): Notice {
  return incidentNotice(kind, incident, { at: here.now.wall, failure, breaker: policy.breaker });
}
