import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createControlClient, RunnerNotUp, RunnerSilent } from '../src/control/client.ts';
import { openDatabase } from '../src/store/database.ts';
import { endAllIn } from '../test/support/processes.ts';
import { createDisturber, type Disturber } from './disturb.ts';
import { createSoakProject, type SoakProject } from './project.ts';
import { takeSample, type Sample } from './sample.ts';
import { judge, type Verdict } from './verdict.ts';

const help = `Usage: npm run soak -- [--minutes N] [--seed N] [--json]

Runs 50 chains of all kinds below "runner up" for a while, disturbs them (kill -9 of workers, runs and the runner,
reloads, pauses, pokes), looks at memory, descriptors, processes, files and rows, and says whether something grows.

  --minutes N  how long, at least and by default 10; the second half is judged, in which the runner itself is not killed
  --seed N     the same disturbances in the same order (default: 1)
  --json       print the answer as JSON
  --help       print this

Exit status: 0 all is flat and nothing overlapped, 1 something grows or overlapped, 64 wrong usage.`;

/** Milliseconds between two disturbances, and between two samples. */
const disturbEveryMs = 1_500;
const sampleEveryMs = 5_000;
const overlapsShown = 20;
/** At which parts of the time the runner is killed. */
const runnerKills = [0.1, 0.2, 0.3];

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Wishes {
  readonly minutes: number;
  readonly seed: number;
  readonly isJson: boolean;
}

/** What came of a soak. */
interface Soaked {
  readonly minutes: number;
  readonly seed: number;
  readonly samples: number;
  readonly runs: number;
  /** The runs that found another one of their chain in progress. */
  readonly overlaps: readonly string[];
  readonly disturbances: Readonly<Record<string, number>>;
  readonly verdicts: readonly Verdict[];
}

/** `npm run soak`; resolves to the exit status. */
export async function soak(argv: readonly string[]): Promise<number> {
  const wishes = wishesOf(argv);
  if (typeof wishes === 'string') {
    if (wishes === help) console.log(help);
    else console.error(`${wishes}\n(run it with --help for all options)`);
    return wishes === help ? 0 : 64;
  }
  const folder = mkdtempSync(join(tmpdir(), 'runner-soak-'));
  try {
    const soaked = await soakIn(folder, wishes);
    console.log(wishes.isJson ? JSON.stringify(soaked) : textOf(soaked));
    return soaked.overlaps.length === 0 && soaked.verdicts.every(({ isFlat }) => isFlat) ? 0 : 1;
  } finally {
    await endAllIn(join(folder, 'project'));
    rmSync(folder, { recursive: true, force: true });
  }
}

function wishesOf(argv: readonly string[]): Wishes | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        minutes: { type: 'string', default: '10' },
        seed: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return help;
    const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
    // In less, logs, workers and the write-ahead log are still on the way to their usual size.
    if (!(minutes >= 10 && minutes <= 100_000))
      return `Cannot soak for "${values.minutes}" minutes, write a number from 10 to 100000`;
    if (!Number.isSafeInteger(seed)) return `Cannot use the seed "${values.seed}", write a whole number`;
    return { minutes, seed, isJson: values.json };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function soakIn(folder: string, { minutes, seed, isJson }: Wishes): Promise<Soaked> {
  const program = copyPackage(folder);
  const project = createSoakProject(join(folder, 'project'));
  project.configure(0);
  const disturber = createDisturber(project, seed);
  const output = join(folder, 'output');
  const samples: { atMs: number; sample: Sample }[] = [];
  const startedMs = performance.now();
  const lengthMs = minutes * 60_000;
  const killsAtMs = runnerKills.map((part) => part * lengthMs);
  let runner = await startRunner(program, project, output);
  let nextSampleMs = 0;
  for (;;) {
    const atMs = performance.now() - startedMs;
    if (atMs >= lengthMs) break;
    if (runner.exitCode !== null)
      throw new Error(
        `The runner ended with ${runner.exitCode}: ${readFileSync(output, 'utf8').slice(-2_000)}`,
      );
    if (atMs >= (killsAtMs[0] ?? Infinity)) {
      killsAtMs.shift();
      runner = await killAndStart(runner, { program, project, output, disturber });
    }
    if (atMs >= nextSampleMs) {
      samples.push({
        atMs,
        sample: takeSample({
          runner: runner.pid ?? 0,
          stateFolder: project.stateFolder,
          heapFile: heapFileIn(project.folder),
        }),
      });
      nextSampleMs = atMs + sampleEveryMs;
      if (!isJson && process.stderr.isTTY)
        process.stderr.write(`\r${Math.round(atMs / 60_000)} of ${minutes} minutes`);
    }
    await disturber.disturb(runner.pid ?? 0);
    await after(disturbEveryMs);
  }
  await stopRunner(runner);
  const { done: disturbances } = disturber;
  const counts = { samples: samples.length, runs: countRuns(project), overlaps: project.overlaps() };
  return { minutes, seed, ...counts, disturbances, verdicts: judge(samples) };
}

