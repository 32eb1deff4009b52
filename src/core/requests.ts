import { dueAnew } from './alarm/freshness.ts';
import type { ChainDefinition } from './definition.ts';
import type { ChainRequest } from './event.ts';
import type { Facts, Wanted } from './facts.ts';
import { silently, withState, type Learned } from './learned.ts';
import { positionAfter } from './position.ts';
import type { MonotonicMs } from './units.ts';

type RequestOf<Kind extends ChainRequest['kind']> = Extract<ChainRequest, { kind: Kind }>;

/** The facts after somebody asked something. None of it acts; `decide` makes of it what can be done now. */
export function learnRequest(facts: Facts, request: ChainRequest, definition: ChainDefinition): Learned {
  switch (request.kind) {
    case 'stop asked':
      return stopAsked(facts, request);
    case 'drain asked':
      return drainAsked(facts);
    case 'chain stopped':
      return chainStopped(facts, request);
    case 'pause asked':
      return pauseAsked(facts, request);
    case 'resume asked':
      return resumeAsked(facts, request);
    case 'mute asked':
      return muteAsked(facts, request);
    case 'unmute asked':
      return unmuteAsked(facts, request);
    case 'poke asked':
      return pokeAsked(facts, request);
    case 'skip asked':
      return skipAsked(facts, request, definition);
    case 'end asked':
      return endAsked(facts, request);
    case 'worker outdated':
      return workerOutdated(facts, request);
  }
}

/** Lets the run in progress end for a while, or kills it. Asked again it is no less patient, and no more. */
function stopAsked(facts: Facts, { at, isNow }: RequestOf<'stop asked'>): Learned {
  return {
    facts: { ...facts, wanted: stoppedBy(facts, { at, isNow, waitsForStore: false }) },
    told: [{ kind: 'stop asked', isNow, run: facts.state.run }],
  };
}

interface Stop {
  readonly at: MonotonicMs;
  readonly isNow: boolean;
  readonly waitsForStore: boolean;
}

function stoppedBy({ wanted }: Facts, stop: Stop): Wanted {
  // Who ends the runner does not wait for a full disk, whatever was asked before or is asked afterwards.
  const isForgettable = wanted.kind === 'stop now' && !wanted.waitsForStore;
  if (stop.isNow) return { kind: 'stop now', waitsForStore: stop.waitsForStore && !isForgettable };
  return wanted.kind === 'stop' || wanted.kind === 'stop now' ? wanted : { kind: 'stop', since: stop.at };
}

/** A stop is stronger, and goes on. */
function drainAsked(facts: Facts): Learned {
  if (facts.wanted.kind !== 'run') return silently(facts);
  return {
    facts: { ...facts, wanted: { kind: 'drain' } },
    told: [{ kind: 'drain asked', run: facts.state.run }],
  };
}

/** The chain ends as by `stop asked`, and stays stopped in the terms to come. Asked again it is no less patient. */
function chainStopped(facts: Facts, request: RequestOf<'chain stopped'>): Learned {
  const { at, by, isNow } = request;
  const stopped = facts.state.stopped ?? { since: at, by };
  return {
    facts: {
      ...withState(facts, { stopped }),
      wanted: stoppedBy(facts, { at: at.monotonic, isNow, waitsForStore: true }),
    },
    told: [{ kind: 'chain stopped', by, run: facts.state.run }],
  };
}

/** A new pause takes the place of the one before. */
function pauseAsked(facts: Facts, request: RequestOf<'pause asked'>): Learned {
  const pause = {
    since: request.at,
    by: { kind: 'operator', name: request.by },
    until: request.until,
  } as const;
  return { facts: withState(facts, { pause }), told: [{ kind: 'paused', pause }] };
}

/** The pause is over; what is left of the cooldown is not. The next success is due in its whole time. */
function resumeAsked(facts: Facts, request: RequestOf<'resume asked'>): Learned {
  if (facts.state.pause === null) return silently(facts);
  const here = { boot: request.boot, now: request.at };
  return {
    facts: withState(facts, { pause: null, alarm: dueAnew(facts.state.alarm, here) }),
    told: [{ kind: 'resumed', by: request.by }],
  };
}

/** A new mute takes the place of the one before. */
function muteAsked(facts: Facts, { at, by, until }: RequestOf<'mute asked'>): Learned {
  const mute = { since: at, by, until };
  return { facts: withState(facts, { mute }), told: [{ kind: 'muted', mute }] };
}

/** What was kept back is told from now on. */
function unmuteAsked(facts: Facts, request: RequestOf<'unmute asked'>): Learned {
  if (facts.state.mute === null) return silently(facts);
  return { facts: withState(facts, { mute: null }), told: [{ kind: 'unmuted', by: request.by }] };
}

/**
 * However often it is asked, one cooldown is left out: the present one, or that after the run in progress. A run
 * that is about to start is what was asked for.
 */
function pokeAsked(facts: Facts, request: RequestOf<'poke asked'>): Learned {
  if (facts.state.isPoked || facts.state.run?.stage.kind === 'intended') return silently(facts);
  return { facts: withState(facts, { isPoked: true }), told: [{ kind: 'poked', by: request.by }] };
}

/** However often it is asked, one run is left out. */
function skipAsked(facts: Facts, request: RequestOf<'skip asked'>, definition: ChainDefinition): Learned {
  if (facts.state.isSkippingNext) return silently(facts);
  const task = nextTask(facts, definition);
  return {
    facts: withState(facts, { isSkippingNext: true }),
    told: [{ kind: 'skip asked', by: request.by, task }],
  };
}

/** Somebody wants the run in progress to end, or what it left behind. */
function endAsked(facts: Facts, request: RequestOf<'end asked'>): Learned {
  const { run } = facts.state;
  if (run === null || run.stage.kind === 'intended') return silently(facts);
  const { by, step, at } = request;
  const known = facts.endAsked;
  // Who asked for SIGKILL is not put off by one who asks for less.
  if (known?.run === run.number && (known.step === 'killed' || known.step === step)) return silently(facts);
  return {
    facts: { ...facts, endAsked: { run: run.number, step, at } },
    told: [{ kind: 'end asked', by, run, step }],
  };
}

/** The task that is next; during a run the one after it, if that succeeds. */
function nextTask({ state }: Facts, definition: ChainDefinition): string {
  const isDecided = state.run === null || state.run.stage.kind === 'left behind';
  const success = { verdict: 'success', onFailure: 'continue' } as const;
  const { taskIndex } = isDecided ? state : positionAfter(state, success, definition);
  return definition.tasks[taskIndex]?.name ?? '';
}

/** A worker that is there is replaced as soon as it has no run; where there is none, the next one is new anyway. */
function workerOutdated(facts: Facts, request: RequestOf<'worker outdated'>): Learned {
  if (facts.worker.kind === 'absent') return silently(facts);
  return {
    facts: { ...facts, staleWorker: request.reason },
    told: [{ kind: 'worker outdated', reason: request.reason }],
  };
}
