import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { hasErrorCode } from '../core/error-code.ts';
import { formatDuration } from '../core/duration.ts';
import { toDurationMs } from '../core/units.ts';
import { withOutputs } from '../processes/shared-output.ts';
import { startProcess, TooManyOpenFiles } from '../processes/start-process.ts';
import type { LoaderOptions } from './load.ts';
import { readLoaderMessage } from './loader-answer.ts';
import type { LoadAnswer, LoadRequest } from './loaded.ts';

const usualDeadlineMs = 60_000;
// A module that fills its memory ends only its own process.
const memoryLimitMegabytes = 1024;

/** Starts the config loader, asks it and ends it, together with whatever the user's modules started. */
export async function askLoader(request: LoadRequest, options: LoaderOptions): Promise<LoadAnswer> {
  try {
    return await listenUntilEnd(startLoader(request, options), request, options);
  } catch (error) {
    if (!(error instanceof TooManyOpenFiles)) throw error;
    return failed({ module: null }, error.message);
  }
}

async function listenUntilEnd(
  child: ChildProcess,
  request: LoadRequest,
  options: LoaderOptions,
): Promise<LoadAnswer> {
  const deadlineMs = options.deadlineMs ?? usualDeadlineMs;
  const timeIsUp = new AbortController();
  const timer = setTimeout(() => timeIsUp.abort(), deadlineMs);
  const kill = (): void => killGroup(child);
  const signals = options.signal === undefined ? [timeIsUp.signal] : [timeIsUp.signal, options.signal];
  for (const signal of signals) signal.addEventListener('abort', kill);
  if (options.signal?.aborted === true) kill();
  try {
    const heard = await listenTo(child, request);
    if (heard.answer !== null) return heard.answer;
    if (options.signal?.aborted === true) return failed(heard, 'it was cancelled');
    const limit = formatDuration(toDurationMs(deadlineMs));
    if (timeIsUp.signal.aborted)
      return failed(
        heard,
        `it did not end within ${limit}, take out what runs for long or for ever at its top level`,
      );
    return failed(heard, explainEnd(heard));
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener('abort', kill);
    kill();
  }
}

function startLoader(request: LoadRequest, { loaderFile }: LoaderOptions): ChildProcess {
  const flags = [`--max-old-space-size=${memoryLimitMegabytes}`, '--disable-warning=ExperimentalWarning'];
  // What the user's modules print is no part of what the runner prints.
  return withOutputs([2, 2], (own) =>
    startProcess(process.execPath, {
      args: [...flags, loaderFile],
      cwd: request.directory,
      env: { ...request.environment },
      stdio: ['pipe', ...own, 'pipe'],
      detached: true,
    }),
  );
}

/** What a loader said until it answered or ended. */
interface Heard {
  readonly answer: LoadAnswer | null;
  readonly module: string | null;
  readonly ending: Ending;
}

interface Ending {
  readonly error: Error | null;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

async function listenTo(child: ChildProcess, request: LoadRequest): Promise<Heard> {
  const ended = endingOf(child);
  // It may end before it has read everything, and says so by its exit status.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(JSON.stringify(request));
  const output = child.stdio[3];
  let module: string | null = null;
  if (output instanceof Readable) {
    for await (const line of createInterface({ input: output })) {
      const message = readLoaderMessage(line);
      if (message?.kind === 'importing') ({ module } = message);
      if (message?.kind === 'answer') return { answer: message.answer, module, ending: unknownEnding };
    }
  }
  return { answer: null, module, ending: await ended };
}

const unknownEnding: Ending = { error: null, exitCode: null, signal: null };

function endingOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ ...unknownEnding, error }));
    child.once('exit', (exitCode, signal) => resolve({ ...unknownEnding, exitCode, signal }));
  });
}

function killGroup({ pid }: ChildProcess): void {
  // Without a pid nothing was started, and 0 and 1 would mean our own group and every process.
  if (pid === undefined || pid <= 1) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    const isGone = hasErrorCode(error, 'ESRCH');
    if (!isGone) throw error;
  }
}

function failed({ module }: Pick<Heard, 'module'>, why: string): LoadAnswer {
  const message =
    module === null ? `Cannot load the configuration: ${why}` : `Cannot import "${module}": ${why}`;
  return { kind: 'rejected', problems: [{ at: module ?? 'the configuration', path: null, message }] };
}

function explainEnd({ module, ending }: Heard): string {
  const { error, exitCode, signal } = ending;
  if (error !== null) return `its process could not be started (${error.message})`;
  if (signal === 'SIGABRT')
    return `it needed more than ${memoryLimitMegabytes} MB of memory, or aborted its process`;
  if (signal !== null) return `its process was ended by ${signal}`;
  if (module === null) return `its process ended with status ${exitCode} and without an answer`;
  return `it ended its process with status ${exitCode}, take "process.exit" out of what runs at import`;
}
