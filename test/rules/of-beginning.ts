import { decide } from '../../src/core/decide.ts';
import { toMonotonicMs } from '../../src/core/units.ts';
import type { Rule } from './rule.ts';
import { now } from './situations.ts';
import {
  isWanted,
  isPaused,
  mayBegin,
  storeWorks,
  hasBegun,
  isGoalReached,
  isNextDue,
  mayStartWorker,
} from './words.ts';

/** What keeps a run, a worker or a store from beginning, and what does not. */
export const rulesOfBeginning: readonly Rule[] = [
  {
    says: 'a run is started exactly when it is intended, wanted, stored, not held and a fresh worker is ready',
    holds: (at, answer) =>
      (answer.kind === 'start run') ===
      (at.stage === 'intended' &&
        mayBegin(at) &&
        at.facts.worker.kind === 'ready' &&
        at.facts.staleWorker === null),
  },
  {
    says: 'a run is intended exactly when there is none and nothing stands against it',
    holds: (at, answer) =>
      (answer.kind === 'intend run') === (isNextDue(at) && !at.facts.state.isSkippingNext),
  },
  {
    says: 'a run that is due is left out exactly when somebody asked so and nothing else stands against it',
    holds: (at, answer) => (answer.kind === 'skip run') === (isNextDue(at) && at.facts.state.isSkippingNext),
  },
  {
    says: 'exactly an intended run that is not wanted any more, or not now, is withdrawn',
    holds: (at, answer) =>
      (answer.kind === 'withdraw run') ===
      (at.stage === 'intended' && storeWorks(at) && (!isWanted(at) || isPaused(at))),
  },
  {
    says: 'a cooldown is never cut short by a pause',
    holds: ({ facts, definition, stage }) => {
      const { pause, cooldown, isPoked } = facts.state;
      if (stage !== 'none' || isPoked || cooldown === null || pause === null) return true;
      const resumed = { ...facts, state: { ...facts.state, pause: null } };
      const last = toMonotonicMs(cooldown.until - 1);
      return [decide(facts, definition, last), decide(resumed, definition, last)].every(
        ({ kind }) => kind !== 'intend run' && kind !== 'skip run',
      );
    },
  },
  {
    says: 'a cooldown ends early exactly by a poke',
    holds: (at, answer) => {
      const { cooldown, isPoked } = at.facts.state;
      if (at.stage !== 'none' || cooldown === null || cooldown.until <= now) return true;
      if (isPoked) return answer.kind !== 'wait' || answer.why !== 'cooling down';
      return answer.kind !== 'intend run' && answer.kind !== 'skip run';
    },
  },
  {
    says: 'a paused chain begins nothing until its pause is over',
    holds: (at, answer) =>
      !isPaused(at) ||
      hasBegun(at) ||
      !['intend run', 'start run', 'skip run', 'start worker'].includes(answer.kind),
  },
  {
    says: 'a worker is started only for a run, where there is none and its rest is over',
    holds: (at, answer) => answer.kind !== 'start worker' || (at.stage !== 'none' && mayStartWorker(at)),
  },
  {
    says: 'a worker is released only between runs, and only a stale one',
    holds: ({ facts, stage }, answer) =>
      answer.kind !== 'release worker' ||
      ((stage === 'none' || stage === 'intended') &&
        facts.staleWorker !== null &&
        facts.worker.kind !== 'absent'),
  },
  {
    says: 'a stale worker is released before anything else begins, and also while the chain rests',
    holds: (at, answer) =>
      at.facts.staleWorker === null ||
      at.facts.worker.kind === 'absent' ||
      !isWanted(at) ||
      !storeWorks(at) ||
      !(at.stage === 'none' ? !isGoalReached(at) : at.stage === 'intended' && !isPaused(at)) ||
      answer.kind === 'release worker',
  },
  {
    says: 'nothing begins while the state cannot be stored',
    holds: (at, answer) => storeWorks(at) || ['end run', 'store', 'wait', 'finish'].includes(answer.kind),
  },
  {
    says: 'the state is stored again only after a failure, and not before its time',
    holds: ({ facts: { store } }, answer) =>
      answer.kind !== 'store' || (store.kind === 'fails' && store.retryAt <= now),
  },
];