// A build meanwhile does not matter to a copy.
function copyPackage(folder: string): string {
  const copy = join(folder, 'package');
  cpSync(`${root}dist`, join(copy, 'dist'), { recursive: true });
  cpSync(`${root}package.json`, join(copy, 'package.json'));
  symlinkSync(`${root}node_modules`, join(copy, 'node_modules'));
  return join(copy, 'dist', 'runner.cjs');
}

async function startRunner(
  program: string,
  { folder, stateFolder }: SoakProject,
  output: string,
): Promise<ChildProcess> {
  const file = openSync(output, 'a');
  const child = spawn(process.execPath, [...heapWords(heapFileIn(folder)), program, 'up', '--quiet'], {
    cwd: folder,
    stdio: ['ignore', file, file],
  });
  const client = createControlClient(join(stateFolder, 'runner.sock'));
  while (child.exitCode === null && !(await answers(client))) await after(100);
  return child;
}

// A heap grows until it is collected: only what is left after that tells whether something is kept for ever.
function heapWords(file: string): readonly string[] {
  const code = `import { writeFileSync } from 'node:fs';
    setInterval(() => {
      gc();
      writeFileSync(${JSON.stringify(file)}, String(process.memoryUsage().heapUsed));
    }, ${sampleEveryMs}).unref();`;
  return ['--expose-gc', `--import=data:text/javascript,${encodeURIComponent(code)}`];
}

function heapFileIn(projectFolder: string): string {
  return join(projectFolder, 'heap');
}

async function answers(client: ReturnType<typeof createControlClient>): Promise<boolean> {
  try {
    return (await client.get('/healthz')).status === 200;
  } catch (error) {
    if (error instanceof RunnerNotUp || error instanceof RunnerSilent) return false;
    throw error;
  }
}

async function killAndStart(
  runner: ChildProcess,
  parts: { program: string; project: SoakProject; output: string; disturber: Disturber },
): Promise<ChildProcess> {
  const { program, project, output, disturber } = parts;
  const ended = new Promise((resolve) => runner.on('exit', resolve));
  runner.kill('SIGKILL');
  await ended;
  disturber.done['kill -9 of the runner'] = (disturber.done['kill -9 of the runner'] ?? 0) + 1;
  return startRunner(program, project, output);
}

async function stopRunner(runner: ChildProcess): Promise<void> {
  if (runner.exitCode !== null) return;
  const ended = new Promise((resolve) => runner.on('exit', resolve));
  runner.kill('SIGTERM');
  // A second time: runs in progress are not waited for.
  runner.kill('SIGINT');
  await ended;
}

function countRuns({ stateFolder }: SoakProject): number {
  const database = openDatabase(join(stateFolder, 'state.db'));
  try {
    const row = database
      .prepare('SELECT sum(last) AS runs FROM (SELECT max(number) AS last FROM run GROUP BY chain)')
      .get();
    return typeof row === 'object' && row !== null && 'runs' in row ? Number(row.runs) : 0;
  } finally {
    database.close();
  }
}

function textOf({ minutes, seed, samples, runs, overlaps, disturbances, verdicts }: Soaked): string {
  const numbers = (verdict: Verdict): readonly string[] =>
    [verdict.median, verdict.perHour, verdict.growth, verdict.bound].map((number) => number.toFixed(1));
  const rows = verdicts.map((verdict) => [
    verdict.quantity,
    ...numbers(verdict),
    verdict.isFlat ? 'flat' : 'GROWS',
  ]);
  const table = [['quantity', 'median', 'per hour', 'growth', 'bound', ''], ...rows].map(
    ([name = '', ...rest]) => [name.padEnd(24), ...rest.map((text) => text.padStart(12))].join(''),
  );
  const done = Object.entries(disturbances).map(([what, count]) => `${count} ${what}`);
  return [
    `${minutes} minutes, ${samples} samples (seed ${seed}): ${runs} runs, ${overlaps.length} overlaps`,
    ...overlaps.slice(0, overlapsShown).map((run) => `overlap: run ${run}`),
    `${done.join(', ')}`,
    'In the second half, from which the slopes are (of the medians between any two samples):',
    ...table,
  ].join('\n');
}
