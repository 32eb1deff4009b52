import type { ChainName } from '../core/definition.ts';
import { explainBadName, isChainName, nameAfterTasks } from './chain-name.ts';
import type { CheckedChain, CheckedConfig, CheckedHostChain } from './checked-config.ts';
import { didYouMean, listOf } from './did-you-mean.ts';
import { configNames } from './find-config.ts';
import type { LoadRequest } from './loaded.ts';
import { fitsPattern } from '../core/patterns.ts';
import { ownValue } from '../core/own-value.ts';
import { quoted, shownName } from '../core/quoted.ts';
import { showPath, type KeyPath, type Problem } from './problem.ts';
import { readTaskText } from './task-text.ts';

/** A configuration file that was read. */
export interface ConfigInForce {
  /** Relative to the project root. */
  readonly file: string;
  /** What of it is sound. */
  readonly config: CheckedConfig;
  /** The names of all its chains, also of those that are not sound. */
  readonly names: readonly string[];
  /** `runner.config.ts:12:9` for the value at a path, or for the deepest place above it that is known. */
  readonly placeOf: (path: KeyPath) => string;
}

/** Tells where the values below a chain were written. */
export interface Written {
  /** `runner.config.ts:30:5`, for problems. */
  readonly placeOf: (path: KeyPath) => string;
  /** `chains.mail.cooldown`; `null` for what was typed. */
  readonly showPath: (path: KeyPath) => string | null;
  /** As the table of values shows it: `hosts."web-*", runner.config.ts:30:5`. */
  readonly fromOf: (path: KeyPath) => string;
}

/** A chain that was asked for. */
export interface ChosenChain extends Written {
  readonly name: ChainName;
  readonly chain: CheckedChain;
  /** What the configuration says about it for hosts of this name, the weakest first. */
  readonly hosts: readonly HostValues[];
  /** What the configuration says about the logs of all chains, and where. */
  readonly logTotal: { readonly value: number | 'none'; readonly from: string } | null;
}

/** What the configuration says about a chain for hosts with certain names. */
interface HostValues extends Written {
  readonly values: CheckedHostChain;
}

/** The chains that were asked for, and what is wrong with the asking. */
export interface ChosenChains {
  readonly chosen: readonly ChosenChain[];
  readonly problems: readonly Problem[];
}

/** Finds out which chains the words typed after `runner run` mean. */
export function chooseChains(request: LoadRequest, config: ConfigInForce | null): ChosenChains {
  const [word] = request.arguments;
  if (word === undefined || (request.areChains && config === null)) {
    return config === null ? noConfig(request) : allChains(request, config);
  }
  if (request.areChains && config !== null) return namedChains(request, config);
  const isOneChain = request.arguments.length === 1 && config?.names.includes(word) === true;
  return isOneChain ? oneChain(request, config, word) : typedChain(request, config);
}

function noConfig({ directory }: LoadRequest): ChosenChains {
  const message = `Cannot find a configuration: write ${listOf(configNames).replace(' and ', ' or ')} there, or name tasks such as "./manage.py send_mail" or "tasks.sendMail"`;
  return { chosen: [], problems: [{ at: directory, path: null, message }] };
}

function allChains(request: LoadRequest, config: ConfigInForce): ChosenChains {
  const names = Object.keys(config.config.chains).filter(isChainName);
  const problems = request.options.name === undefined ? [] : [cannotRename(config)];
  return { chosen: names.flatMap((name) => configuredChain(request, config, name)), problems };
}

/** The chains of these names, each once. */
function namedChains(request: LoadRequest, config: ConfigInForce): ChosenChains {
  const words = [...new Set(request.arguments)];
  const unknown = words.filter((word) => !config.names.includes(word));
  const known = config.names.length === 0 ? 'no chains' : listOf(config.names);
  const problems = unknown.map((word): Problem => {
    const message = `Cannot find a chain ${quoted(word)}: ${config.file} has ${known}${didYouMean(word, config.names)}`;
    return { at: shownName(word), path: null, message };
  });
  return {
    chosen: words.filter(isChainName).flatMap((name) => configuredChain(request, config, name)),
    problems,
  };
}

function oneChain(request: LoadRequest, config: ConfigInForce, name: string): ChosenChains {
  const problems = request.options.name === undefined ? [] : [cannotRename(config)];
  return { chosen: isChainName(name) ? configuredChain(request, config, name) : [], problems };
}

function cannotRename({ file }: ConfigInForce): Problem {
  const message = `Cannot rename a chain of ${file}: leave --name out, or change the name there`;
  return { at: '--name', path: null, message };
}

/** Nothing for a chain that is not sound: what is wrong with it is told already. */
function configuredChain(request: LoadRequest, config: ConfigInForce, name: ChainName): ChosenChain[] {
  const chain = ownValue(config.config.chains, name);
  if (chain === undefined) return [];
  const written = writtenBelow(config, ['chains', name]);
  const hosts = hostValuesOf(request, config, name);
  return [{ name, chain, hosts, logTotal: logTotalOf(config), ...written, fromOf: written.placeOf }];
}

