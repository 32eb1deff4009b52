import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync, closeSync } from 'node:fs';
import type { Ending } from '../../core/outcome.ts';
import { unknownUsage, type Usage } from '../../core/usage.ts';
import { bootMs } from '../../processes/boot-clock.ts';
import { callFunction } from './call-function.ts';
import { endRun, maxZombies } from './end-of-run.ts';
import { errorText, threw } from './function-error.ts';
import { appendToJournal, journalsWritten } from './journal-writer.ts';
import { isRefusedWrite } from './refused-write.ts';
import { listen, tell } from './runner-link.ts';
import { LoadError, loadTasks, type LoadedTask, type NamedTask } from './tasks.ts';
import { measureFunction } from './usage.ts';

// The worker of many chains, all of whose tasks are functions. perl has taken the lock of each of them.

/** A chain whose lock this process has. */
interface Chain {
  readonly name: string;
  readonly lockDescriptor: number;
  leftovers: string;
  journalFile: string;
  logFile: string;
  named: NamedTask[];
  loaded: readonly LoadedTask[];
  run: RunInProgress | null;
  /** What is to be done as soon as it has no run. */
  whenIdle: (() => void)[];
}

interface RunInProgress {
  readonly number: number;
  readonly abort: AbortController;
  readonly beganAtMs: number;
  readonly usage: () => Usage;
  /** Whether another run was in this process at the same time: then nobody knows what either took. */
  isAlone: boolean;
}

const chains = new Map<string, Chain>();
const running = new Set<Chain>();
const inChain = new AsyncLocalStorage<Chain>();
let mustEnd = false;
let isRunnerGone = false;
const cacheDirectory = process.env['RUNNER_CACHE'] ?? null;
delete process.env['RUNNER_CACHE'];

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('uncaughtException', (error) => failAndEnd(error));
divert(process.stdout);
divert(process.stderr);
// One request at a time: of several that came together, a short run ends before the next one begins.
listen(
  (words) => void setImmediate(hear, words),
  () => {
    mustEnd = true;
    isRunnerGone = true;
    endIfIdle();
  },
);

function hear([verb = '', name = '', ...words]: readonly string[]): void {
  if (verb === 'lock') {
    chains.set(name, newChain(name, Number(words[0])));
    return;
  }
  const chain = chains.get(name);
  if (chain === undefined)
    throw new Error(`Cannot do "${verb}" for "${name}": it is not a chain of this worker`);
  switch (verb) {
    case 'chain':
      whenIdle(chain, () => introduce(chain, words));
      break;
    case 'task':
      chain.named[Number(words[0])] = { kind: words[1] ?? '', words: words.slice(2) };
      break;
    case 'load':
      void inChain.run(chain, () => load(chain));
      break;
    case 'run':
      void inChain.run(chain, () => run(chain, words));
      break;
    case 'abort':
      if (chain.run?.number === Number(words[0]))
        chain.run.abort.abort(new Error('The run was asked to end'));
      break;
    case 'leave':
      whenIdle(chain, () => leave(chain));
      break;
    default:
      throw new Error(`Cannot do "${verb}": this worker is of another version than its runner`);
  }
}

function newChain(name: string, lockDescriptor: number): Chain {
  const files = { journalFile: '/dev/null', logFile: '/dev/null' };
  return {
    name,
    lockDescriptor,
    leftovers: 'wait',
    ...files,
    named: [],
    loaded: [],
    run: null,
    whenIdle: [],
  };
}

function whenIdle(chain: Chain, call: () => void): void {
  if (chain.run === null) call();
  else chain.whenIdle.push(call);
}

function introduce(
  chain: Chain,
  [leftovers = 'wait', journalFile = '', logFile = '']: readonly string[],
): void {
  Object.assign(chain, { leftovers, journalFile, logFile, named: [], loaded: [] });
  say(chain, ['locked']);
}

