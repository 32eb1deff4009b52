import type { ChainDefinition, TaskDefinition } from './definition.ts';
import type { EndingReason, EndingStep, Facts, Run } from './facts.ts';
import { add, toDurationMs, earlierOf, type DurationMs, type MonotonicMs } from './units.ts';

/** A step to take at `at` to end the run that is in progress, or what it left behind. */
export interface PlannedStep {
  readonly run: Run;
  readonly step: EndingStep['step'];
  readonly why: EndingReason;
  readonly at: MonotonicMs;
}

/** SIGKILL is sent again after this time: a tree that forks faster than it can be read needs more than one. */
const killAgainMs: DurationMs = toDurationMs(1_000);

/**
 * The next step towards the end of the run, and when to take it; `null` when nothing ends it.
 *
 *   asked ──(stopGrace)──▶ cancelled ──(killGrace)──▶ killed ──(1 s)──▶ killed ...
 *
 * A stop asks first; a timeout, leftovers and an operator begin with `cancelled`; who cannot wait, with `killed`.
 */
export function nextEndingStep(facts: Facts, definition: ChainDefinition): PlannedStep | null {
  const { run } = facts.state;
  if (run === null || run.stage.kind === 'intended') return null;
  const { stage } = run;
  if (run.ending?.step === 'killed') return killStep(run, run.ending, killAgainMs);
  if (facts.wanted.kind === 'stop now' && stage.kind === 'running') {
    return { run, step: 'killed', why: 'stop', at: stage.since.monotonic };
  }
  const operatorStep = operatorStepOf(facts, run);
  if (operatorStep?.step === 'killed') return operatorStep;
  if (run.ending?.step === 'cancelled') return killStep(run, run.ending, definition.killGraceMs);
  const since = stage.since.monotonic;
  const ownStep =
    stage.kind === 'running'
      ? soonest(timeoutStep(run, since, definition), stopStep(facts, run, definition))
      : leftoversStep(run, since, definition);
  return soonest(operatorStep, ownStep);
}

/** Whether everything was done to end the run, in vain: processes can be out of reach even of SIGKILL. */
export function isBeyondEnding(run: Run): boolean {
  return run.ending?.step === 'killed' && run.ending.times >= 5;
}

/** Whether somebody wants this very run to end, or what it left behind. */
export function isEndAsked({ endAsked }: Facts, run: Run): boolean {
  return endAsked?.run === run.number;
}

/** The definition of a run's task: by its name, since the configuration may have changed since. */
export function taskOf(run: Run, definition: ChainDefinition): TaskDefinition {
  const [first] = definition.tasks;
  const named = definition.tasks.find((task) => task.name === run.task);
  const task = definition.tasks[run.taskIndex]?.name === run.task ? definition.tasks[run.taskIndex] : named;
  const found = task ?? first;
  if (found === undefined) throw new Error(`Chain "${definition.name}" has no task`);
  return found;
}

function operatorStepOf({ endAsked }: Facts, run: Run): PlannedStep | null {
  if (endAsked?.run !== run.number) return null;
  return { run, step: endAsked.step, why: 'operator', at: endAsked.at };
}

function leftoversStep(run: Run, since: MonotonicMs, definition: ChainDefinition): PlannedStep | null {
  if (definition.leftovers !== 'kill') return null;
  return { run, step: 'cancelled', why: 'leftovers', at: since };
}

function timeoutStep(run: Run, since: MonotonicMs, definition: ChainDefinition): PlannedStep | null {
  const { timeoutMs } = taskOf(run, definition);
  return timeoutMs === null ? null : { run, step: 'cancelled', why: 'timeout', at: add(since, timeoutMs) };
}

function stopStep(facts: Facts, run: Run, definition: ChainDefinition): PlannedStep | null {
  if (facts.wanted.kind !== 'stop') return null;
  if (run.ending === null) return { run, step: 'asked', why: 'stop', at: facts.wanted.since };
  return { run, step: 'cancelled', why: 'stop', at: add(facts.wanted.since, definition.stopGraceMs) };
}

function killStep(run: Run, ending: EndingStep, afterMs: DurationMs): PlannedStep {
  return { run, step: 'killed', why: ending.why, at: add(ending.at, afterMs) };
}

function soonest(one: PlannedStep | null, other: PlannedStep | null): PlannedStep | null {
  if (one === null || other === null) return one ?? other;
  return earlierOf(one.at, other.at) === one.at ? one : other;
}
