import type { ChainDefinition } from './definition.ts';
import type { ChainState } from './facts.ts';

/** Which task is next: its place, and its name, by which it is found when the configuration has changed. */
export type NextTask = Pick<ChainState, 'taskIndex' | 'nextTask'>;

/** The task at this place is next. */
export function nextTaskAt(taskIndex: number, { tasks }: ChainDefinition): NextTask {
  return { taskIndex, nextTask: tasks[taskIndex]?.name ?? null };
}

/**
 * The state of a chain that goes on by `definition`: with the same task, wherever that is now. What is known of tasks
 * that are gone is dropped, but for that of the run in progress, which has yet to end.
 */
export function stateBy(state: ChainState, definition: ChainDefinition): ChainState {
  const names = new Set(definition.tasks.map(({ name }) => name));
  if (state.run !== null) names.add(state.run.task);
  return {
    ...state,
    ...nextTaskAt(placeOf(state, definition), definition),
    streaks: only(names, state.streaks),
    usualMs: only(names, state.usualMs),
  };
}

/** Where it was, if its name still is there, else where its name first is, else 0. */
function placeOf({ taskIndex, nextTask }: NextTask, { tasks }: ChainDefinition): number {
  // A state that an older version has stored has no name.
  if (nextTask === null) return taskIndex < tasks.length ? taskIndex : 0;
  // Names are not unique: a chain must not go back to an earlier task of the same name.
  if (tasks[taskIndex]?.name === nextTask) return taskIndex;
  return Math.max(
    0,
    tasks.findIndex(({ name }) => name === nextTask),
  );
}

function only(
  names: ReadonlySet<string>,
  numbers: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const entries = Object.entries(numbers);
  const kept = entries.filter(([name]) => names.has(name));
  return kept.length === entries.length ? numbers : Object.fromEntries(kept);
}
