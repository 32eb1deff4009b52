import type { ChainDefinition } from '../definition.ts';
import type { Facts } from '../facts.ts';
import { numberOf } from '../number-of.ts';
import { add, earlierOf, toDurationMs, type MonotonicMs } from '../units.ts';
import type { Alarm, Condition, Incident, LastingCondition } from './alarm.ts';

/** A run is not late before this time, however short its runs usually are. */
const leastLateMs = 5 * 60_000;

/** Something that is due by the clock, without any event. */
export type Due =
  | { readonly what: 'incident lasts'; readonly incident: Incident }
  /** The task of an incident is not in the chain any more. */
  | { readonly what: 'incident closed'; readonly incident: Incident }
  | { readonly what: 'flapping lasts' | 'flapping over'; readonly task: string }
  | { readonly what: 'not fresh' | 'blocked' | 'late run' }
  | { readonly what: 'condition lasts' | 'unblocked'; readonly condition: LastingCondition }
  | { readonly what: 'mute over' }
  | { readonly what: 'alerts resumed' };

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
    ...ofConditions(facts, definition),
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

function ofFlapping({ flapping }: Alarm): readonly TimedDue[] {
  return flapping.flatMap(({ task, episode }): TimedDue[] =>
    episode === null
      ? []
      : [
          { at: episode.quiet.until, due: { what: 'flapping over', task } },
          { at: episode.remind.until, due: { what: 'flapping lasts', task } },
        ],
  );
}

function ofConditions(facts: Facts, definition: ChainDefinition): readonly TimedDue[] {
  return (['not fresh', 'blocked', 'late run'] as const).flatMap((kind): TimedDue[] => {
    const known = facts.state.alarm.conditions.find((condition) => condition.kind === kind);
    if (known !== undefined) return ofKnown(known, facts);
    const at = beginOf(kind, facts, definition);
    return at === null ? [] : [{ at, due: { what: kind } }];
  });
}

function ofKnown(condition: Condition, facts: Facts): TimedDue[] {
  if (condition.kind === 'late run') return [];
  if (condition.kind === 'blocked' && isFree(facts)) {
    return [{ at: atOnce, due: { what: 'unblocked', condition } }];
  }
  return [{ at: condition.remind.until, due: { what: 'condition lasts', condition } }];
}

/** When something becomes worth telling if nothing changes; `null` for never. */
function beginOf(kind: Condition['kind'], facts: Facts, definition: ChainDefinition): MonotonicMs | null {
  switch (kind) {
    case 'not fresh':
      // Nobody waits for the success of a chain that somebody has paused.
      return facts.state.pause === null ? (facts.state.alarm.freshness?.due.until ?? null) : null;
    case 'blocked': {
      const { blockedMs } = definition.alerts;
      const since = blockedSince(facts);
      return since === null || blockedMs === null ? null : add(since, blockedMs);
    }
    case 'late run':
      return lateAt(facts, definition);
  }
}

/** Since when the chain waits for processes of an earlier run; `null` when it does not. */
export function blockedSince({ state, worker }: Facts): MonotonicMs | null {
  if (worker.kind === 'blocked') return worker.since;
  return state.run?.stage.kind === 'left behind' ? state.run.stage.since.monotonic : null;
}

/** Whether it is certain that the chain waits for no process; at the start of a term that is not known yet. */
function isFree(facts: Facts): boolean {
  if (blockedSince(facts) !== null) return false;
  return facts.state.run === null || facts.worker.kind === 'ready';
}

function lateAt({ state: { run, usualMs } }: Facts, definition: ChainDefinition): MonotonicMs | null {
  const { lateFactor } = definition.alerts;
  if (lateFactor === null || run?.stage.kind !== 'running') return null;
  const usual = numberOf(usualMs, run.task);
  if (usual === undefined) return null;
  const lateMs = Math.max(Math.ceil(usual * lateFactor), leastLateMs);
  return add(run.stage.since.monotonic, toDurationMs(lateMs));
}

function ofHold({ state: { mute, pause, alarm } }: Facts): readonly TimedDue[] {
  if (mute !== null) return [{ at: mute.until.until, due: { what: 'mute over' } }];
  if (alarm.held === null) return [];
  if (pause?.by.kind !== 'operator') return [{ at: atOnce, due: { what: 'alerts resumed' } }];
  return pause.until === null ? [] : [{ at: pause.until.until, due: { what: 'alerts resumed' } }];
}
