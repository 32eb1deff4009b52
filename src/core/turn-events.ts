import { freshnessBy } from './alarm/freshness.ts';
import { storedWait } from './cooldown.ts';
import type { ChainDefinition } from './definition.ts';
import type { Told } from './event.ts';
import type { Facts } from './facts.ts';
import { withState, type EventOf, type Learned } from './learned.ts';
import { nextTaskAt, stateBy } from './next-task.ts';
import { positionAfter } from './position.ts';
import { pauseOverTold } from './run-events.ts';
import { nextTold, passesAfter } from './settle.ts';

/** It counts as if it had succeeded in no time: the next task comes, after this one's cooldown. */
export function runSkipped(
  facts: Facts,
  event: EventOf<'run skipped'>,
  definition: ChainDefinition,
): Learned {
  const { state } = facts;
  const task = definition.tasks[state.taskIndex];
  const here = { boot: event.boot, now: event.at };
  const cooldown = task === undefined ? null : storedWait(task.cooldown.successMs, here);
  const position = positionAfter(state, { verdict: 'success', onFailure: 'continue' }, definition);
  const isPassOver = position.pass !== state.pass;
  const passes = passesAfter(facts.passes, 'success', isPassOver);
  const told: Told[] = [
    ...pauseOverTold(state.pause),
    { kind: 'run skipped', task: task?.name ?? '', next: nextTold(position, cooldown, definition) },
  ];
  if (isPassOver) told.push({ kind: 'pass ended', pass: state.pass, failed: passes.lastFailed });
  const next = { pass: position.pass, ...nextTaskAt(position.taskIndex, definition) };
  return {
    facts: {
      ...withState(facts, { ...next, cooldown, pause: null, isPoked: false, isSkippingNext: false }),
      passes,
    },
    told,
  };
}

/** The chain goes on by `definition`, in a new worker. */
export function definitionChanged(
  facts: Facts,
  event: EventOf<'definition changed'>,
  definition: ChainDefinition,
): Learned {
  const { alarm: known } = facts.state;
  const here = { boot: event.boot, now: event.at };
  const alarm = { ...known, freshness: freshnessBy(definition.alerts, known.freshness, here) };
  return {
    facts: {
      ...withState(facts, { ...stateBy(facts.state, definition), alarm }),
      staleWorker: 'the configuration has changed',
    },
    told: [{ kind: 'definition changed' }],
  };
}
