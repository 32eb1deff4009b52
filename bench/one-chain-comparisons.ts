import { fileURLToPath } from 'node:url';
import type { Comparison, Contender } from './comparison.ts';
import { awaitLoop, functionPeers } from './function-peers.ts';
import { answerOf, secondsOf, sizeOf } from './process-figures.ts';
import { commandChain, functionChain, numberIn } from './runner-figures.ts';
import { bareNode, bareSpawn, goalOfSpawn } from './spawn-figures.ts';
import { supervisorContenders } from './supervisors.ts';
import { runsPerSecondOf } from './up-figures.ts';
import { perlLoop, workerAlone, workerAsked } from './worker-figures.ts';
import { missing, type Workshop } from './workshop.ts';

const commandRuns = 1_500;
const loopRuns = 1_000;
const functionRuns = 10_000;
const pipeTrips = 10_000;

/** What one chain does, back to back, beside the loops that it replaces, what it is made of, and its peers. */
export function oneChainComparisons(workshop: Workshop): readonly Comparison[] {
  return [commandSpeed(workshop), commandCost(workshop), functionSpeed(workshop)];
}

function commandSpeed(workshop: Workshop): Comparison {
  return {
    title: 'A chain of one command, back to back',
    unit: 'runs/s',
    digits: 0,
    rounds: 5,
    floor: 'dash loop',
    note: `The command is ${workshop.append.kind} that appends one byte to a file; the bytes are counted. "runner" does all that it always does: lock, proof that the run is over, start stored first, journal, history. The rows of Perl and of the worker show what it is made of, one thing more in each; that of the C program, what any worker in a process of its own can reach. supervisord, runit and s6 start a program again about once a second, by design.`,
    goals: [{ contender: 'runner', of: 'ratio', atLeast: 0.6 }],
    contenders: [
      shellLoop(workshop, 'dash'),
      shellLoop(workshop, 'bash'),
      {
        name: 'Perl loop: fork, exec, wait',
        measure: () => perlLoop(workshop, loopRuns, 'bare'),
      },
      {
        name: "the same, with the worker's program in memory",
        measure: () => perlLoop(workshop, loopRuns, 'as large as the worker'),
      },
      {
        name: 'the worker alone: journal, proof, environment',
        measure: () => workerAlone(workshop, loopRuns),
      },
      {
        name: 'the worker, asked by a bare Node',
        measure: async () => (await workerAsked(workshop, loopRuns)).runsPerSecond,
      },
      {
        name: 'a C program that only spawns, asked by a bare Node',
        missing: () => (workshop.spawner === null ? 'no C compiler here' : null),
        async measure() {
          const bytes = workshop.fresh();
          const words = [String(loopRuns), workshop.spawner ?? '', workshop.append.path, bytes];
          return numberIn(
            await answerOf(process.execPath, [script('asked-program'), ...words]),
            'runsPerSecond',
          );
        },
      },
      { name: 'runner', measure: async () => (await commandChain(workshop, commandRuns)).runsPerSecond },
      { name: bareNode, measure: async () => (await bareSpawn(workshop)).runsPerSecond },
      ...supervisorContenders(workshop, (start) =>
        runsPerSecondOf(workshop, (bytes) => start(1, [workshop.append.path, bytes])),
      ),
    ],
  };
}

function commandCost(workshop: Workshop): Comparison {
  return {
    title: 'Processor time of the supervisor for each run of a command',
    unit: 'ms',
    digits: 3,
    rounds: 3,
    floor: bareNode,
    note: 'Of that one process alone, user and system; neither its worker nor the command counts.',
    goals: [
      { contender: 'runner', of: 'median', atMost: 0.2 },
      { contender: 'runner', of: 'ratio', atMost: goalOfSpawn },
    ],
    contenders: [
      { name: bareNode, measure: async () => (await bareSpawn(workshop)).cpuMs },
      {
        name: 'a bare Node that asks the worker',
        measure: async () => (await workerAsked(workshop, loopRuns)).cpuMs,
      },
      { name: 'runner', measure: async () => (await commandChain(workshop, commandRuns)).cpuMs },
    ],
  };
}

function functionSpeed(workshop: Workshop): Comparison {
  return {
    title: 'A chain of one function, back to back, in a warm worker',
    unit: 'runs/s',
    digits: 0,
    rounds: 3,
    floor: 'pipe round trip',
    note: 'The floor is a line to another Node process and its answer; the rows below it show what a run of a function is made of, one thing more in each, up to the runner, which also decides, tells and looks at the log and the lock. The await loop and croner call the function in their own process: nothing is stored, nothing is proven, and a function that blocks or crashes takes all with it; a schedule of croner knows no less than a second, so its job is triggered by hand. BullMQ stores each job in a Redis of its own, with the append-only file that its documentation recommends, graphile-worker in a PostgreSQL; the next job is added when one has ended. Bree starts a thread for each run.',
    goals: [{ contender: 'runner', of: 'median', atLeast: 5_000 }],
    contenders: [
      { name: 'await loop', measure: () => awaitLoop() },
      { name: 'pipe round trip', measure: () => pipeTrip() },
      {
        name: "the same, with the worker's journal and proof",
        measure: () => pipeTrip('proven', workshop.fresh()),
      },
      { name: 'and one commit a trip', measure: () => pipeTrip('stored', workshop.fresh()) },
      { name: 'runner', measure: () => functionChain(workshop, functionRuns) },
      ...functionPeers(workshop),
    ],
  };
}

function shellLoop(workshop: Workshop, shell: string): Contender {
  return {
    name: `${shell} loop`,
    missing: () => missing(shell, ['-c', 'exit']),
    async measure() {
      const bytes = workshop.fresh();
      const loop = `i=0; while [ $i -lt ${loopRuns} ]; do i=$((i+1)); ${workshop.append.path} ${bytes}; done`;
      const seconds = await secondsOf(shell, ['-c', loop], workshop.folder);
      if (sizeOf(bytes) !== loopRuns) throw new Error(`The ${shell} loop lost runs`);
      return loopRuns / seconds;
    },
  };
}

async function pipeTrip(...step: readonly string[]): Promise<number> {
  const words = [script('pipe-round-trip'), String(pipeTrips), ...step];
  return numberIn(await answerOf(process.execPath, words), 'runsPerSecond');
}

function script(name: string): string {
  return fileURLToPath(new URL(`${name}.js`, import.meta.url));
}
