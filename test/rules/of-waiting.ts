import { decide } from '../../src/core/decide.ts';
import { toMonotonicMs } from '../../src/core/units.ts';
import type { Rule } from './rule.ts';
import { now } from './situations.ts';
import {
  isWanted,
  isStopNow,
  mayForget,
  storeWorks,
  hasBegun,
  isGoalReached,
  canBringEvent,
  isTrueReason,
  isSame,
} from './words.ts';

/** When a chain waits, how long and why, and when it finishes. */
export const rulesOfWaiting: readonly Rule[] = [
  {
    says: 'a wait ends in the future, or with an event that something will bring',
    holds: (at, answer) =>
      answer.kind !== 'wait' || (answer.until === null ? canBringEvent(at, answer.why) : answer.until > now),
  },
  {
    says: 'while a wait lasts it is not answered otherwise',
    holds: ({ facts, definition }, answer) =>
      answer.kind !== 'wait' ||
      answer.until === null ||
      isSame(decide(facts, definition, toMonotonicMs(answer.until - 1)), answer),
  },
  {
    says: 'when a wait is over it is not answered again',
    holds: ({ facts, definition }, answer) => {
      if (answer.kind !== 'wait' || answer.until === null) return true;
      const next = decide(facts, definition, answer.until);
      return next.kind !== 'wait' || next.until === null || next.until > answer.until;
    },
  },
  {
    says: 'the reason of a wait is true',
    holds: (at, answer) => answer.kind !== 'wait' || isTrueReason(at, answer.why),
  },
  {
    says: 'a paused chain that waits wakes exactly at the end of its pause',
    holds: (at, answer) =>
      answer.kind !== 'wait' ||
      answer.why !== 'paused' ||
      answer.until === (at.facts.state.pause?.until?.until ?? null),
  },
  {
    says: 'the chain finishes only on a stop, on a drain or at its goal',
    holds: (at, answer) =>
      answer.kind !== 'finish' || !isWanted(at) || (isGoalReached(at) && at.stage === 'none'),
  },
  {
    says: 'the chain does not finish while a run is in progress that can still be ended',
    holds: (at, answer) => answer.kind !== 'finish' || at.stage !== 'running' || (at.ending?.times ?? 0) >= 5,
  },
  {
    says: 'a stop or a drain without a run in progress finishes as soon as all is stored',
    holds: (at, answer) =>
      !(at.stage === 'none' && !isWanted(at) && storeWorks(at)) || answer.kind === 'finish',
  },
  {
    says: 'a stop asked twice finishes also while nothing can be stored',
    holds: (at, answer) =>
      !(isStopNow(at) && mayForget(at) && !storeWorks(at) && !hasBegun(at)) || answer.kind === 'finish',
  },
  {
    says: 'a chain that somebody stops at once is not finished before that is stored',
    holds: (at, answer) =>
      !(isStopNow(at) && !mayForget(at) && !storeWorks(at) && !hasBegun(at)) || answer.kind !== 'finish',
  },
  {
    says: 'asked again without a new fact it answers the same',
    holds: ({ facts, definition }, answer) => isSame(decide(facts, definition, now), answer),
  },
];
