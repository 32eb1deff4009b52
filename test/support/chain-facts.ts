import type { Here, Moment, StoredWait } from '../../src/core/cooldown.ts';
import type { Facts, Pause, ProcessIdentity, Run, WorkerFact } from '../../src/core/facts.ts';
import { newChainState } from '../../src/core/initial.ts';
import {
  toDurationMs,
  toEpochMs,
  toFence,
  toMonotonicMs,
  toPassNumber,
  toRunNumber,
} from '../../src/core/units.ts';

/** The boot in which tests of the core take place, unless they say otherwise. */
export const boot = 'boot-1';

/** The wall clock of these tests is so far ahead of their monotonic clock. */
const wallAheadMs = 1_000_000_000;

/** A moment of both clocks; `wallMs` where the wall clock was set. */
export function momentAt(monotonicMs: number, wallMs: number = monotonicMs + wallAheadMs): Moment {
  return { monotonic: toMonotonicMs(monotonicMs), wall: toEpochMs(wallMs) };
}

/** The same, with its boot. */
export function hereAt(monotonicMs: number, changed: { boot?: string; wallMs?: number } = {}): Here {
  return { boot: changed.boot ?? boot, now: momentAt(monotonicMs, changed.wallMs) };
}

/** A cooldown that ends at `untilMs`. */
export function waitUntil(untilMs: number, lengthMs = 1_000): StoredWait {
  const { monotonic, wall } = momentAt(untilMs);
  return { boot, until: monotonic, untilWall: wall, lengthMs: toDurationMs(lengthMs) };
}

/** The facts of a chain at the start of its first term, with some of them changed. */
export function factsOf(
  changed: Partial<Omit<Facts, 'state'>> & { readonly state?: Partial<Facts['state']> } = {},
): Facts {
  return {
    wanted: { kind: 'run' },
    worker: { kind: 'absent', notBefore: null, reason: null },
    store: { kind: 'works' },
    staleWorker: null,
    endAsked: null,
    passes: { goal: null, done: 0, isFailing: false, lastFailed: false },
    fence: toFence(1),
    printed: '',
    ...changed,
    state: { ...newChainState, ...changed.state },
  };
}

/** A pause by "ada" since `sinceMs`, without an end or with one. */
export function pauseOf(sinceMs: number, until: StoredWait | null = null): Pause {
  return { since: momentAt(sinceMs), by: { kind: 'operator', name: 'ada' }, until };
}

/** Run 1 of `task1`, which began at 0. */
export function runOf(changed: Partial<Run> = {}): Run {
  return {
    number: toRunNumber(1),
    pass: toPassNumber(1),
    taskIndex: 0,
    task: 'task1',
    fence: toFence(1),
    boot,
    stage: { kind: 'running', since: momentAt(0) },
    ending: null,
    worker: null,
    workerLost: null,
    log: { generation: 1, offset: 0 },
    ...changed,
  };
}

/** What is known of a worker that got the lock at `sinceMs` and was given `runs` runs. */
export function readyWorker(sinceMs = 0, runs = 0): WorkerFact {
  return { kind: 'ready', identity: workerIdentity(), since: toMonotonicMs(sinceMs), runs };
}

/** A process that stands for the `count`-th worker. */
export function workerIdentity(count = 1): ProcessIdentity {
  return { boot, namespace: '1', pid: 1_000 + count, startedTicks: String(count) };
}
