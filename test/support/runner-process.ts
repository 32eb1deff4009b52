import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endAllIn } from './processes.ts';

/** A line of `runner run --json` or `runner up --json`. */
export interface RunnerEvent {
  readonly event: string;
  readonly chain?: string;
  readonly run?: number;
  readonly task?: string;
  readonly outcome?: { readonly kind: string; readonly reason?: string; readonly exitCode?: number };
  readonly leftovers?: readonly { readonly pid: number; readonly command: string }[];
  readonly reason?: string;
  readonly text?: string;
  readonly step?: string;
}

/** A line of `runner history --json`. */
export interface HistoryLine {
  readonly run: number;
  readonly task: string;
  readonly outcome: string | null;
  readonly detail: { readonly exitCode?: number; readonly signal?: string; readonly reason?: string } | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly durationMs: number | null;
  readonly cpuMs: number | null;
  readonly memoryKib: number | null;
}

/** How the command ended. */
interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A project of a test: a folder of its own, with its own state. */
export interface TestProject {
  readonly folder: string;
  /** Starts `runner run ... --json`. */
  start(...args: string[]): RunnerProcess;
  /** Runs a command of runner to its end. */
  command(...args: string[]): Ended & { readonly stdout: string };
  /** Runs any program to its end, in the project's folder. */
  output(program: string, args: readonly string[]): Ended & { readonly stdout: string };
  /** Runs a line of shell; gives its exit status. */
  shell(line: string): number | null;
  history(chain: string): readonly HistoryLine[];
  /** Ends all runners that the test has started, and removes the folder. */
  close(): Promise<void>;
}

/** A `runner run` or `runner up` in progress. */
export interface RunnerProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The next event of this kind that was not asked for yet; rejects when the runner ends without one. */
  next(kind: string, matches?: (event: RunnerEvent) => boolean): Promise<RunnerEvent>;
  signal(signal: NodeJS.Signals): void;
}

const installed = process.env['RUNNER_PACKAGE'];

/** The installed command, so that the tests use what users get. */
export const runnerFile: string = join(
  installed ?? '',
  'node_modules',
  'yourlabs-runner',
  'dist',
  'runner.cjs',
);

/** The file of a fixture, absolute. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../test/fixtures/${name}`, import.meta.url));
}

/** A new project in a temporary folder. */
export function createProject(): TestProject {
  const folder = mkdtempSync(join(tmpdir(), 'runner-test-'));
  const started: RunnerProcess[] = [];

  function output(program: string, args: readonly string[]): Ended & { readonly stdout: string } {
    const result = spawnSync(program, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 });
    return { exitCode: result.status, signal: result.signal, stderr: result.stderr, stdout: result.stdout };
  }

  return {
    folder,
    start(...args) {
      const runner = startProcess(folder, [runnerFile, 'run', ...args, '--json']);
      started.push(runner);
      return runner;
    },
    command: (...args) => output(process.execPath, [runnerFile, ...args]),
    output,
    shell: (line) => output('/bin/sh', ['-c', line]).exitCode,
    history(chain) {
      const { stdout } = this.command('history', chain, '--json', '--limit', '100000');
      return parseHistory(stdout);
    },
    async close() {
      for (const { child } of started) child.kill('SIGKILL');
      await Promise.all(started.map((runner) => runner.ended));
      // A run outlives its runner, which is what it is for; no test may leave one behind.
      await endAllIn(folder);
      // Elsewhere nothing is added to it while it is removed, such as by a log that is still being compressed.
      renameSync(folder, `${folder}.over`);
      rmSync(`${folder}.over`, { recursive: true, force: true });
    },
  };
}

/** Starts Node, or another program, with these words in a folder; what it prints are events. */
export function startProcess(
  folder: string,
  words: readonly string[],
  {
    program = process.execPath,
    env = process.env,
  }: { readonly program?: string; readonly env?: NodeJS.ProcessEnv } = {},
): RunnerProcess {
  const child = spawn(program, words, { cwd: folder, env });
  const events: RunnerEvent[] = [];
  let waiting: (() => void)[] = [];
  let isOver = false;
  let stderr = '';
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) events.push(parseEvent(line));
    wakeAll();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (exitCode, signal) => {
      isOver = true;
      wakeAll();
      resolve({ exitCode, signal, stderr });
    });
  });

  function wakeAll(): void {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  }

  return {
    child,
    ended,
    async next(kind, matches = () => true) {
      for (;;) {
        const index = events.findIndex((event) => event.event === kind && matches(event));
        const [found] = index === -1 ? [] : events.splice(0, index + 1).slice(-1);
        if (found !== undefined) return found;
        if (isOver) throw new Error(`The runner ended without "${kind}": ${stderr}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    signal: (signal) => void child.kill(signal),
  };
}

function parseEvent(line: string): RunnerEvent {
  const value: unknown = JSON.parse(line);
  if (isEvent(value)) return value;
  throw new Error(`This is no event: ${line}`);
}

function isEvent(value: unknown): value is RunnerEvent {
  return typeof value === 'object' && value !== null && 'event' in value;
}

/** Reads what `runner history --json` prints. */
export function parseHistory(text: string): readonly HistoryLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseHistoryLine);
}

function parseHistoryLine(line: string): HistoryLine {
  const value: unknown = JSON.parse(line);
  if (isHistoryLine(value)) return value;
  throw new Error(`This is no line of a history: ${line}`);
}

function isHistoryLine(value: unknown): value is HistoryLine {
  return typeof value === 'object' && value !== null && 'run' in value && 'outcome' in value;
}
