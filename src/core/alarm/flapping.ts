import { storedWait, type Here } from '../cooldown.ts';
import type { AlertPolicy } from '../definition.ts';
import { earlierOf, toDurationMs, type EpochMs } from '../units.ts';
import type { Alarm, Flapping, FlappingEpisode, Incident, RecentIncident } from './alarm.ts';
import { countKind, type CountedFailure } from './kinds.ts';

/** So many incidents of one task within three days make it flapping. */
const incidentsOfFlapping = 3;
const windowMs = 72 * 3_600_000;
/** It is over when the task has not failed for two days: one that fails each night flaps. */
const quietMs = toDurationMs(48 * 3_600_000);

/** What is known of the flapping of a task; nothing of one whose incidents were never told. */
export function flappingOf({ flapping }: Alarm, task: string): Flapping {
  return flapping.find((one) => one.task === task) ?? { task, recent: [], episode: null };
}

/** The alarm with this in place of what it knew of the task; what has become meaningless is forgotten. */
export function withFlapping(alarm: Alarm, changed: Flapping): Alarm {
  const others = alarm.flapping.filter(({ task }) => task !== changed.task);
  const isEmpty = changed.recent.length === 0 && changed.episode === null;
  return { ...alarm, flapping: isEmpty ? others : [...others, changed] };
}

/** After an incident became one that people are to be told of: it may make its task flapping. */
export function withToldIncident(
  flapping: Flapping,
  incident: Incident,
  by: { readonly here: Here; readonly policy: AlertPolicy },
): Flapping {
  const { here, policy } = by;
  const { wall } = here.now;
  const { firstRun, failures } = incident;
  const recent = [...lately(flapping.recent, wall), { firstRun, toldAt: wall, failures }];
  if (recent.length < incidentsOfFlapping) return { ...flapping, recent };
  const episode: FlappingEpisode = {
    since: recent.reduce((first, { toldAt }) => earlierOf(first, toldAt), wall),
    incidents: recent.length,
    failures: recent.reduce((sum, one) => sum + one.failures, 0),
    kinds: incident.kinds,
    remind: storedWait(policy.remindMs, here),
    quiet: storedWait(quietMs, here),
  };
  return { ...flapping, recent: [], episode };
}

/** After one more failure in an episode, which lasts on for it. */
export function withEpisodeFailure(
  episode: FlappingEpisode,
  failure: CountedFailure,
  here: Here,
): { readonly episode: FlappingEpisode; readonly isNewKind: boolean } {
  const { kinds, isNew, isKept } = countKind(episode.kinds, failure);
  return {
    episode: { ...episode, kinds, failures: episode.failures + 1, quiet: storedWait(quietMs, here) },
    isNewKind: isNew && isKept,
  };
}

/** After an incident has healed: how many failures it had is known now. */
export function withHealed(flapping: Flapping, { firstRun, failures }: Incident): Flapping {
  return {
    ...flapping,
    recent: flapping.recent.map((one) => (one.firstRun === firstRun ? { ...one, failures } : one)),
  };
}

function lately(recent: readonly RecentIncident[], now: EpochMs): readonly RecentIncident[] {
  return recent.filter(({ toldAt }) => now - toldAt <= windowMs);
}
