import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TaskDefinition, Work } from '../core/definition.ts';
import type { RunUser } from '../core/identity.ts';
import { quoted, shownName } from '../core/quoted.ts';
import { taskNameOf } from './chain-name.ts';
import { chainRows, definedBy, valuesOfChain } from './chain-values.ts';
import type { CheckedTask } from './checked-config.ts';
import { explainNoTask, type ChosenChain } from './chosen-chains.ts';
import {
  buildEnvironment,
  problemWithText,
  type AddedEnvironment,
  type BuiltEnvironment,
} from './environment.ts';
import type { LoadedChain, LoadedValue, LoadRequest } from './loaded.ts';
import { heartbeatOf, heartbeatRows } from './heartbeat-options.ts';
import { thisHost } from './identity-host.ts';
import { resolveIdentity, type ResolvedIdentity } from './identity-options.ts';
import type { KeyPath, Problem } from './problem.ts';
import { findProgram } from './program.ts';
import {
  layerOf,
  problemWithBackOff,
  settingsOf,
  settingsRows,
  type Sourced,
  type TaskLayer,
  type TaskSettings,
} from './settings.ts';
import { reportOutOfReach } from './out-of-reach.ts';
import { explainFileError } from './system-error.ts';
import { problemsWithSharing } from './sharing.ts';
import { readTaskText } from './task-text.ts';
import { typedLayers } from './typed-options.ts';

/** A function that a task names, and the surroundings in which its module is imported. */
export interface WantedFunction {
  readonly moduleParts: readonly string[];
  readonly exportName: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The user as whom alone the module may be imported; `null` for that of this process. */
  readonly user: RunUser | null;
}

/** The function's file and what stands beside it; problems say `at: null` where the task was written. */
export interface FunctionAnswer {
  readonly file: string | null;
  readonly layer: TaskLayer;
  readonly problems: readonly {
    readonly at: string | null;
    readonly path: string | null;
    readonly message: string;
  }[];
}

/** Imports the user's modules. */
export interface Functions {
  /** A text that changes with their source files. */
  codeVersion(): string;
  find(wanted: WantedFunction): Promise<FunctionAnswer>;
}

/** What it takes to resolve a chain. */
export interface Resolving {
  readonly request: LoadRequest;
  /** The version of the project's code, for people. */
  readonly codeVersion: string | null;
  readonly functions: Functions;
  readonly report: (problem: Problem) => void;
}

/**
 * Looks up all that a chain names and puts its values together, from default to command line. What is
 * wrong is reported; what comes back then is only good for finding more problems.
 */
export async function resolveChain(chosen: ChosenChain, resolving: Resolving): Promise<LoadedChain> {
  const { request, report } = resolving;
  const directory = directoryOf(chosen, resolving);
  const resolved = await identityOf(chosen, resolving);
  const { identity } = resolved;
  const built = environmentOf(chosen, { request, user: identity.user });
  for (const problem of built.problems) report(problem);
  const typed = typedLayers(request, chosen.name);
  for (const problem of typed.problems) report(problem);
  const surroundings = {
    ...resolving,
    chosen,
    directory: directory.value,
    environment: built.environment,
    resolved,
  };
  const tasks: ResolvedTask[] = [];
  // One after the other, because the loader sets its own directory and environment for each.
  for (const [index, task] of chosen.chain.tasks.entries()) {
    tasks.push(await resolveTask({ task, index, typed: typed.layers }, surroundings));
  }
  const chainValues = valuesOfChain(chosen);
  const heartbeat = heartbeatOf(chosen, resolving);
  const works = tasks.map((task) => task.definition.work);
  for (const problem of problemsWithSharing(chosen, { works, identity, values: chainValues }))
    report(problem);
  const hasFunction = tasks.some(({ definition: { work } }) => work.kind === 'function');
  const place = { chosen, directory: directory.value, works };
  await reportOutOfReach(identity.user, place, report);
  return {
    definition: {
      name: chosen.name,
      tasks: tasks.map(({ definition }) => definition),
      directory: directory.value,
      environment: built.environment,
      code: hasFunction && request.areChains ? resolving.functions.codeVersion() : null,
      codeVersion: resolving.codeVersion,
      heartbeat,
      identity,
      ...definedBy(chainValues),
    },
    values: [
      ...taskRows(tasks),
      ...chainRows(chainValues),
      ...heartbeatRows(heartbeat, chosen),
      ...resolved.rows,
      { path: 'directory', shown: directory.value, from: directory.from },
      ...environmentRows(built),
    ],
    needsRoot: resolved.needsRoot,
  };
}

