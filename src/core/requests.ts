import { storedWait } from './cooldown.ts';
import type { ChainDefinition } from './definition.ts';
import { taskOf } from './ending.ts';
import type { Told } from './event.ts';
import type { Facts } from './facts.ts';
import { silently, withState, type EventOf, type Learned } from './learned.ts';
import { positionAfter } from './position.ts';
import { nextTold, passesAfter } from './settle.ts';

/** The first stop lets the run in progress end; asked again, it does not. */
export function stopAsked(facts: Facts, event: EventOf<'stop asked'>): Learned {
  const isSecond = facts.wanted.kind === 'stop' || facts.wanted.kind === 'stop now';
  return {
    facts: { ...facts, wanted: isSecond ? { kind: 'stop now' } : { kind: 'stop', since: event.at } },
    told: [{ kind: 'stop asked', isSecond, run: facts.state.run }],
  };
}

/** A stop is stronger, and goes on. */
export function drainAsked(facts: Facts): Learned {
  if (facts.wanted.kind !== 'run') return silently(facts);
  return {
    facts: { ...facts, wanted: { kind: 'drain' } },
    told: [{ kind: 'drain asked', run: facts.state.run }],
  };
}

/** The chain ends as by `stop asked`, and stays stopped in the terms to come. Asked again it is no less patient. */
export function chainStopped(facts: Facts, event: EventOf<'chain stopped'>): Learned {
  const isStopping = facts.wanted.kind === 'stop' || facts.wanted.kind === 'stop now';
  const gentle = isStopping ? facts.wanted : ({ kind: 'stop', since: event.at.monotonic } as const);
  const stopped = facts.state.stopped ?? { since: event.at, by: event.by };
  return {
    facts: { ...withState(facts, { stopped }), wanted: event.isNow ? { kind: 'stop now' } : gentle },
    told: [{ kind: 'chain stopped', by: event.by, run: facts.state.run }],
  };
}

/** A new pause takes the place of the one before. */
export function pauseAsked(facts: Facts, event: EventOf<'pause asked'>): Learned {
  const pause = {
    since: event.at,
    by: { kind: 'operator', name: event.by },
    until: event.until,
  } as const;
  return { facts: withState(facts, { pause }), told: [{ kind: 'paused', pause }] };
}

/** The pause is over; what is left of the cooldown is not. */
export function resumeAsked(facts: Facts, event: EventOf<'resume asked'>): Learned {
  if (facts.state.pause === null) return silently(facts);
  return { facts: withState(facts, { pause: null }), told: [{ kind: 'resumed', by: event.by }] };
}

/** However often it is asked, one cooldown is left out: the present one, or that after the run in progress. */
export function pokeAsked(facts: Facts, event: EventOf<'poke asked'>): Learned {
  if (facts.state.isPoked) return silently(facts);
  return { facts: withState(facts, { isPoked: true }), told: [{ kind: 'poked', by: event.by }] };
}

/** However often it is asked, one run is left out. */
export function skipAsked(facts: Facts, event: EventOf<'skip asked'>, definition: ChainDefinition): Learned {
  if (facts.state.isSkippingNext) return silently(facts);
  const task = nextTask(facts, definition);
  return {
    facts: withState(facts, { isSkippingNext: true }),
    told: [{ kind: 'skip asked', by: event.by, task }],
  };
}

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
    { kind: 'run skipped', task: task?.name ?? '', next: nextTold(position, cooldown, definition) },
  ];
  if (isPassOver) told.push({ kind: 'pass ended', pass: state.pass, failed: passes.lastFailed });
  return {
    facts: {
      ...withState(facts, { ...position, cooldown, pause: null, isPoked: false, isSkippingNext: false }),
      passes,
    },
    told,
  };
}

/** Somebody wants the run in progress to end, or what it left behind. */
export function endAsked(facts: Facts, event: EventOf<'end asked'>): Learned {
  const { run } = facts.state;
  if (run === null || run.stage.kind === 'intended') return silently(facts);
  const { by, step, at } = event;
  return {
    facts: { ...facts, endAsked: { run: run.number, step, at } },
    told: [{ kind: 'end asked', by, run, step }],
  };
}

/** The chain goes on by `definition`: with the same task, wherever that is now, in a new worker. */
export function definitionChanged(
  facts: Facts,
  event: EventOf<'definition changed'>,
  definition: ChainDefinition,
): Learned {
  const name = event.before.tasks[facts.state.taskIndex]?.name;
  const found = definition.tasks.findIndex((task) => task.name === name);
  const taskIndex = found === -1 ? 0 : found;
  return {
    facts: { ...withState(facts, { taskIndex }), staleWorker: 'the configuration has changed' },
    told: [{ kind: 'definition changed' }],
  };
}

/** The task that is next after the run in progress, if that succeeds. */
function nextTask(facts: Facts, definition: ChainDefinition): string {
  const { run, taskIndex } = facts.state;
  const next = definition.tasks[taskIndex]?.name ?? '';
  if (run === null || run.stage.kind === 'left behind') return next;
  const here = definition.tasks.indexOf(taskOf(run, definition));
  return definition.tasks[(here + 1) % definition.tasks.length]?.name ?? next;
}
