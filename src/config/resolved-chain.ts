import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ChainDefinition, Isolation, TaskDefinition, Work } from '../core/definition.ts';
import { formatDuration } from '../core/duration.ts';
import { toDurationMs, type DurationMs } from '../core/units.ts';
import { taskNameOf } from './chain-name.ts';
import type { CheckedHostChain, CheckedTask } from './checked-config.ts';
import { explainNoTask, type ChosenChain } from './chosen-chains.ts';
import {
  buildEnvironment,
  problemWithText,
  type AddedEnvironment,
  type BuiltEnvironment,
} from './environment.ts';
import type { LoadedChain, LoadedValue, LoadRequest } from './loaded.ts';
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
import { readTaskText } from './task-text.ts';
import { typedLayers } from './typed-options.ts';

/** A function that a task names, and the surroundings in which its module is imported. */
export interface WantedFunction {
  readonly moduleParts: readonly string[];
  readonly exportName: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
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
  const built = environmentOf(chosen, request);
  for (const problem of built.problems) report(problem);
  const typed = typedLayers(request, chosen.name);
  for (const problem of typed.problems) report(problem);
  const surroundings = { ...resolving, chosen, directory: directory.value, environment: built.environment };
  const tasks: ResolvedTask[] = [];
  // One after the other, because the loader sets its own directory and environment for each.
  for (const [index, task] of chosen.chain.tasks.entries()) {
    tasks.push(await resolveTask({ task, index, typed: typed.layers }, surroundings));
  }
  const chainValues = valuesOfChain(chosen);
  for (const problem of problemsWithSharing(chosen, tasks, chainValues)) report(problem);
  const hasFunction = tasks.some(({ definition: { work } }) => work.kind === 'function');
  return {
    definition: {
      name: chosen.name,
      tasks: tasks.map(({ definition }) => definition),
      directory: directory.value,
      environment: built.environment,
      code: hasFunction && request.areChains ? resolving.functions.codeVersion() : null,
      ...definedBy(chainValues),
    },
    values: [
      ...taskRows(tasks),
      ...chainRows(chainValues),
      { path: 'directory', shown: directory.value, from: directory.from },
      ...environmentRows(built),
    ],
  };
}

interface Surroundings extends Resolving {
  readonly chosen: ChosenChain;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
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
      const { directory, environment } = around;
      const found = await around.functions.find({ moduleParts, exportName, directory, environment });
      for (const { at, path, message } of found.problems) {
        if (at === null) reportHere(around, message);
        else around.report({ at, path, message });
      }
      return { name, work: { kind: 'function', file: found.file ?? '', exportName }, beside: found.layer };
    }
    case 'word':
      reportHere(
        around,
        `Cannot read the task: found the word "${text.word}", write a function such as "tasks.${text.word}" or a command such as "sh: ${text.word}"`,
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
  if (statSync(value, { throwIfNoEntry: false })?.isDirectory() === true) return { value, from };
  const path = cwd === undefined ? chosen.showPath(['cwd']) : null;
  report({
    at: from,
    path,
    message: `Cannot run tasks in "${written}": ${value} is not a folder, write one that exists`,
  });
  return { value: request.directory, from };
}

function environmentOf({ chain, hosts, ...written }: ChosenChain, request: LoadRequest): BuiltEnvironment {
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
    inherit: [...(chain.inheritEnv ?? []), ...typed],
    added,
    directory: request.directory,
  });
}

/** What a worker of many chains cannot do for one of them. */
function problemsWithSharing(
  chosen: ChosenChain,
  tasks: readonly ResolvedTask[],
  { isolation, leftovers }: ChainValues,
): Problem[] {
  if (isolation.value !== 'shared') return [];
  const problem = (path: KeyPath, message: string): Problem => ({
    at: chosen.placeOf(path),
    path: chosen.showPath(path),
    message,
  });
  const command = tasks.findIndex(
    ({ definition: { work } }) => work.kind === 'command' && work.argv.length > 0,
  );
  const advice = 'write functions only, or isolation "chain"';
  return [
    ...(command === -1
      ? []
      : [problem(['tasks', command], `Cannot run a command in a worker that chains share: ${advice}`)]),
    ...(leftovers.value === 'kill'
      ? [
          problem(
            ['leftovers'],
            'Cannot tell whose leftovers to kill in a worker that chains share: write "wait"',
          ),
        ]
      : []),
    ...(chosen.chain.recycle === undefined
      ? []
      : [
          problem(
            ['recycle'],
            'Cannot recycle a worker that chains share: leave it out, or write isolation "chain"',
          ),
        ]),
  ];
}