interface Surroundings extends Resolving {
  readonly chosen: ChosenChain;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly resolved: ResolvedIdentity;
}

interface ResolvedTask {
  readonly definition: TaskDefinition;
  readonly settings: TaskSettings;
}

interface TaskToResolve {
  readonly task: CheckedTask;
  readonly index: number;
  readonly typed: readonly TaskLayer[];
}

async function resolveTask(toResolve: TaskToResolve, around: Surroundings): Promise<ResolvedTask> {
  const { task, index, typed } = toResolve;
  const { chosen, report } = around;
  const path = ['tasks', index];
  const { name, work, beside } = await resolveWork(task, { ...around, path: [...path, 'run'] });
  const settings = settingsOf([
    beside,
    layerOf(chosen.chain, chosen.fromOf),
    layerOf(task, (below) => chosen.fromOf([...path, ...below])),
    ...chosen.hosts.map(({ values, fromOf }) => layerOf(values, fromOf)),
    ...typed,
  ]);
  const backOffProblem = problemWithBackOff(settings.failure.value);
  if (backOffProblem !== null) {
    report({
      // The place is what follows the comma: `beside the function, tasks.ts`.
      at: settings.failure.from.replace(/^.*, /, ''),
      path: chosen.showPath([...path, 'cooldown', 'failure']),
      message: backOffProblem,
    });
  }
  const timeout = settings.timeout.value;
  const definition: TaskDefinition = {
    name: task.name ?? name,
    work,
    cooldown: { successMs: settings.success.value, failure: settings.failure.value },
    timeoutMs: timeout === 'none' ? null : timeout,
    onFailure: settings.onFailure.value,
  };
  return { definition, settings };
}

interface ResolvedWork {
  readonly name: string;
  readonly work: Work;
  readonly beside: TaskLayer;
}

interface WorkSurroundings extends Surroundings {
  readonly path: KeyPath;
}

async function resolveWork({ run }: CheckedTask, around: WorkSurroundings): Promise<ResolvedWork> {
  if (typeof run !== 'string') {
    return { name: run.join(' '), work: resolveCommand(run, around), beside: {} };
  }
  const text = readTaskText(run);
  const name = taskNameOf(text);
  switch (text.kind) {
    case 'command':
      return { name, work: resolveCommand(text.argv, around), beside: {} };
    case 'function': {
      const { moduleParts, exportName } = text;
      const { directory, environment, resolved } = around;
      // Code of a user whom nobody knows is not run as somebody else, to see what it exports.
      if (!resolved.isUserKnown) return { name, work: nothing, beside: {} };
      const { user } = resolved.identity;
      const found = await around.functions.find({ moduleParts, exportName, directory, environment, user });
      for (const { at, path, message } of found.problems) {
        if (at === null) reportHere(around, message);
        else around.report({ at, path, message });
      }
      return { name, work: { kind: 'function', file: found.file ?? '', exportName }, beside: found.layer };
    }
    case 'word':
      reportHere(
        around,
        `Cannot read the task: found the word ${quoted(text.word)}, write a function such as ${quoted(`tasks.${text.word}`)} or a command such as ${quoted(`sh: ${text.word}`)}`,
      );
      return { name, work: nothing, beside: {} };
    case 'problem':
      reportHere(around, explainNoTask(text.problem));
      return { name, work: nothing, beside: {} };
  }
}

