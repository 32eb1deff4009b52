import { alarmAfterRun, type JudgedRun } from './alarm/after-run.ts';
import type { Alarm } from './alarm/alarm.ts';
import { cooldownLength, storedWait, type Here, type StoredWait } from './cooldown.ts';
import type { ChainDefinition } from './definition.ts';
import { taskOf } from './ending.ts';
import type { NextTold, RunEndedTold, Told } from './event.ts';
import type { ChainState, Facts, Holder, LastEnd, Passes, Pause, Run } from './facts.ts';
import { withState, type Learned } from './learned.ts';
import { nextTaskAt } from './next-task.ts';
import { ownValue } from './own-value.ts';
import { inBrief, verdictOf, type Outcome, type Verdict } from './outcome.ts';
import { positionAfter, type Position } from './position.ts';
import { isShorter, zeroMs, type DurationMs } from './units.ts';
import type { Usage } from './usage.ts';
import { usualAfter } from './usual.ts';

/** The end of a run, with what it takes to work out what follows. */
export interface Settlement {
  readonly definition: ChainDefinition;
  readonly outcome: Outcome;
  /** When and where it ended: the cooldown counts from here. */
  readonly here: Here;
  /** For the jitter of a back-off: 0 to 1, 1 excluded. */
  readonly chance: number;
  readonly durationMs: DurationMs | null;
  readonly usage: Usage;
  /** Whether its whole process tree is gone. */
  readonly isOver: boolean;
  readonly leftovers: readonly Holder[];
}

/** The facts after `run` has its outcome: streak, position, cooldown, pause and passes follow from it. */
export function settle(facts: Facts, run: Run, settlement: Settlement): Learned {
  const { definition, outcome, here } = settlement;
  const { onFailure } = taskOf(run, definition);
  const verdict = verdictOf(outcome);
  const streak = streakAfter(streakOf(facts, run), verdict);
  const position = positionAfter(facts.state, { verdict, onFailure }, definition);
  const alarmed = alarmAfterRun(facts, judgedRun(run, settlement, verdict));
  const settled = { settlement, verdict, streak, alarm: alarmed.alarm };
  const cooldown = cooldownAfter(run, settled);
  const isPausing = verdict === 'failure' && onFailure === 'pause';
  const pausing: Pause | null = isPausing
    ? { since: here.now, by: { kind: 'failure', task: run.task }, until: null }
    : null;
  const isPassOver = position.pass !== facts.state.pass;
  const { nextTask } = nextTaskAt(position.taskIndex, definition);
  // Nothing is spread into it: V8 then takes twice as long for all that a run teaches.
  const state: Partial<ChainState> = {
    run: settlement.isOver ? null : { ...run, stage: { kind: 'left behind', since: here.now, outcome } },
    pass: position.pass,
    taskIndex: position.taskIndex,
    nextTask,
    streaks: withStreak(facts.state.streaks, run.task, streak),
    cooldown,
    pause: pausing ?? facts.state.pause,
    lastEnd: lastEndAfter(facts.state, run, settled),
    alarm: alarmed.alarm,
    usualMs: usualAfter(facts.state.usualMs, run.task, { verdict, durationMs: settlement.durationMs }),
  };
  const passes = passesAfter(facts.passes, verdict, isPassOver);
  const told: Told[] = [
    endedTold({ ...facts, passes }, run, { settled, position, cooldown }),
    ...alarmed.told,
  ];
  if (!settlement.isOver) told.push({ kind: 'run left behind', run, leftovers: settlement.leftovers });
  if (isPassOver) told.push({ kind: 'pass ended', pass: run.pass, failed: passes.lastFailed });
  if (pausing !== null) told.push({ kind: 'paused', pause: pausing });
  return { facts: { ...withState(facts, state), passes }, told };
}

function streakOf(facts: Facts, run: Run): number {
  return ownValue(facts.state.streaks, run.task) ?? 0;
}