function logTotalOf(config: ConfigInForce | null): ChosenChain['logTotal'] {
  const value = config?.config.logs?.total;
  if (config === null || value === undefined) return null;
  return { value, from: config.placeOf(['logs', 'total']) };
}

function hostValuesOf(request: LoadRequest, config: ConfigInForce, name: string): HostValues[] {
  return Object.entries(config.config.hosts ?? {}).flatMap(([pattern, host]) => {
    const values = ownValue(host.chains, name);
    if (values === undefined || !fitsPattern(pattern, request.host)) return [];
    const written = writtenBelow(config, ['hosts', pattern, 'chains', name]);
    const fromOf = (path: KeyPath): string => `${showPath(['hosts', pattern])}, ${written.placeOf(path)}`;
    return [{ values, ...written, fromOf }];
  });
}

function writtenBelow(config: ConfigInForce, above: KeyPath): Pick<Written, 'placeOf' | 'showPath'> {
  return {
    placeOf: (path) => config.placeOf([...above, ...path]),
    showPath: (path) => showPath([...above, ...path]),
  };
}

/** A chain of the tasks that were typed; of those that are tasks, when some are not. */
function typedChain(request: LoadRequest, config: ConfigInForce | null): ChosenChains {
  const texts = request.arguments;
  const problemsOf = new Map(
    texts.map((text) => [text, problemsWithTyped({ text, texts, config, request })]),
  );
  const tasks = texts.filter((text) => problemsOf.get(text)?.length === 0);
  const problems = [...problemsOf.values()].flat();
  const name = nameOfTyped(request, config);
  // A text that is no task names nothing, and is told already.
  const isNameTyped = request.options.name !== undefined;
  if (typeof name !== 'string' && (isNameTyped || problems.length === 0)) problems.push(name);
  const placeOf = ([key, index]: KeyPath): string => (key === 'tasks' ? (tasks[Number(index)] ?? '') : '');
  const chain: CheckedChain = { tasks: tasks.map((run) => ({ run })) };
  const chosen = {
    name: typeof name === 'string' ? name : nameless,
    chain,
    hosts: [],
    logTotal: logTotalOf(config),
    placeOf,
    showPath: () => null,
    fromOf: placeOf,
  };
  return { chosen: tasks.length > 0 ? [chosen] : [], problems };
}

// Stands in for a name while more problems are looked for.
const nameless = 'nameless' as ChainName;

interface TypedTask {
  readonly text: string;
  readonly texts: readonly string[];
  readonly config: ConfigInForce | null;
  readonly request: LoadRequest;
}

function problemsWithTyped({ text, texts, config, request }: TypedTask): Problem[] {
  const isAmongSeveral = texts.length > 1 && config?.names.includes(text) === true;
  if (isAmongSeveral) {
    const message = `Cannot make the chain ${quoted(text)} a task of another chain: run it alone, ${quoted(`runner run ${text}`)}, or name its tasks`;
    return [{ at: text, path: null, message }];
  }
  const task = readTaskText(text);
  if (task.kind === 'problem')
    return [{ at: quoted(text), path: null, message: explainNoTask(task.problem) }];
  if (task.kind !== 'word') return [];
  return [{ at: shownName(text), path: null, message: explainUnknownChain(task.word, { config, request }) }];
}

/** What is wrong with a text that is neither a function nor a command. */
export function explainNoTask(problem: string): string {
  return `Cannot read the task: ${problem}, write a function such as "tasks.sendMail" or a command such as "./manage.py send_mail"`;
}

function explainUnknownChain(
  word: string,
  { config, request }: Pick<TypedTask, 'config' | 'request'>,
): string {
  const advice = `to run a command write ${quoted(`sh: ${word}`)}, to call a function ${quoted(`module.${word}`)}`;
  if (config === null) {
    return `Cannot find a chain ${quoted(word)}: there is no runner.config file in ${request.directory}; ${advice}`;
  }
  const known = config.names.length === 0 ? 'no chains' : listOf(config.names);
  const guess = didYouMean(word, config.names).replace(/\?$/, '');
  return `Cannot find a chain ${quoted(word)}: ${config.file} has ${known}${guess}; ${advice}`;
}

function nameOfTyped(
  { arguments: texts, options }: LoadRequest,
  config: ConfigInForce | null,
): ChainName | Problem {
  const name = options.name ?? nameAfterTasks(texts.map(readTaskText));
  if (name === null) {
    const message = 'Cannot name the chain after its tasks: give it a name with --name';
    return { at: '--name', path: null, message };
  }
  if (!isChainName(name)) {
    return { at: '--name', path: null, message: `Cannot name the chain: ${explainBadName(name)}` };
  }
  const twin = config?.names.find((known) => known.toLowerCase() === name.toLowerCase());
  if (config === null || twin === undefined) return name;
  const message = `Cannot name the chain "${name}": ${config.file} has a chain "${twin}", give this one another name with --name`;
  return { at: '--name', path: null, message };
}
