import { hostname } from 'node:os';
import { loadProject } from '../compose/load-project.ts';
import { openProject, type Project } from '../compose/run-project.ts';
import { warningOfOwner } from '../config/trust.ts';
import type { Channel } from '../core/channel.ts';
import type { ChainDefinition } from '../core/definition.ts';
import type { Facts } from '../core/facts.ts';
import type { RunnerHolder } from '../ports.ts';
import { dieOfBug } from './bug.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { createForeground, type Foreground } from './foreground.ts';
import { holderText } from './holder-text.ts';
import { loadRequestOf } from './load-request.ts';
import { countOption, isGiven, projectDirectory, stateDirectory, type RawOptions } from './options.ts';
import { onSignals } from './signals.ts';

/** `runner run`: one chain in the foreground, until it is stopped or has made its passes. */
export async function run(tasks: readonly string[], options: RawOptions): Promise<void> {
  process.on('uncaughtException', dieOfBug);
  await guarded(isGiven(options, 'debug'), async () => {
    const loaded = await loadOne(tasks, options);
    if (loaded === null) return exitStatus.config;
    const project = await openProject({
      stateDirectory: stateDirectory(options),
      path: process.env['PATH'] ?? '',
      channels: loaded.channels,
      origin: { host: hostname(), directory: projectDirectory(options) },
    });
    try {
      return await runInForeground(project, loaded.definition, options);
    } finally {
      await project.close();
    }
  });
}

interface LoadedOne {
  readonly definition: ChainDefinition;
  readonly channels: readonly Channel[];
}

async function loadOne(tasks: readonly string[], options: RawOptions): Promise<LoadedOne | null> {
  const answer = await loadProject(loadRequestOf(tasks, options, false));
  const warning = warningOfOwner(projectDirectory(options));
  if (warning !== null) console.error(`Warning: ${warning}`);
  if (answer.kind === 'loaded') {
    const [chain] = answer.chains;
    const channels = answer.channels.map(({ channel }) => channel);
    return chain === undefined ? null : { definition: chain.definition, channels };
  }
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
