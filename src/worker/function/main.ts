import { hasErrorCode } from '../../core/error-code.ts';
import type { Ending } from '../../core/outcome.ts';
import { unknownUsage, type Usage } from '../../core/usage.ts';
import { bootMs } from '../../processes/boot-clock.ts';
import type { TaskContext } from '../../user-code/task.ts';
import { callFunction } from './call-function.ts';
import { endRun, maxZombies } from './end-of-run.ts';
import { errorText, threw } from './function-error.ts';
import { runCommand } from './run-command.ts';
import { appendToJournal, journalsWritten } from './journal-writer.ts';
import { listen, tell } from './runner-link.ts';
import { measureCommand, measureFunction } from './usage.ts';
import { LoadError, loadTasks, type LoadedTask, type NamedTask } from './tasks.ts';

/** The run in progress. */
interface RunInProgress {
  readonly number: number;
  readonly abort: AbortController;
  readonly beganAtMs: number;
  /** What it took until now. */
  readonly usage: () => Usage;
}

const journalDescriptor = 5;

let chain = '';
let leftovers = 'wait';
let mustEnd = false;
let isRunnerGone = false;
let current: RunInProgress | null = null;
let loaded: readonly LoadedTask[] = [];
const named: NamedTask[] = [];
const cacheDirectory = process.env['RUNNER_CACHE'];

// A signal meant for the run must not end its worker: only the worker knows how the run ends.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
// What the disk has no room for is lost, as it is for a command: the run did nothing wrong.
for (const stream of [process.stdout, process.stderr]) stream.on('error', lose);
process.on('uncaughtException', (error) => failAndEnd(error));
listen(
  (words) => void hear(words),
  () => {
    mustEnd = true;
    isRunnerGone = true;
    if (current === null) void leave();
  },
);

async function hear([verb = '', ...words]: readonly string[]): Promise<void> {
  const [first = '', second = ''] = words;
  switch (verb) {
    case 'chain':
      chain = first;
      leftovers = second;
      break;
    case 'task':
      named[Number(first)] = { kind: second, words: words.slice(2) };
      break;
    case 'load':
      await load();
      break;
    case 'run':
      await run(words);
      break;
    case 'abort':
      if (current?.number === Number(first)) current.abort.abort(new Error('The run was asked to end'));
      break;
    default:
      throw new Error(`Cannot do "${verb}": this worker is of another version than its runner`);
  }
}

async function load(): Promise<void> {
  try {
    loaded = await loadTasks(named, cacheDirectory ?? null);
    if (cacheDirectory !== undefined) delete process.env['RUNNER_CACHE'];
    tell(['ready']);
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    tell(['failed', error.message]);
    process.exit(1);
  }
}

async function run(words: readonly string[]): Promise<void> {
  const [number = 0, index = 0, pass = 0, fence = 0] = words.slice(0, 4).map(Number);
  const task = words[4] ?? '';
  const abort = new AbortController();
  const usage = measureUsage(loaded[index]);
  current = { number, abort, beganAtMs: performance.now(), usage };
  record(['began', number, fence, Math.floor(bootMs()), Date.now()]);
  const context = { signal: abort.signal, run: number, pass, chain, task, fence, log };
  const ending = await execute(loaded[index], context);
  end(current, ending);
}

function measureUsage(task: LoadedTask | undefined): () => Usage {
  if (task === undefined) return () => unknownUsage;
  return task.kind === 'command' ? measureCommand() : measureFunction();
}

async function execute(task: LoadedTask | undefined, context: TaskContext): Promise<Ending> {
  if (task === undefined) return { kind: 'not started', reason: 'its worker does not know the task' };
  if (task.kind === 'command') {
    return runCommand(task.argv, {
      ...process.env,
      RUNNER_TASK: context.task,
      RUNNER_RUN: String(context.run),
      RUNNER_PASS: String(context.pass),
      RUNNER_FENCE: String(context.fence),
    });
  }
  return callFunction(task.call, context);
}

function end(run: RunInProgress, ending: Ending): void {
  const { number, beganAtMs } = run;
  endRun(
    { number, beganAtMs, usage: run.usage(), ending },
    {
      leftovers,
      record,
      say: tell,
      over(zombies) {
        current = null;
        if (mustEnd || zombies > maxZombies) void leave();
      },
    },
  );
}

// What is left of a process after an error that nobody caught is not to be trusted with another run.
function failAndEnd(error: unknown): void {
  mustEnd = true;
  const run = current;
  process.stderr.write(errorText(error));
  if (run === null) process.exit(1);
  else end(run, threw(error));
}

function record(words: readonly (string | number)[]): void {
  appendToJournal(journalDescriptor, words);
}

async function leave(): Promise<void> {
  if (isRunnerGone) await journalsWritten();
  process.exit(0);
}

function lose(error: Error): void {
  if (!hasErrorCode(error, 'ENOSPC', 'EDQUOT')) failAndEnd(error);
}

function log(message: string): void {
  process.stdout.write(`${message}\n`);
}
