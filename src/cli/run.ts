import { loadProject } from '../compose/load-project.ts';
import { openProject, type Project } from '../compose/run-project.ts';
import type { ChainDefinition } from '../core/definition.ts';
import type { Facts } from '../core/facts.ts';
import type { RunnerHolder } from '../ports.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { dieOfBug, guarded } from './fail.ts';
import { createForeground, type Foreground } from './foreground.ts';
import { holderText } from './holder-text.ts';
import { loadRequestOf } from './load-request.ts';
import { countOption, isGiven, stateDirectory, type RawOptions } from './options.ts';
import { onSignals } from './signals.ts';

/** `runner run`: one chain in the foreground, until it is stopped or has made its passes. */
export async function run(tasks: readonly string[], options: RawOptions): Promise<void> {
  process.on('uncaughtException', dieOfBug);
  await guarded(isGiven(options, 'debug'), async () => {
    const definition = await loadOne(tasks, options);
    if (definition === null) return exitStatus.config;
    const project = await openProject(stateDirectory(options), process.env['PATH'] ?? '');
    try {
      return await runInForeground(project, definition, options);
    } finally {
      project.close();
    }
  });
}

async function loadOne(tasks: readonly string[], options: RawOptions): Promise<ChainDefinition | null> {
  const answer = await loadProject(loadRequestOf(tasks, options, false));
  if (answer.kind === 'loaded') return answer.chains[0]?.definition ?? null;
  const { explainProblems } = await import('../config/problem.ts');
  process.stderr.write(explainProblems(answer.problems));
  return null;
}

async function runInForeground(
  project: Project,
  definition: ChainDefinition,
  options: RawOptions,
): Promise<ExitStatus> {
  const foreground = createForeground({
    chain: definition.name,
    isJson: isGiven(options, 'json'),
    isQuiet: isGiven(options, 'quiet'),
  });
  const answer = await project.run(definition, {
    passGoal: countOption(options, 'passes'),
    holds: 'both end',
    takeover: isGiven(options, 'takeover') ? (holder) => foreground.note(takeoverText(holder)) : null,
    tell: (told) => foreground.tell(told),
    note: (text) => foreground.note(text),
  });
  if (answer.kind === 'held elsewhere') {
    console.error(heldText(definition.name, answer.holder));
    return exitStatus.heldElsewhere;
  }
  welcome(foreground, definition, options);
  foreground.follow(answer.logFile, answer.logFrom);
  const forgetSignals = onSignals({
    stop: (isSecond) => answer.stop(isSecond),
    drain: () => answer.drain(),
    // A terminal that is not there cannot go.
    hangUp: () => undefined,
  });
  try {
    const passes = await answer.chain.finished;
    foreground.note(farewell(answer.chain.facts(), definition));
    return passes.goal !== null && passes.lastFailed ? exitStatus.passFailed : exitStatus.success;
  } finally {
    forgetSignals();
    foreground.close();
  }
}

function welcome(foreground: Foreground, definition: ChainDefinition, options: RawOptions): void {
  const tasks = definition.tasks.map((task) => task.name).join(' → ');
  const passes = countOption(options, 'passes');
  const howOften =
    passes === null ? 'for ever, Ctrl-C stops it' : `${passes === 1 ? '1 pass' : `${passes} passes`}`;
  foreground.note(`${tasks}: ${howOften}`);
}

function farewell({ passes, state }: Facts, definition: ChainDefinition): string {
  const made = passes.done === 1 ? '1 pass' : `${passes.done} passes`;
  const next = definition.tasks[state.taskIndex]?.name ?? '';
  const rest = state.run === null ? '' : `; run ${state.run.number} goes on, and the next start waits for it`;
  return `ended after ${made}; the next start goes on with ${next}${rest}`;
}

function takeoverText(holder: RunnerHolder): string {
  return `takes the chain over from ${holderText(holder)}, as soon as its run has ended`;
}

function heldText(chain: string, holder: RunnerHolder): string {
  if (holder.pid === null)
    return `Cannot run chain "${chain}": ${holder.command} runs it already; try again in a second`;
  return (
    `Cannot run chain "${chain}": ${holderText(holder)} runs it already. ` +
    'To replace it after its run in progress, start this one again with --takeover'
  );
}
