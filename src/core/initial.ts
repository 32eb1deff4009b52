import { broughtHere, type Here } from './cooldown.ts';
import type { ChainDefinition } from './definition.ts';
import type { ChainState, Facts, Run } from './facts.ts';
import { toPassNumber, type Fence } from './units.ts';

/** The state of a chain that has never run. */
export const newChainState: ChainState = {
  lastRun: 0,
  pass: toPassNumber(1),
  taskIndex: 0,
  streaks: {},
  cooldown: null,
  pausedSince: null,
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
}

/**
 * The facts with which a runner begins: the stored ones, brought into this boot and to this definition.
 * A run that was stored may be in progress in the worker of a runner that died; it is taken to be so until
 * the chain's lock proves the opposite. To start a chain is to resume it, so a pause ends here.
 */
export function initialFacts(taking: Taking): Facts {
  const { stored, definition, here } = taking;
  return {
    state: {
      ...stored,
      taskIndex: stored.taskIndex < definition.tasks.length ? stored.taskIndex : 0,
      cooldown: stored.cooldown === null ? null : broughtHere(stored.cooldown, here),
      pausedSince: null,
      run: stored.run === null ? null : adopted(stored.run, here),
    },
    wanted: { kind: 'run' },
    worker: { kind: 'absent', notBefore: null, reason: null },
    store: { kind: 'works' },
    passes: { goal: taking.passGoal, done: 0, isFailing: false, lastFailed: false },
    fence: taking.fence,
  };
}

function adopted(run: Run, here: Here): Run {
  const { stage } = run;
  if (stage.kind === 'left behind') return run;
  // A start is not stored, and may have come long after the intent: its timeout counts from here, lest it is cut short.
  const isSinceKnown = stage.kind === 'running' && run.boot === here.boot;
  return isSinceKnown ? run : { ...run, stage: { kind: 'running', since: here.now } };
}
