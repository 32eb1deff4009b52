import type { ChainDefinition } from '../definition.ts';
import type { Facts } from '../facts.ts';
import { ownValue } from '../own-value.ts';
import { add, earlierOf, toDurationMs, type MonotonicMs } from '../units.ts';
import type {
  Alarm,
  Flapping,
  FlappingEpisode,
  Freshness,
  Held,
  Incident,
  Lasting,
  LateRun,
} from './alarm.ts';

/** A run is not late before this time, however short its runs usually are. */
const leastLateMs = 5 * 60_000;

/** Something that is due by the clock, without any event. */
export type Due =
  | { readonly what: 'incident lasts'; readonly incident: Incident }
  /** The task of an incident is not in the chain any more. */
  | { readonly what: 'incident closed'; readonly incident: Incident }
  | {
      readonly what: 'flapping lasts' | 'flapping over';
      readonly flapping: Flapping;
      readonly episode: FlappingEpisode;
    }
  | { readonly what: 'not fresh'; readonly freshness: Freshness }
  | { readonly what: 'not fresh lasts'; readonly freshness: Freshness; readonly missed: Lasting }
  | { readonly what: 'blocked'; readonly since: MonotonicMs }
  | { readonly what: 'blocked lasts'; readonly blocked: Lasting }
  | { readonly what: 'unblocked'; readonly blocked: Lasting }
  | { readonly what: 'late run'; readonly late: LateRun }
  | { readonly what: 'mute over' }
  | { readonly what: 'alerts resumed'; readonly held: Held };

/** The same, and when. */
export interface TimedDue {
  readonly at: MonotonicMs;
  readonly due: Due;
}

/** Before every moment of any clock: what is due now. */
const atOnce = Number.MIN_SAFE_INTEGER as MonotonicMs;

/** What is due next, and when; `null` when nothing ever will be without an event. */
export function nextDue(facts: Facts, definition: ChainDefinition): TimedDue | null {
  const { alarm } = facts.state;
  let next: TimedDue | null = null;
  for (const one of [
    ...alarm.incidents.map((incident) => ofIncident(incident, definition)),
    ...ofFlapping(alarm),
    ...ofFreshness(facts),
    ...ofBlocked(facts, definition),
    ...ofLateRun(facts, definition),
    ...ofHold(facts),
  ]) {
    if (next === null || earlierOf(next.at, one.at) !== next.at) next = one;
  }
  return next;
}

function ofIncident(incident: Incident, { tasks }: ChainDefinition): TimedDue {
  return tasks.some(({ name }) => name === incident.task)
    ? { at: incident.remind.until, due: { what: 'incident lasts', incident } }
    : { at: atOnce, due: { what: 'incident closed', incident } };
}

function ofFlapping(alarm: Alarm): readonly TimedDue[] {
  return alarm.flapping.flatMap((flapping): TimedDue[] => {
    const { episode } = flapping;
    if (episode === null) return [];
    return [
      { at: episode.quiet.until, due: { what: 'flapping over', flapping, episode } },
      { at: episode.remind.until, due: { what: 'flapping lasts', flapping, episode } },
    ];
  });
}

/** Nobody waits for the success of a chain that somebody has paused. */
function ofFreshness({ state: { alarm, pause } }: Facts): readonly TimedDue[] {
  const { freshness } = alarm;
  if (freshness === null || pause !== null) return [];
  const { due, missed } = freshness;
  if (missed === null) return [{ at: due.until, due: { what: 'not fresh', freshness } }];
  return [{ at: missed.remind.until, due: { what: 'not fresh lasts', freshness, missed } }];
}

function ofBlocked(facts: Facts, { alerts }: ChainDefinition): readonly TimedDue[] {
  const { blocked } = facts.state.alarm;
  const since = blockedSince(facts);
  if (blocked === null) {
    if (since === null || alerts.blockedMs === null) return [];
    return [{ at: add(since, alerts.blockedMs), due: { what: 'blocked', since } }];
  }
  return since === null && isFree(facts)
    ? [{ at: atOnce, due: { what: 'unblocked', blocked } }]
    : [{ at: blocked.remind.until, due: { what: 'blocked lasts', blocked } }];
}

/** Since when the chain waits for processes of an earlier run; `null` when it does not. */
function blockedSince({ state, worker }: Facts): MonotonicMs | null {
  if (worker.kind === 'blocked') return worker.since;
  return state.run?.stage.kind === 'left behind' ? state.run.stage.since.monotonic : null;
}

/** Whether it is certain that nothing of an earlier run lives; at the start of a term that is not known yet. */
function isFree({ state, worker }: Facts): boolean {
  return state.run === null || worker.kind === 'ready';
}

function ofLateRun({ state }: Facts, { alerts }: ChainDefinition): readonly TimedDue[] {
  const { run, usualMs, alarm } = state;
  if (alerts.lateFactor === null || alarm.late !== null || run?.stage.kind !== 'running') return [];
  const usual = ownValue(usualMs, run.task);
  if (usual === undefined) return [];
  const { since } = run.stage;
  const lateMs = toDurationMs(Math.max(Math.ceil(usual * alerts.lateFactor), leastLateMs));
  const late = { since: since.wall, run: run.number, task: run.task, usualMs: usual };
  return [{ at: add(since.monotonic, lateMs), due: { what: 'late run', late } }];
}

function ofHold({ state: { mute, pause, alarm } }: Facts): readonly TimedDue[] {
  if (mute !== null) return [{ at: mute.until.until, due: { what: 'mute over' } }];
  const { held } = alarm;
  if (held === null) return [];
  if (pause?.by.kind !== 'operator') return [{ at: atOnce, due: { what: 'alerts resumed', held } }];
  return pause.until === null ? [] : [{ at: pause.until.until, due: { what: 'alerts resumed', held } }];
}
