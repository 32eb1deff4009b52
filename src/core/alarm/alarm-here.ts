import { broughtHere, type Here, type StoredWait } from '../cooldown.ts';
import type { AlertPolicy } from '../definition.ts';
import type { Alarm, FlappingEpisode, Freshness } from './alarm.ts';
import { freshnessBy } from './freshness.ts';

/** The alarm of an earlier term, with all its waits in the present boot. */
export function alarmHere(alarm: Alarm, policy: AlertPolicy, here: Here): Alarm {
  const { incidents, flapping, freshness, blocked } = alarm;
  return {
    ...alarm,
    incidents: incidents.map((one) => withRemindHere(one, here)),
    flapping: flapping.map((one) => ({
      ...one,
      episode: one.episode === null ? null : episodeHere(one.episode, here),
    })),
    freshness: freshnessBy(policy, freshness === null ? null : freshnessHere(freshness, here), here),
    blocked: blocked === null ? null : withRemindHere(blocked, here),
  };
}

function episodeHere(episode: FlappingEpisode, here: Here): FlappingEpisode {
  return { ...withRemindHere(episode, here), quiet: broughtHere(episode.quiet, here) };
}

function freshnessHere({ lastSuccessAt, due, missed }: Freshness, here: Here): Freshness {
  return {
    lastSuccessAt,
    due: broughtHere(due, here),
    missed: missed === null ? null : withRemindHere(missed, here),
  };
}

function withRemindHere<Told extends { readonly remind: StoredWait }>(told: Told, here: Here): Told {
  return { ...told, remind: broughtHere(told.remind, here) };
}
