import type { Rule } from './rule.ts';
import { otherRun, stateWith } from './situations.ts';
import {
  isStopNow,
  isStopAsked,
  isNamed,
  answerWith,
  hasBegun,
  isOvertime,
  isGentle,
  isGraceOver,
  strength,
  isSame,
} from './words.ts';

/** When a run is ended, and how. */
export const rulesOfEnding: readonly Rule[] = [
  {
    says: 'only a run that began is ended',
    holds: (at, answer) => answer.kind !== 'end run' || hasBegun(at),
  },
  {
    says: 'no step to end a run is gentler than the one before, and only SIGKILL is repeated',
    holds: (at, answer) =>
      answer.kind !== 'end run' ||
      answer.step === 'killed' ||
      strength(answer.step) > strength(at.ending?.step ?? null),
  },
  {
    says: 'SIGKILL comes only after SIGTERM and its grace, a second after the last one, or for who cannot wait',
    holds: (at, answer) =>
      answer.kind !== 'end run' ||
      answer.step !== 'killed' ||
      isStopNow(at) ||
      (isNamed(at) && at.facts.endAsked?.step === 'killed') ||
      isGraceOver(at),
  },
  {
    says: 'a run is only asked when the chain is stopped for the first time',
    holds: (at, answer) =>
      answer.kind !== 'end run' ||
      answer.step !== 'asked' ||
      (at.facts.wanted.kind === 'stop' && at.ending === null && at.stage === 'running'),
  },
  {
    says: 'a run beyond its timeout is ended, whatever else is the matter',
    holds: (at, answer) =>
      !(at.stage === 'running' && isGentle(at.ending) && isOvertime(at)) || answer.kind === 'end run',
  },
  {
    says: 'a run in progress is ended only for a stop, for a timeout or by the wish of an operator',
    holds: (at, answer) =>
      !(answer.kind === 'end run' && at.stage === 'running' && at.ending === null) ||
      isStopAsked(at) ||
      (answer.why === 'timeout' ? isOvertime(at) : answer.why === 'operator' && isNamed(at)),
  },
  {
    says: 'what a run left behind is ended only if the policy or an operator says so, or if its run was being ended',
    holds: (at, answer) =>
      !(answer.kind === 'end run' && at.stage === 'left behind') ||
      at.leftovers === 'kill' ||
      isNamed(at) ||
      !isGentle(at.ending),
  },
  {
    says: 'an operator’s wish ends the run that it named, whatever else is the matter',
    holds: (at, answer) => {
      const { endAsked } = at.facts;
      if (endAsked === null || !isNamed(at) || !hasBegun(at)) return true;
      if (strength(at.ending?.step ?? null) >= strength(endAsked.step)) return true;
      // A stop that came first may be told to the run before; the wish follows at once.
      const least = endAsked.step === 'killed' ? 'killed' : 'asked';
      return answer.kind === 'end run' && strength(answer.step) >= strength(least);
    },
  },
  {
    says: 'an operator’s wish ends no other run than the one that it named',
    holds: (at, answer) =>
      at.facts.endAsked?.run !== otherRun || isSame(answer, answerWith(at, { endAsked: null })),
  },
  {
    says: 'a drain never ends a run',
    holds: (at, answer) =>
      at.facts.wanted.kind !== 'drain' ||
      answer.kind !== 'end run' ||
      isSame(answer, answerWith(at, { wanted: { kind: 'run' } })),
  },
  {
    says: 'what is said of the next run never ends one, nor keeps it from its end',
    holds: (at, answer) =>
      !hasBegun(at) ||
      isSame(
        answer,
        answerWith(at, {
          staleWorker: null,
          state: stateWith({ run: at.facts.state.run }),
          passes: { goal: null, done: 0, isFailing: false, lastFailed: false },
        }),
      ),
  },
  {
    says: 'a stop asked twice kills a run in progress at once',
    holds: (at, answer) =>
      !(isStopNow(at) && at.stage === 'running' && at.ending?.step !== 'killed') ||
      (answer.kind === 'end run' && answer.step === 'killed'),
  },
];
