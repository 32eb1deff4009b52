import { dueAnew } from './alarm/freshness.ts';
import { storedWait, type Here } from './cooldown.ts';
import type { ChainDefinition } from './definition.ts';
import { taskOf } from './ending.ts';
import type { RunEnded, Told } from './event.ts';
import type { Facts, Pause, Run } from './facts.ts';
import { silently, withState, type EventOf, type Learned } from './learned.ts';
import type { Outcome } from './outcome.ts';
import { staleAfter } from './recycle.ts';
import { settle } from './settle.ts';
import { isBefore, toRunNumber, zeroMs, type DurationMs, type Fence } from './units.ts';
import { unknownUsage } from './usage.ts';

/** The next task is to run: the run gets its number, and the cooldown before it is over. */
export function runIntended(
  facts: Facts,
  event: EventOf<'run intended'>,
  definition: ChainDefinition,
): Learned {
  const { state, worker } = facts;
  if (state.run !== null) throw new Error(`Run ${state.run.number} is not over, so no other may be intended`);
  const number = toRunNumber(state.lastRun + 1);
  const run: Run = {
    number,
    pass: state.pass,
    taskIndex: state.taskIndex,
    task: definition.tasks[state.taskIndex]?.name ?? '',
    fence: facts.fence,
    boot: event.boot,
    stage: { kind: 'intended', at: event.at },
    ending: null,
    worker: worker.kind === 'ready' ? worker.identity : null,
    workerLost: null,
    log: event.log,
  };
  return {
    facts: withState(facts, {
      run,
      lastRun: number,
      cooldown: null,
      pause: null,
      isPoked: false,
      alarm: state.pause === null ? state.alarm : dueAnew(state.alarm, { boot: event.boot, now: event.at }),
    }),
    told: [...pauseOverTold(state.pause), { kind: 'run intended', run, at: event.at.wall }],
  };
}

/** Nothing begins during a pause, so one that is still there when something does has ended by itself. */
export function pauseOverTold(pause: Pause | null): readonly Told[] {
  return pause === null ? [] : [{ kind: 'resumed', by: null }];
}

/** The run is in the care of a worker. */
export function runStarted(facts: Facts, event: EventOf<'run started'>): Learned {
  const { run } = facts.state;
  if (run === null) return silently(facts);
  const started: Run = { ...run, stage: { kind: 'running', since: event.at }, worker: event.worker };
  const { worker } = facts;
  const busy: Facts =
    worker.kind === 'ready' ? { ...facts, worker: { ...worker, runs: worker.runs + 1 } } : facts;
  return {
    facts: withState(busy, { run: started }),
    told: [{ kind: 'run started', run: started, at: event.at.wall }],
  };
}

/** The intended run will not be started. */
export function runWithdrawn(
  facts: Facts,
  event: EventOf<'run withdrawn'>,
  definition: ChainDefinition,
): Learned {
  const { run } = facts.state;
  if (run === null) return silently(facts);
  return settle(facts, run, {
    definition,
    outcome: { kind: 'withdrawn', reason: event.reason },
    here: { boot: run.boot, now: event.at },
    chance: 0,
    durationMs: null,
    usage: unknownUsage,
    isOver: true,
    leftovers: [],
  });
}

/** The runner has asked, cancelled or killed the run. */
export function endingStepTaken(facts: Facts, event: EventOf<'ending step taken'>): Learned {
  const { run } = facts.state;
  if (run === null) return silently(facts);
  const times = run.ending?.step === event.step ? run.ending.times + 1 : 1;
  const { why, step, at } = event;
  const ending: Run = { ...run, ending: { why, step, at, since: run.ending?.since ?? at, times } };
  return {
    facts: withState(facts, { run: ending }),
    told: [{ kind: 'ending step taken', run: ending, why, step }],
  };
}

/** The run has its outcome. */
export function runEnded(facts: Facts, event: EventOf<'run ended'>, definition: ChainDefinition): Learned {
  return runEndedBefore(facts, event, { definition, here: { boot: event.boot, now: event.at } });
}

/** The same, for a run that may have ended in another boot; `here` is when that was by the clocks of this one. */
export function runEndedBefore(
  facts: Facts,
  event: EventOf<'run ended'>,
  by: { readonly definition: ChainDefinition; readonly here: Here },
): Learned {
  const { definition, here } = by;
  const { run } = facts.state;
  if (run === null || run.number !== event.run || run.stage.kind === 'left behind') return silently(facts);
  const ended = settle(facts, run, {
    definition,
    outcome: outcomeOf(run, event, { definition, fence: facts.fence }),
    here,
    chance: event.chance,
    durationMs: event.durationMs,
    usage: event.usage,
    isOver: event.isOver,
    leftovers: event.leftovers,
  });
  const settled: Learned = { ...ended, facts: { ...ended.facts, printed: '' } };
  const stale = staleAfter(facts, { run, usage: event.usage, at: here.now.monotonic }, definition);
  if (stale === null || facts.staleWorker !== null) return settled;
  // That a run had its worker for itself is no news.
  const news: readonly Told[] =
    definition.isolation === 'run' ? [] : [{ kind: 'worker outdated', reason: stale }];
  return { facts: { ...settled.facts, staleWorker: stale }, told: [...settled.told, ...news] };
}

/** What the run left behind is gone: its cooldown begins only now. */
export function runOver(facts: Facts, event: EventOf<'run over'>): Learned {
  const { run, cooldown } = facts.state;
  if (run === null || run.number !== event.run || run.stage.kind !== 'left behind') return silently(facts);
  const here = { boot: event.boot, now: event.at };
  return {
    facts: withState(facts, { run: null, cooldown: storedWait(cooldown?.lengthMs ?? zeroMs, here) }),
    told: [{ kind: 'leftovers gone', run }],
  };
}

/**
 * What the end of a run means: what the runner did to it counts for more than how it took it. It counts for nothing
 * if the run had ended by then, which a runner that took it over learns only later.
 */
function outcomeOf(
  run: Run,
  ended: RunEnded,
  by: { readonly definition: ChainDefinition; readonly fence: Fence },
): Outcome {
  const { ending, at } = ended;
  const { definition } = by;
  const { timeoutMs } = taskOf(run, definition);
  if (run.ending === null || run.ending.why === 'leftovers') {
    return run.fence !== by.fence && isEndOfTimeout(ended, timeoutMs)
      ? { kind: 'timed out', timeoutMs }
      : ending;
  }
  // To be asked means something to a function only, which sees its signal aborted.
  const { work } = taskOf(run, definition);
  if (run.ending.step === 'asked' && work.kind === 'command') return ending;
  if (isBefore(at.monotonic, run.ending.since)) return ending;
  if (run.ending.why === 'timeout') {
    return { kind: 'timed out', timeoutMs: timeoutMs ?? zeroMs };
  }
  return ending.kind === 'succeeded' ? ending : { kind: 'stopped' };
}

/** Whether a run seems to have been ended for its timeout, by a runner that died before it could store that. */
function isEndOfTimeout(
  { ending, durationMs }: RunEnded,
  timeoutMs: DurationMs | null,
): timeoutMs is DurationMs {
  const isEnded = ending.kind === 'killed' && (ending.signal === 'SIGTERM' || ending.signal === 'SIGKILL');
  return isEnded && timeoutMs !== null && durationMs !== null && durationMs >= timeoutMs;
}
