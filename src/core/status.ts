import type { Moment } from './cooldown.ts';
import { decide, type WaitReason } from './decide.ts';
import type { ChainDefinition, ChainName } from './definition.ts';
import type { EndingReason, EndingStep, Facts, Holder, LastEnd, PausedBy, Run, Wanted } from './facts.ts';
import { ownValue } from './own-value.ts';
import { isPausedAt } from './pause.ts';
import {
  durationBetween,
  isBefore,
  type DurationMs,
  type EpochMs,
  type Fence,
  type PassNumber,
} from './units.ts';

/**
 * What a chain does right now, in one word or two. `waiting` stands for a moment between two of them.
 * The last four are of chains that this runner does not run: another process has it, somebody stopped it, its
 * state cannot be read, or it is let go.
 */
export type StatusWord = WaitReason | 'waiting' | 'held elsewhere' | 'stopped' | 'cannot begin' | 'let go';

/** All of these words. */
export const chainStates: readonly StatusWord[] = Object.values<StatusWord>({
  running: 'running',
  'cooling down': 'cooling down',
  paused: 'paused',
  stopped: 'stopped',
  'left behind': 'left behind',
  'worker starting': 'worker starting',
  'worker blocked': 'worker blocked',
  'worker cannot start': 'worker cannot start',
  'store fails': 'store fails',
  'held elsewhere': 'held elsewhere',
  'cannot begin': 'cannot begin',
  'let go': 'let go',
  waiting: 'waiting',
} satisfies { readonly [Word in StatusWord]: Word });

/** Everything that answers "why is it not running?" of one chain. Moments are of the wall clock. */
export interface ChainStatus {
  readonly chain: ChainName;
  readonly state: StatusWord;
  /** The task in progress; the next one where there is none. */
  readonly task: string;
  readonly pass: PassNumber | null;
  readonly fence: Fence | null;
  readonly run: RunStatus | null;
  readonly cooldown: CooldownStatus | null;
  readonly pause: PauseStatus | null;
  /** Since when and for how long notices are kept back. */
  readonly mute: MuteStatus | null;
  readonly stopped: { readonly since: EpochMs; readonly by: string } | null;
  /** What is wanted of it beyond the run in progress. */
  readonly wanted: Wanted['kind'];
  readonly isPoked: boolean;
  readonly isSkippingNext: boolean;
  /** Processes of an earlier run that are in the way, or that a run left behind. */
  readonly inTheWay: readonly Holder[];
  /** The runner that has the chain, where it is not this one. */
  readonly heldBy: HeldBy | null;
  /** Why the worker cannot start, the state cannot be stored or the chain cannot begin. */
  readonly reason: string | null;
  readonly worker: { readonly pid: number } | null;
  readonly last: LastEnd | null;
  /** Failures in a row, by the task's name. */
  readonly streaks: Readonly<Record<string, number>>;
}

/** Another runner that has a chain. */
interface HeldBy {
  /** `null` when it could not be found out. */
  readonly pid: number | null;
  readonly command: string;
  /** Whether it gives the chain to the runner that says so, after its run in progress. */
  readonly isGiving: boolean;
}

/** The run in progress, or what is left of it. */
export interface RunStatus {
  readonly number: number;
  readonly task: string;
  readonly stage: Run['stage']['kind'];
  readonly since: EpochMs;
  readonly forMs: DurationMs;
  /** How long runs of this task usually take; `null` before one has succeeded. */
  readonly usualMs: number | null;
  readonly ending: { readonly why: EndingReason; readonly step: EndingStep['step'] } | null;
}

/** The cooldown in force. */
interface CooldownStatus {
  readonly remainingMs: DurationMs;
  readonly lengthMs: DurationMs;
}

/** The pause in force. */
interface PauseStatus {
  readonly since: EpochMs;
  readonly by: PausedBy;
  /** `null` when it lasts until somebody resumes the chain. */
  readonly remainingMs: DurationMs | null;
}

/** The mute in force. */
interface MuteStatus {
  readonly since: EpochMs;
  readonly by: string;
  readonly remainingMs: DurationMs;
}

/** The status of a chain that this runner has, all of it worked out from its facts. */
export function statusOf(facts: Facts, definition: ChainDefinition, now: Moment): ChainStatus {
  const { state, worker, store } = facts;
  const decision = decide(facts, definition, now.monotonic);
  const word = decision.kind === 'wait' ? decision.why : 'waiting';
  const workerReason = worker.kind === 'absent' && word === 'worker cannot start' ? worker.reason : null;
  return {
    ...bareStatus(definition, word),
    task: state.run?.task ?? definition.tasks[state.taskIndex]?.name ?? '',
    pass: state.pass,
    fence: facts.fence,
    run: runStatus(facts, now),
    cooldown: cooldownStatus(facts, now),
    pause: pauseStatus(facts, now),
    mute: muteStatus(facts, now),
    stopped: state.stopped === null ? null : { since: state.stopped.since.wall, by: state.stopped.by },
    wanted: facts.wanted.kind,
    isPoked: state.isPoked,
    isSkippingNext: state.isSkippingNext,
    inTheWay: worker.kind === 'blocked' ? worker.holders : [],
    reason: store.kind === 'fails' ? store.reason : workerReason,
    worker: worker.kind === 'ready' || worker.kind === 'loading' ? { pid: worker.identity.pid } : null,
    last: state.lastEnd,
    streaks: state.streaks,
  };
}

/** The status of a chain of which nothing is known but its definition. */
export function bareStatus(definition: ChainDefinition, state: StatusWord): ChainStatus {
  return {
    chain: definition.name,
    state,
    task: definition.tasks[0]?.name ?? '',
    pass: null,
    fence: null,
    run: null,
    cooldown: null,
    pause: null,
    mute: null,
    stopped: null,
    wanted: 'run',
    isPoked: false,
    isSkippingNext: false,
    inTheWay: [],
    heldBy: null,
    reason: null,
    worker: null,
    last: null,
    streaks: {},
  };
}

function runStatus({ state }: Facts, now: Moment): RunStatus | null {
  const { run } = state;
  if (run === null) return null;
  const { stage, ending } = run;
  const began = stage.kind === 'intended' ? stage.at : stage.since;
  return {
    number: run.number,
    task: run.task,
    stage: stage.kind,
    since: began.wall,
    forMs: durationBetween(began.monotonic, now.monotonic),
    usualMs: ownValue(state.usualMs, run.task) ?? null,
    ending: ending === null ? null : { why: ending.why, step: ending.step },
  };
}

function cooldownStatus({ state: { cooldown, run } }: Facts, now: Moment): CooldownStatus | null {
  // That of a run which left something behind begins only when that is gone.
  if (cooldown === null || run !== null || !isBefore(now.monotonic, cooldown.until)) return null;
  const remainingMs = durationBetween(now.monotonic, cooldown.until);
  return { remainingMs, lengthMs: cooldown.lengthMs };
}

function pauseStatus({ state: { pause } }: Facts, now: Moment): PauseStatus | null {
  if (!isPausedAt(pause, now.monotonic)) return null;
  const { since, by, until } = pause;
  const remainingMs = until === null ? null : durationBetween(now.monotonic, until.until);
  return { since: since.wall, by, remainingMs };
}

function muteStatus({ state: { mute } }: Facts, now: Moment): MuteStatus | null {
  if (mute === null || !isBefore(now.monotonic, mute.until.until)) return null;
  const { since, by, until } = mute;
  return { since: since.wall, by, remainingMs: durationBetween(now.monotonic, until.until) };
}
