import type { Here } from '../../src/core/cooldown.ts';
import type { ChainDefinition, FailureCooldown } from '../../src/core/definition.ts';
import type { Run } from '../../src/core/facts.ts';
import type { Ending } from '../../src/core/outcome.ts';
import type { Sight } from './wishes.ts';

/** A run as the witness has seen it. */
export interface Seen {
  readonly run: Run;
  /** The definition by which its worker was started. */
  readonly definition: ChainDefinition;
  /** All by which a runner may take it to be run, before it has ended. */
  definitionsFrom: number;
  readonly began: Here;
  hasMain: boolean;
  hasTree: boolean;
  /** How its worker wrote it down; `null` if nobody did. */
  written: Ending | null;
  mainEnd: Sight | null;
  treeEnd: Sight | null;
  /** It was there when the host went down. */
  hasVanished: boolean;
  /** The runner learned of its end from the journal, with the lock free at once. */
  wasFoundOver: boolean;
}

/** The shortest wait after the last of so many failures in a row. */
export function shortestFailureCooldown(failure: FailureCooldown, streak: number): number {
  if (failure.kind === 'fixed') return failure.lengthMs;
  const { firstMs, factor, capMs, jitter } = failure;
  return Math.floor(Math.min(firstMs * factor ** (streak - 1), capMs) * (1 - jitter));
}

/** Whether one is known to have come before the other. */
export function isBefore(one: Here | null, other: Here): boolean {
  return one !== null && one.boot === other.boot && one.now.monotonic < other.now.monotonic;
}
