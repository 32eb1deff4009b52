import { quietAlarm } from './alarm/alarm.ts';
import { alarmHere } from './alarm/alarm-here.ts';
import { dueAnew } from './alarm/freshness.ts';
import { broughtHere, type Here } from './cooldown.ts';
import type { ChainDefinition } from './definition.ts';
import type { ChainState, Facts, Run } from './facts.ts';
import { stateBy } from './next-task.ts';
import { toPassNumber, type Fence } from './units.ts';

/** The state of a chain that has never run. */
export const newChainState: ChainState = {
  lastRun: 0,
  pass: toPassNumber(1),
  taskIndex: 0,
  nextTask: null,
  streaks: {},
  cooldown: null,
  pause: null,
  mute: null,
  stopped: null,
  isPoked: false,
  isSkippingNext: false,
  lastEnd: null,
  usualMs: {},
  alarm: quietAlarm,
  run: null,
};

/** What a runner brings along when it takes a chain. */
export interface Taking {
  readonly stored: ChainState;
  readonly definition: ChainDefinition;
  readonly here: Here;
  readonly fence: Fence;
  /** After how many passes to finish, or `null` for never. */
  readonly passGoal: number | null;
  readonly holds: Holds;
}

/**
 * What becomes of a pause and a stop that somebody asked for in an earlier term: they are kept, the stop ends
 * because somebody starts the chain, or both end because to run the chain is to resume it.
 */
export type Holds = 'kept' | 'stop ends' | 'both end';

/**
 * The facts with which a runner begins: the stored ones, brought into this boot and to this definition.
 * A run that was stored may be in progress in the worker of a runner that died; it is taken to be so until
 * the chain's lock proves the opposite. A chain that stays stopped only proves its last run over.
 */
export function initialFacts(taking: Taking): Facts {
  const { stored, definition, here } = taking;
  const isStopped = stored.stopped !== null && taking.holds === 'kept';
  return {
    state: {
      ...stateBy(stored, definition),
      cooldown: stored.cooldown === null ? null : broughtHere(stored.cooldown, here),
      pause: pauseHere(taking),
      mute: stored.mute === null ? null : { ...stored.mute, until: broughtHere(stored.mute.until, here) },
      stopped: isStopped ? stored.stopped : null,
      alarm: alarmOf(taking),
      run: stored.run === null ? null : adopted(stored.run, here),
    },
    wanted: isStopped ? { kind: 'stop', since: here.now.monotonic } : { kind: 'run' },
    worker: { kind: 'absent', notBefore: null, reason: null },
    store: { kind: 'works' },
    staleWorker: null,
    endAsked: null,
    passes: { goal: taking.passGoal, done: 0, isFailing: false, lastFailed: false },
    fence: taking.fence,
    printed: '',
  };
}

/** Who was stopped or paused and is started again has its whole time for the next success. */
function alarmOf({ stored, definition, here, holds }: Taking): ChainState['alarm'] {
  const alarm = alarmHere(stored.alarm, definition.alerts, here);
  const isHoldOver =
    (stored.stopped !== null && holds !== 'kept') || (stored.pause !== null && holds === 'both end');
  return isHoldOver ? dueAnew(alarm, here) : alarm;
}

function pauseHere({ stored: { pause }, here, holds }: Taking): ChainState['pause'] {
  if (pause === null || holds === 'both end') return null;
  return { ...pause, until: pause.until === null ? null : broughtHere(pause.until, here) };
}

function adopted(run: Run, here: Here): Run {
  const { stage } = run;
  if (stage.kind === 'left behind') return run;
  // A start is not stored, and may have come long after the intent: its timeout counts from here, lest it is cut short.
  const isSinceKnown = stage.kind === 'running' && run.boot === here.boot;
  return isSinceKnown ? run : { ...run, stage: { kind: 'running', since: here.now } };
}
