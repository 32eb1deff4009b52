import type { ChainDefinition, OnFailure } from './definition.ts';
import type { Verdict } from './outcome.ts';
import { nextAfter, type PassNumber } from './units.ts';

/** Where in its endless way a chain is. */
export interface Position {
  readonly pass: PassNumber;
  readonly taskIndex: number;
}

/** The position of the run that follows one at `position`; a new pass begins where the pass number grows. */
export function positionAfter(
  position: Position,
  result: { readonly verdict: Verdict; readonly onFailure: OnFailure },
  definition: ChainDefinition,
): Position {
  switch (result.verdict) {
    case 'success':
      return following(position, definition);
    case 'no verdict':
      return position;
    case 'failure':
      return afterFailure(position, result.onFailure, definition);
  }
}

function afterFailure(position: Position, onFailure: OnFailure, definition: ChainDefinition): Position {
  switch (onFailure) {
    case 'continue':
      return following(position, definition);
    case 'retry':
    case 'pause':
      return position;
    case 'restart':
      return { pass: nextAfter(position.pass), taskIndex: 0 };
  }
}

function following(position: Position, definition: ChainDefinition): Position {
  const taskIndex = position.taskIndex + 1;
  return taskIndex < definition.tasks.length
    ? { pass: position.pass, taskIndex }
    : { pass: nextAfter(position.pass), taskIndex: 0 };
}
