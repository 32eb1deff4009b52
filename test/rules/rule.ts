import type { Decision } from '../../src/core/decide.ts';
import type { Situation } from './situations.ts';

/** What holds in every situation. It is written from what the program promises, not from its code. */
export interface Rule {
  readonly says: string;
  readonly holds: (at: Situation, answer: Decision) => boolean;
}