function streakAfter(streak: number, verdict: Verdict): number {
  switch (verdict) {
    case 'success':
      return 0;
    case 'failure':
      return streak + 1;
    case 'no verdict':
      return streak;
  }
}

/** What was made of the end of a run. The settlement is not spread into it: that costs more than all the rest. */
interface Settled {
  readonly settlement: Settlement;
  readonly verdict: Verdict;
  readonly streak: number;
  readonly alarm: Alarm;
}

function judgedRun(run: Run, settlement: Settlement, verdict: Verdict): JudgedRun {
  const { outcome, here, durationMs, definition } = settlement;
  return { run, outcome, verdict, here, durationMs, definition };
}

/** A withdrawn run never was: it was due, and is due again. */
function cooldownAfter(run: Run, { settlement, verdict, streak, alarm }: Settled): StoredWait | null {
  const { chance, definition, here, outcome } = settlement;
  if (outcome.kind === 'withdrawn') return null;
  const { cooldown } = taskOf(run, definition);
  const length = cooldownLength(cooldown, { streak: verdict === 'failure' ? streak : 0, chance });
  const probe = verdict === 'failure' ? probeLength(run, alarm, definition) : zeroMs;
  return storedWait(isShorter(length, probe) ? probe : length, here);
}

/** How long the chain waits at least after a failure of this task: it only probes while its breaker is open. */
function probeLength(run: Run, { incidents }: Alarm, { alerts }: ChainDefinition): DurationMs {
  const isOpen = incidents.some(({ task, isBreakerOpen }) => task === run.task && isBreakerOpen);
  return isOpen ? (alerts.breaker?.probeMs ?? zeroMs) : zeroMs;
}

/** A withdrawn run never was, so it is not the last one. */
function lastEndAfter(state: ChainState, run: Run, { settlement, streak }: Settled): LastEnd | null {
  const { durationMs, here, outcome } = settlement;
  if (outcome.kind === 'withdrawn') return state.lastEnd;
  return {
    run: run.number,
    task: run.task,
    outcome: inBrief(outcome),
    endedAt: here.now.wall,
    durationMs,
    streak,
  };
}

function withStreak(streaks: ChainState['streaks'], task: string, streak: number): ChainState['streaks'] {
  if ((ownValue(streaks, task) ?? 0) === streak) return streaks;
  const others = Object.entries(streaks).filter(([name]) => name !== task);
  return Object.fromEntries(streak === 0 ? others : [...others, [task, streak]]);
}

/** The passes after a run with this verdict, which may have been the last of its pass. */
export function passesAfter(passes: Passes, verdict: Verdict, isPassOver: boolean): Passes {
  const isFailing = passes.isFailing || verdict === 'failure';
  return isPassOver
    ? { ...passes, done: passes.done + 1, isFailing: false, lastFailed: isFailing }
    : { ...passes, isFailing };
}

function endedTold(
  facts: Facts,
  run: Run,
  by: { readonly settled: Settled; readonly position: Position; readonly cooldown: StoredWait | null },
): RunEndedTold {
  const { position, cooldown } = by;
  const { settlement, verdict, streak } = by.settled;
  const { definition, durationMs, here, outcome, usage } = settlement;
  return {
    kind: 'run ended',
    run,
    outcome,
    verdict,
    streak,
    healedStreak: verdict === 'success' ? streakOf(facts, run) : 0,
    endedAt: here.now.wall,
    durationMs,
    usage,
    next: isWantedOn(facts) ? nextTold(position, cooldown, definition) : null,
  };
}

function isWantedOn({ wanted, passes }: Facts): boolean {
  return wanted.kind === 'run' && (passes.goal === null || passes.done < passes.goal);
}

/** What comes at `position` after `cooldown`, for people. */
export function nextTold(
  position: Position,
  cooldown: StoredWait | null,
  definition: ChainDefinition,
): NextTold {
  return {
    task: definition.tasks[position.taskIndex]?.name ?? '',
    pass: position.pass,
    cooldownMs: cooldown?.lengthMs ?? zeroMs,
  };
}
