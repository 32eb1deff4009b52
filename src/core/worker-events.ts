import { broughtHere, momentHere, storedWait, type Here, type Moment } from './cooldown.ts';
import type { ChainDefinition } from './definition.ts';
import type { ChainEvent, RunEnded } from './event.ts';
import type { Facts, Run } from './facts.ts';
import { silently, withState, type EventOf, type Learned } from './learned.ts';
import type { Ending } from './outcome.ts';
import { runEnded, runEndedBefore, runOver, runWithdrawn } from './run-events.ts';
import { unknownUsage } from './usage.ts';

type WorkerEvent = Extract<ChainEvent, { readonly kind: `worker ${string}` }>;

/** The facts after an event of the worker. */
export function learnOfWorker(facts: Facts, event: WorkerEvent, definition: ChainDefinition): Learned {
  switch (event.kind) {
    case 'worker started':
      return silently({ ...facts, worker: { kind: 'starting', since: event.at }, staleWorker: null });
    case 'worker blocked':
      return workerBlocked(facts, event);
    case 'worker locked':
      return workerLocked(facts, event, definition);
    case 'worker ready':
      return workerReady(facts);
    case 'worker lost':
      return workerLost(facts, event, definition);
    case 'worker released':
      return workerReleased(facts, event);
  }
}

/** Processes of an earlier run hold the chain's lock. */
function workerBlocked(facts: Facts, event: EventOf<'worker blocked'>): Learned {
  return {
    facts: { ...facts, worker: { kind: 'blocked', since: event.at, holders: event.holders } },
    told: [{ kind: 'worker blocked', run: facts.state.run, holders: event.holders }],
  };
}

/** The worker got the lock: whatever ran before is gone, and the journal says how it ended. */
function workerLocked(facts: Facts, event: EventOf<'worker locked'>, definition: ChainDefinition): Learned {
  const locked: Facts = {
    ...facts,
    worker: { kind: 'loading', since: event.at.monotonic, identity: event.identity },
  };
  const { run } = facts.state;
  if (run === null) return silently(locked);
  switch (run.stage.kind) {
    case 'intended':
      return silently(locked);
    case 'running':
      return withCooldownHere(found(locked, run, { event, definition }), facts, event);
    case 'left behind':
      return runOver(locked, { kind: 'run over', run: run.number, at: event.at, boot: event.boot });
  }
}

/** The worker can run tasks. The run that waits for it is now in its care, and that is stored before the start. */
function workerReady(facts: Facts): Learned {
  const { worker } = facts;
  if (worker.kind !== 'loading') return silently(facts);
  const ready: Facts = { ...facts, worker: { ...worker, kind: 'ready', runs: 0 } };
  const { run } = facts.state;
  return {
    facts: run === null ? ready : withState(ready, { run: { ...run, worker: worker.identity } }),
    told: [{ kind: 'worker ready' }],
  };
}

/** The worker is gone. A run in its care may live on; an intended one could not be started. */
function workerLost(facts: Facts, event: EventOf<'worker lost'>, definition: ChainDefinition): Learned {
  const { run } = facts.state;
  const lost: Facts = {
    ...facts,
    worker: { kind: 'absent', notBefore: event.retryAt, reason: event.reason },
    staleWorker: null,
  };
  if (run?.stage.kind === 'intended') {
    return runEnded(lost, endedBy(run, event, { kind: 'not started', reason: event.reason }), definition);
  }
  const wasInItsCare = run?.stage.kind === 'running' && facts.worker.kind === 'ready';
  return {
    facts: wasInItsCare ? withState(lost, { run: { ...run, workerLost: event.reason } }) : lost,
    told: [{ kind: 'worker lost', reason: event.reason }],
  };
}

/** The worker was let go; another one may be started at once. */
function workerReleased(facts: Facts, event: EventOf<'worker released'>): Learned {
  return silently({
    ...facts,
    worker: { kind: 'absent', notBefore: null, reason: event.reason },
    staleWorker: null,
  });
}

/** What the journal says of a run whose end was not seen, now that it is proven over. */
function found(
  facts: Facts,
  run: Run,
  by: { readonly event: EventOf<'worker locked'>; readonly definition: ChainDefinition },
): Learned {
  const { event, definition } = by;
  const entry = event.found;
  switch (entry.kind) {
    case 'nothing':
      return foundNothing(facts, run, by);
    case 'began':
      return runEnded(facts, endedBy(run, event, interrupted(run, event)), definition);
    case 'ended': {
      const { ending, at, boot, durationMs, usage } = entry;
      const ended = { ...endedBy(run, event, ending), at, boot, durationMs, usage };
      const now: Here = { boot: event.boot, now: event.at };
      // What is due by the clock from now on, and whether people are told, is a matter of this boot.
      const here: Here = { boot: event.boot, now: momentHere(at, boot, now) };
      return runEndedBefore(facts, ended, { definition, here });
    }
  }
}

/** The journal does not know the run. It is not forced to the disk, so after a power cut that proves nothing. */
function foundNothing(
  facts: Facts,
  run: Run,
  by: { readonly event: EventOf<'worker locked'>; readonly definition: ChainDefinition },
): Learned {
  const { event, definition } = by;
  if (run.boot !== event.boot)
    return runEnded(facts, endedBy(run, event, interrupted(run, event)), definition);
  if (run.workerLost !== null) {
    return runEnded(facts, endedBy(run, event, { kind: 'not started', reason: run.workerLost }), definition);
  }
  const reason = 'the runner died before it could start it';
  return runWithdrawn(facts, { kind: 'run withdrawn', at: event.at, reason }, definition);
}

/**
 * The cooldown of a run whose end was not seen. If somebody still had the lock, the last process of the run ended
 * only now; and one that ended before a reboot has its cooldown counted by a clock that began anew since.
 */
function withCooldownHere(learned: Learned, before: Facts, event: EventOf<'worker locked'>): Learned {
  const { cooldown } = learned.facts.state;
  if (cooldown === null) return learned;
  const here: Here = { boot: event.boot, now: event.at };
  const isJustOver = before.worker.kind === 'blocked';
  return {
    ...learned,
    facts: withState(learned.facts, {
      cooldown: isJustOver ? storedWait(cooldown.lengthMs, here) : broughtHere(cooldown, here),
    }),
  };
}

function interrupted(run: Run, event: EventOf<'worker locked'>): Ending {
  const died = run.boot === event.boot ? 'its worker died together with the runner' : 'the host went down';
  return { kind: 'interrupted', reason: run.workerLost ?? died };
}

function endedBy(
  run: Run,
  event: { readonly at: Moment; readonly boot: string; readonly chance: number },
  ending: Ending,
): RunEnded {
  return {
    kind: 'run ended',
    run: run.number,
    ending,
    at: event.at,
    boot: event.boot,
    durationMs: null,
    usage: unknownUsage,
    chance: event.chance,
    isOver: true,
    leftovers: [],
  };
}