/** What stands in the place of a task that is not one; the problem with it is reported. */
const nothing: Work = { kind: 'command', argv: [] };

function resolveCommand(argv: readonly string[], around: WorkSurroundings): Work {
  const [program = '', ...words] = argv;
  for (const word of argv) {
    const problem = problemWithText(word);
    if (problem !== null) reportHere(around, `Cannot run the command: found ${problem}`);
  }
  const path = around.environment['PATH'] ?? '';
  const found = findProgram(program, { directory: around.directory, path });
  if (found.kind === 'found') return { kind: 'command', argv: [found.program, ...words] };
  reportHere(around, found.problem);
  return { kind: 'command', argv };
}

function reportHere({ chosen, path, report }: WorkSurroundings, message: string): void {
  report({ at: chosen.placeOf(path), path: chosen.showPath(path.slice(0, 2)), message });
}

function directoryOf(chosen: ChosenChain, { request, report }: Resolving): Sourced<string> {
  const { cwd } = request.options;
  const written = cwd ?? chosen.chain.cwd;
  if (written === undefined) return { value: request.directory, from: 'default' };
  const from = cwd === undefined ? chosen.placeOf(['cwd']) : '--cwd';
  const value = resolve(request.directory, written);
  if (isFolder(value)) return { value, from };
  const path = cwd === undefined ? chosen.showPath(['cwd']) : null;
  report({
    at: from,
    path,
    message: `Cannot run tasks in ${quoted(written)}: ${shownName(value)} is not a folder, write one that exists`,
  });
  return { value: request.directory, from };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (explainFileError(error) === null) throw error;
    return false;
  }
}

function identityOf(chosen: ChosenChain, { request, report }: Resolving): Promise<ResolvedIdentity> {
  const texts = chosen.chain.tasks.map(({ run }) => run).filter((run) => typeof run === 'string');
  const hasFunctions = texts.some((text) => readTaskText(text).kind === 'function');
  return resolveIdentity(chosen, { options: request.options, host: thisHost, hasFunctions, report });
}

function environmentOf(
  { chain, hosts, ...written }: ChosenChain,
  { request, user }: { readonly request: LoadRequest; readonly user: RunUser | null },
): BuiltEnvironment {
  const { envFile, inheritEnv } = request.options;
  const added: AddedEnvironment[] = [];
  if (chain.envFile !== undefined) {
    const at = written.placeOf(['envFile']);
    added.push({ kind: 'file', file: chain.envFile, at, path: written.showPath(['envFile']) });
  }
  for (const source of [{ values: chain, ...written }, ...hosts]) {
    const { env } = source.values;
    if (env !== undefined) added.push({ kind: 'values', values: env, written: source });
  }
  if (envFile !== undefined) added.push({ kind: 'file', file: envFile, at: '--env-file', path: null });
  const typed = inheritEnv?.split(/[\s,]+/).filter((name) => name !== '') ?? [];
  return buildEnvironment({
    own: request.environment,
    user,
    inherit: [...(chain.inheritEnv ?? []), ...typed],
    added,
    directory: request.directory,
  });
}

/** One row for a value on which all tasks agree, else a row for each task. */
function taskRows(tasks: readonly ResolvedTask[]): LoadedValue[] {
  const ofTasks = tasks.map(({ settings }, index) => settingsRows(settings, `tasks[${index}].`));
  const [first = []] = ofTasks;
  return first.flatMap((row, position) => {
    const rows = ofTasks.flatMap((ofTask) => ofTask.slice(position, position + 1));
    const isSame = rows.every((other) => other.shown === row.shown && other.from === row.from);
    return isSame ? [{ ...row, path: row.path.replace('tasks[0].', '') }] : rows;
  });
}

function environmentRows({ added }: BuiltEnvironment): LoadedValue[] {
  return [...added].map(([name, from]) => ({ path: `env.${name}`, shown: '(set)', from }));
}