// The children of this process have the lock as well: as long as one of them lives, the chain is not free.
function leave(chain: Chain): void {
  closeSync(chain.lockDescriptor);
  chains.delete(chain.name);
  tell(['gone', chain.name]);
}

async function load(chain: Chain): Promise<void> {
  try {
    chain.loaded = await loadTasks(chain.named, cacheDirectory);
    say(chain, ['ready']);
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    say(chain, ['failed', error.message]);
  }
}

async function run(chain: Chain, words: readonly string[]): Promise<void> {
  const [number = 0, index = 0, pass = 0, fence = 0] = words.slice(0, 4).map(Number);
  const abort = new AbortController();
  const isAlone = running.size === 0;
  for (const { run: other } of running) if (other !== null) other.isAlone = false;
  const current = { number, abort, beganAtMs: performance.now(), usage: measureFunction(), isAlone };
  chain.run = current;
  running.add(chain);
  record(chain, ['began', number, fence, Math.floor(bootMs()), Date.now()]);
  const context = { signal: abort.signal, run: number, pass, chain: chain.name, task: words[4] ?? '', fence };
  const log = (message: string): void => write(chain, `${message}\n`);
  end(chain, current, await execute(chain.loaded[index], { ...context, log }));
}

async function execute(task: LoadedTask | undefined, context: Parameters<Call>[0]): Promise<Ending> {
  if (task?.kind !== 'function') return { kind: 'not started', reason: 'its worker does not know the task' };
  return callFunction(task.call, context);
}

type Call = Extract<LoadedTask, { kind: 'function' }>['call'];

function end(chain: Chain, ended: RunInProgress, ending: Ending): void {
  const { number, beganAtMs, isAlone } = ended;
  const usage = isAlone ? ended.usage() : unknownUsage;
  endRun(
    { number, beganAtMs, usage, ending },
    {
      leftovers: chain.leftovers,
      record: (words) => record(chain, words),
      say: (words) => say(chain, words),
      over: (zombies) => over(chain, zombies),
    },
  );
}

function over(chain: Chain, zombies: number): void {
  chain.run = null;
  running.delete(chain);
  const calls = chain.whenIdle;
  chain.whenIdle = [];
  for (const call of calls) call();
  if (zombies > maxZombies) mustEnd = true;
  endIfIdle();
}

function endIfIdle(): void {
  if (mustEnd && running.size === 0) void leaveAll();
}

async function leaveAll(): Promise<void> {
  if (isRunnerGone) await journalsWritten();
  process.exit(0);
}

// Nobody knows whose error it is, and what is left of the process is not to be trusted: only a run alone is told of it.
function failAndEnd(error: unknown): void {
  for (const chain of running) write(chain, errorText(error));
  const [chain] = running;
  const current = chain?.run ?? null;
  if (running.size !== 1 || chain === undefined || current === null) process.exit(1);
  mustEnd = true;
  end(chain, current, threw(error));
}

function say(chain: Chain, words: readonly (string | number)[]): void {
  tell(['of', chain.name, ...words]);
}

function record(chain: Chain, words: readonly (string | number)[]): void {
  appendToJournal(chain.journalFile, words);
}

function write(chain: Chain, text: string | Uint8Array): void {
  append(chain.logFile, text);
}

// The file is opened each time: the runner may have set the log aside, and ten thousand open files are too many.
function append(file: string, text: string | Uint8Array): void {
  try {
    appendFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    // It is lost then.
    if (!isRefusedWrite(error)) throw error;
  }
}

/** What a function prints goes to the log of its chain; what comes from no chain goes where the stream goes. */
function divert(stream: NodeJS.WriteStream): void {
  const usual = stream.write.bind(stream);
  stream.write = (text: string | Uint8Array, ...rest: unknown[]): boolean => {
    const chain = inChain.getStore();
    const done = rest.find((one): one is () => void => typeof one === 'function');
    if (chain === undefined) return usual(text, done);
    write(chain, text);
    if (done !== undefined) process.nextTick(done);
    return true;
  };
}
