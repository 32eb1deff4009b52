import type { ChainEvent, Told } from './event.ts';
import type { ChainState, Facts } from './facts.ts';

/** Facts after an event, and what is to be told of it once the facts are stored. */
export interface Learned {
  readonly facts: Facts;
  readonly told: readonly Told[];
}

/** The member of the union of events that has this kind. */
export type EventOf<Kind extends ChainEvent['kind']> = Extract<ChainEvent, { kind: Kind }>;

/** New facts of which nobody needs to be told, or the same facts for an event that came too late. */
export function silently(facts: Facts): Learned {
  return { facts, told: [] };
}

/** The facts with some of the stored ones changed. */
export function withState(facts: Facts, changed: Partial<ChainState>): Facts {
  return { ...facts, state: { ...facts.state, ...changed } };
}
