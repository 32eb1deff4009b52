import { hostname } from 'node:os';
import { createProjectLoader } from '../compose/load-project.ts';
import { startRunner, type UpAnswer } from '../compose/start-runner.ts';
import { explainProblems } from '../config/problem.ts';
import { warningOfOwner } from '../config/trust.ts';
import type { ChainDefinition } from '../core/definition.ts';
import type { CheckedMetrics } from '../config/metrics-options.ts';
import { parseListenAddress, type ListenAddress } from '../core/listen-address.ts';
import type { LoadAnswer, LoadRequest } from '../config/loaded.ts';
import type { Configuration, Loaded, WatchPlace } from '../control-port.ts';
import { createServiceManager } from '../system/service-manager.ts';
import { tellReady } from '../system/ready.ts';
import { dieOfBug } from './bug.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { holderText } from './holder-text.ts';
import { loadRequestOf } from './load-request.ts';
import { isGiven, projectDirectory, stateDirectory, textOption, type RawOptions } from './options.ts';
import { onSignals } from './signals.ts';
import { createUpOutput, type UpOutput } from './up-output.ts';
import { version } from './version.ts';

type Up = Extract<UpAnswer, { kind: 'up' }>;

/** `runner up`: all chains of the configuration, side by side, until they are stopped. */
export async function up(chains: readonly string[], options: RawOptions): Promise<void> {
  process.on('uncaughtException', dieOfBug);
  await guarded(isGiven(options, 'debug'), async () => {
    if (isGiven(options, 'detach')) {
      const { detach } = await import('./detach.ts');
      return detach(options);
    }
    const typed = typedAddress(options);
    if (typeof typed === 'string') return refuse(typed, exitStatus.usage);
    const request = loadRequestOf(chains, options, true);
    const loadAnew = createProjectLoader();
    const load = async (): Promise<Loaded> => readLoaded(await loadAnew(request), typed);
    const loaded = await load();
    if (loaded.kind === 'rejected') {
      return refuse(explainProblems(loaded.problems).trimEnd(), exitStatus.config);
    }
    return runAll({ request, load, configuration: loaded }, options);
  });
}

interface UpAsked {
  readonly request: LoadRequest;
  readonly load: () => Promise<Loaded>;
  readonly configuration: Configuration;
}

async function runAll({ request, load, configuration }: UpAsked, options: RawOptions): Promise<ExitStatus> {
  const output = createUpOutput({
    isJson: isGiven(options, 'json'),
    isVerbose: isGiven(options, 'verbose'),
    isQuiet: isGiven(options, 'quiet'),
  });
  warnOfOwner(output, request);
  const answer = await startRunner({
    configuration,
    stateDirectory: stateDirectory(options),
    path: process.env['PATH'] ?? '',
    load: async () => {
      warnOfOwner(output, request);
      return load();
    },
    args: argsToStartAgain(),
    figures: { version, host: hostname(), directory: projectDirectory(options) },
    tell: (told) => output.tell(told),
    note: (text) => output.note(text),
    takeover: takeoverOf(options),
  });
  if (answer.kind === 'held elsewhere') return refuse(heldText(answer), exitStatus.heldElsewhere);
  return untilFinished(answer, output, configuration.definitions);
}

async function untilFinished(
  answer: Up,
  output: UpOutput,
  definitions: readonly ChainDefinition[],
): Promise<ExitStatus> {
  const { runner } = answer;
  const manager = createServiceManager();
  const forgetSignals = onSignals({
    stop: (isSecond) => runner.end(isSecond ? 'stop now' : 'stop', 'a signal'),
    drain: () => runner.end('drain', 'a signal'),
    hangUp: () =>
      void runner.reload({ by: 'SIGHUP', isDryRun: false }).then((reloaded) => output.reloaded(reloaded)),
  });
  output.welcome(
    definitions.map(({ name }) => name),
    answer.tookOverFrom,
  );
  manager.ready();
  tellReady({ kind: 'up', pid: process.pid });
  try {
    await runner.finished;
    output.note('ended');
    return exitStatus.success;
  } finally {
    manager.close();
    forgetSignals();
    await answer.close();
  }
}

function warnOfOwner(output: UpOutput, { directory }: LoadRequest): void {
  const warning = warningOfOwner(directory);
  if (warning !== null) output.warn(warning);
}

function readLoaded(answer: LoadAnswer, typed: ListenAddress | null): Loaded {
  if (answer.kind === 'rejected') return answer;
  const definitions = answer.chains.map(({ definition }) => definition);
  const channels = answer.channels.map(({ channel }) => channel);
  return { kind: 'loaded', definitions, channels, metrics: metricsPlace(typed, answer.metrics) };
}

/** Where metrics are served; what was typed is stronger. */
function metricsPlace(typed: ListenAddress | null, configured: CheckedMetrics | null): WatchPlace | null {
  const address = typed ?? configured?.listen ?? null;
  return address === null ? null : { address, names: [hostname(), ...(configured?.names ?? [])] };
}

/** What `--metrics` says; a text says what is wrong with it. */
function typedAddress(options: RawOptions): ListenAddress | string | null {
  const typed = textOption(options, 'metrics');
  if (typed === undefined) return null;
  const parsed = parseListenAddress(typed);
  return parsed.kind === 'address' ? parsed.address : `Cannot read --metrics: ${parsed.problem}`;
}

function refuse(text: string, status: ExitStatus): ExitStatus {
  console.error(text);
  tellReady({ kind: 'failed', text, exitCode: status });
  return status;
}

function takeoverOf(options: RawOptions): 'no' | 'ask' | 'force' {
  if (isGiven(options, 'force')) return 'force';
  return isGiven(options, 'takeover') ? 'ask' : 'no';
}

/** As this one was started, but for what only meant this start. */
function argsToStartAgain(): readonly string[] {
  const once = ['--detach', '--takeover', '--force'];
  return process.argv.slice(2).filter((word) => !once.includes(word));
}

function heldText({ holder, why }: Extract<UpAnswer, { kind: 'held elsewhere' }>): string {
  const who = holderText(holder);
  if (why === null) {
    return (
      `Cannot start: a runner is up here already, ${who}. "runner status" shows its chains, "runner reload" takes a ` +
      'changed configuration in, "runner upgrade" or "runner up --takeover" replaces it without a gap'
    );
  }
  return (
    `Cannot take the chains over from ${who}: ${why}. "runner up --force" kills it, waits at most 5 s for its end, and ` +
    'then takes over; runs in progress go on, and are waited for'
  );
}
