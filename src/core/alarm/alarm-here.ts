import { broughtHere, type Here } from '../cooldown.ts';
import type { AlertPolicy } from '../definition.ts';
import type { Alarm, Condition, FlappingEpisode } from './alarm.ts';
import { freshnessBy } from './freshness.ts';

/** The alarm of an earlier term, with all its waits in the present boot. */
export function alarmHere(alarm: Alarm, policy: AlertPolicy, here: Here): Alarm {
  const { freshness } = alarm;
  const known = freshness === null ? null : { ...freshness, due: broughtHere(freshness.due, here) };
  return {
    incidents: alarm.incidents.map((one) => ({ ...one, remind: broughtHere(one.remind, here) })),
    flapping: alarm.flapping.map((one) => ({
      ...one,
      episode: one.episode === null ? null : episodeHere(one.episode, here),
    })),
    conditions: alarm.conditions.map((one) => conditionHere(one, here)),
    freshness: freshnessBy(policy, known, here),
    held: alarm.held,
  };
}

function episodeHere(episode: FlappingEpisode, here: Here): FlappingEpisode {
  return {
    ...episode,
    remind: broughtHere(episode.remind, here),
    quiet: broughtHere(episode.quiet, here),
  };
}

function conditionHere(condition: Condition, here: Here): Condition {
  return condition.kind === 'late run'
    ? condition
    : { ...condition, remind: broughtHere(condition.remind, here) };
}
