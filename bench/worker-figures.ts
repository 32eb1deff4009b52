import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPerl } from '../src/processes/perl.ts';
import { syscallWords } from '../src/processes/syscalls.ts';
import { answerOf, endOf, secondsOf, sizeOf } from './process-figures.ts';
import { numberIn } from './runner-figures.ts';
import type { Workshop } from './workshop.ts';

/** The loop of a worker, without all that makes it one: fork, become the program, wait. */
const bareLoop = 'for (1 .. $n) { my $pid = fork; exec { $words[0] } @words if !$pid; waitpid $pid, 0 }';
/** The program of the worker is compiled first, and stays in memory, but never runs. */
const compileWorker =
  'open my $file, "<", shift or die; my $text = do { local $/; <$file> }; my $kept = eval "sub { $text }" or die $@;';
const asking = fileURLToPath(new URL('bare-worker.js', import.meta.url));

/** Runs per second of a Perl that forks, executes and waits, bare or as large as the worker. */
export async function perlLoop(
  workshop: Workshop,
  runs: number,
  size: 'bare' | 'as large as the worker',
): Promise<number> {
  const isBare = size === 'bare';
  const script = `${isBare ? '' : compileWorker} my ($n, @words) = @ARGV; ${bareLoop}`;
  return loopOf(workshop, runs, (bytes) =>
    secondsOf(
      findPerl(process.env['PATH'] ?? ''),
      ['-e', script, ...(isBare ? [] : [workshop.worker]), String(runs), workshop.append.path, bytes],
      workshop.folder,
    ),
  );
}

/** Runs per second of the worker alone: all requests lie in a file, and nobody hears what it says. */
export async function workerAlone(workshop: Workshop, runs: number): Promise<number> {
  const folder = workshop.fresh();
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'requests');
  return loopOf(workshop, runs, async (bytes) => {
    const all = Array.from({ length: runs }, (_, run) => `run ${run + 1} 0 ${run + 1} 1 append`);
    writeFileSync(
      file,
      `chain bench wait\ntask 0 command ${workshop.append.path} ${bytes}\nload\n${all.join('\n')}\n`,
    );
    const [requests, nowhere] = [openSync(file, 'r'), openSync('/dev/null', 'w')];
    const startedMs = performance.now();
    const child = spawnWorker(workshop.worker, folder, { requests, messages: nowhere });
    closeSync(requests);
    closeSync(nowhere);
    await endOf(child, 'worker.pl');
    return (performance.now() - startedMs) / 1_000;
  });
}

/** What a Node costs that asks the worker for one run after another, and does nothing else. */
export async function workerAsked(workshop: Workshop, runs: number): Promise<WorkerFigures> {
  const command = [workshop.append.path, workshop.fresh()];
  const words = [asking, String(runs), workshop.worker, workshop.fresh(), ...command];
  const answer = await answerOf(process.execPath, words);
  return { runsPerSecond: numberIn(answer, 'runsPerSecond'), cpuMs: numberIn(answer, 'cpuMs') };
}

/** What a worker that is asked by nobody but a bare Node does. */
export interface WorkerFigures {
  readonly runsPerSecond: number;
  /** Processor time for a run, of the Node alone. */
  readonly cpuMs: number;
}

/** Starts the runner's worker for commands, with descriptors and environment as docs/worker-protocol.md has them. */
export function spawnWorker(
  worker: string,
  folder: string,
  { requests, messages }: { readonly requests: 'pipe' | number; readonly messages: 'pipe' | number },
): ChildProcess {
  mkdirSync(folder, { recursive: true });
  const journal = openSync(join(folder, 'journal'), 'a');
  const lock = openSync(join(folder, 'lock'), 'w');
  const stdio: ('ignore' | 'pipe' | number)[] = Array.from({ length: 98 }, () => 'ignore');
  stdio.splice(3, 3, requests, messages, journal);
  stdio[97] = lock;
  const env = { ...process.env, RUNNER_SYSCALLS: syscallWords() };
  try {
    return spawn(findPerl(process.env['PATH'] ?? ''), [worker, 'command'], { cwd: folder, stdio, env });
  } finally {
    closeSync(journal);
    closeSync(lock);
  }
}

async function loopOf(
  workshop: Workshop,
  runs: number,
  secondsFor: (bytes: string) => Promise<number>,
): Promise<number> {
  const bytes = workshop.fresh();
  const seconds = await secondsFor(bytes);
  if (sizeOf(bytes) !== runs) throw new Error(`${runs} runs appended ${sizeOf(bytes)} bytes`);
  return runs / seconds;
}