interface ChainValues {
  readonly stopGrace: Sourced<NonNullable<CheckedHostChain['stopGrace']>>;
  readonly killGrace: Sourced<NonNullable<CheckedHostChain['killGrace']>>;
  readonly leftovers: Sourced<NonNullable<CheckedHostChain['leftovers']>>;
  readonly logSize: Sourced<number>;
  readonly logKeep: Sourced<number>;
  readonly historyRuns: Sourced<number>;
  readonly isolation: Sourced<Isolation>;
  readonly recycleRuns: Sourced<number | null>;
  readonly recycleMemory: Sourced<number | 'none'>;
  readonly recycleAge: Sourced<DurationMs | null>;
}

function valuesOfChain({ chain, hosts, fromOf }: ChosenChain): ChainValues {
  const strongest = <Key extends 'stopGrace' | 'killGrace' | 'leftovers'>(
    key: Key,
    usual: NonNullable<CheckedHostChain[Key]>,
  ): Sourced<NonNullable<CheckedHostChain[Key]>> => {
    const sources = [...hosts.toReversed(), { values: chain, fromOf }];
    for (const source of sources) {
      const value = source.values[key];
      if (value !== undefined) return { value, from: source.fromOf([key]) };
    }
    return { value: usual, from: 'default' };
  };
  const configured = <Value>(value: Value | undefined, path: KeyPath, usual: Value): Sourced<Value> =>
    value === undefined ? { value: usual, from: 'default' } : { value, from: fromOf(path) };
  return {
    stopGrace: strongest('stopGrace', toDurationMs(30_000)),
    killGrace: strongest('killGrace', toDurationMs(10_000)),
    leftovers: strongest('leftovers', 'wait'),
    logSize: configured(chain.log?.size, ['log', 'size'], 10 * 1024 * 1024),
    logKeep: configured(chain.log?.keep, ['log', 'keep'], 5),
    historyRuns: configured(chain.history?.runs, ['history', 'runs'], 10_000),
    isolation: configured<Isolation>(chain.isolation, ['isolation'], 'chain'),
    recycleRuns: configured<number | null>(chain.recycle?.runs, ['recycle', 'runs'], null),
    recycleMemory: configured<number | 'none'>(chain.recycle?.memory, ['recycle', 'memory'], 1024 ** 3),
    recycleAge: configured<DurationMs | null>(chain.recycle?.age, ['recycle', 'age'], null),
  };
}

type DefinedByValues = Pick<
  ChainDefinition,
  'stopGraceMs' | 'killGraceMs' | 'leftovers' | 'log' | 'history' | 'isolation' | 'recycle'
>;

function definedBy(values: ChainValues): DefinedByValues {
  return {
    stopGraceMs: values.stopGrace.value,
    killGraceMs: values.killGrace.value,
    leftovers: values.leftovers.value,
    log: { fileLimitBytes: values.logSize.value, filesKept: values.logKeep.value },
    history: { runsKept: values.historyRuns.value },
    isolation: values.isolation.value,
    recycle: {
      runs: values.recycleRuns.value,
      memoryKib: values.recycleMemory.value === 'none' ? null : values.recycleMemory.value / 1024,
      ageMs: values.recycleAge.value,
    },
  };
}

function chainRows(values: ChainValues): LoadedValue[] {
  const { stopGrace, killGrace, leftovers, logSize, logKeep, historyRuns } = values;
  const { isolation, recycleRuns: runs, recycleMemory: memory, recycleAge: age } = values;
  return [
    { path: 'stopGrace', shown: formatDuration(stopGrace.value), from: stopGrace.from },
    { path: 'killGrace', shown: formatDuration(killGrace.value), from: killGrace.from },
    { path: 'leftovers', shown: leftovers.value, from: leftovers.from },
    { path: 'log.size', shown: showSize(logSize.value), from: logSize.from },
    { path: 'log.keep', shown: String(logKeep.value), from: logKeep.from },
    { path: 'history.runs', shown: String(historyRuns.value), from: historyRuns.from },
    { path: 'isolation', shown: isolation.value, from: isolation.from },
    { path: 'recycle.runs', shown: String(runs.value ?? 'none'), from: runs.from },
    {
      path: 'recycle.memory',
      shown: memory.value === 'none' ? 'none' : showSize(memory.value),
      from: memory.from,
    },
    { path: 'recycle.age', shown: age.value === null ? 'none' : formatDuration(age.value), from: age.from },
  ];
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

function showSize(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && size % 1024 === 0 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size}${units[unit] ?? ''}`;
}
