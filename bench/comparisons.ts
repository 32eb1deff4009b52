import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyComparison } from './history-figures.ts';
import { measure, type Comparison, type Contender } from './comparison.ts';
import { answerOf, memoryMiBOf, secondsOf, sizeOf } from './process-figures.ts';
import { machineText, tableOf } from './report.ts';
import {
  commandChain,
  functionChain,
  idleMemory,
  numberIn,
  wholeCommandMs,
  type MemoryFigures,
} from './runner-figures.ts';
import { upComparisons } from './up-comparisons.ts';
import { missing, openWorkshop, type Workshop } from './workshop.ts';

const resultsFile = fileURLToPath(new URL('../../bench/results.md', import.meta.url));
const commandRuns = 1_500;
const loopRuns = 1_000;
const spawnRuns = 600;
const functionRuns = 10_000;
const crowd = 20;

/**
 * Measures the comparisons whose title holds one of `words`, or all of them, and prints their tables; only when it
 * was all of them the results are written down. Resolves to the exit status.
 */
export async function measureAll(words: readonly string[]): Promise<number> {
  const machine = machineText();
  const workshop = openWorkshop();
  try {
    const tables: string[] = [];
    for (const comparison of comparisons(workshop)) {
      const title = comparison.title.toLowerCase();
      if (words.length > 0 && !words.some((word) => title.includes(word.toLowerCase()))) continue;
      const table = tableOf(comparison, await measure(comparison, tellProgress));
      console.log(`${table}\n`);
      tables.push(table);
    }
    const head = '# Results\n\nMade by `npm run bench`; `docs/performance.md` says what is measured and how.';
    if (words.length === 0) writeFileSync(resultsFile, `${[head, machine, ...tables].join('\n\n')}\n`);
    else console.log(machine);
    return 0;
  } finally {
    workshop.remove();
  }
}

/** To compare with one more program, give its comparison one more contender. */
function comparisons(workshop: Workshop): readonly Comparison[] {
  return [
    commandSpeed(workshop),
    commandCost(workshop),
    functionSpeed(workshop),
    startUp(workshop),
    memory(workshop),
    ...upComparisons(workshop),
    historyComparison(workshop),
  ];
}

function commandSpeed(workshop: Workshop): Comparison {
  return {
    title: 'A chain of one command, back to back',
    unit: 'runs/s',
    digits: 0,
    rounds: 5,
    floor: 'dash loop',
    note: `The command is ${workshop.append.kind} that appends one byte to a file; the bytes are counted. The runner does all that it always does: lock, proof that the run is over, start stored first, journal, history.`,
    goals: [{ contender: 'runner', of: 'ratio', atLeast: 0.6 }],
    contenders: [
      shellLoop(workshop, 'dash'),
      shellLoop(workshop, 'bash'),
      contender('bare spawn in Node', async () => numberIn(await bareSpawn(workshop), 'runsPerSecond')),
      contender('runner', async () => (await runnerFigures(workshop)).runsPerSecond),
    ],
  };
}

function commandCost(workshop: Workshop): Comparison {
  return {
    title: 'Processor time of the supervisor for each run of a command',
    unit: 'ms',
    digits: 3,
    rounds: 3,
    floor: 'bare spawn in Node',
    note: 'Of that one process alone, user and system; neither its worker nor the command counts.',
    goals: [{ contender: 'runner', of: 'median', atMost: 0.2 }],
    contenders: [
      contender('bare spawn in Node', async () => numberIn(await bareSpawn(workshop), 'cpuMs')),
      contender('runner', async () => (await runnerFigures(workshop)).cpuMs),
    ],
  };
}

function functionSpeed(workshop: Workshop): Comparison {
  return {
    title: 'A chain of one function, back to back, in a warm worker',
    unit: 'runs/s',
    digits: 0,
    rounds: 5,
    floor: 'pipe round trip',
    note: `The floor is a line to another Node process and its answer. ${functionRuns} runs a round.`,
    goals: [{ contender: 'runner', of: 'median', atLeast: 5_000 }],
    contenders: [
      contender('pipe round trip', async () =>
        numberIn(await answerOf(process.execPath, [script('pipe-round-trip'), '10000']), 'runsPerSecond'),
      ),
      contender('runner', () => functionChain(workshop, functionRuns)),
    ],
  };
}

function startUp(workshop: Workshop): Comparison {
  const command = 'runner run /bin/true --passes 1';
  const functionTask = 'runner run tasks.nothing --passes 1';
  return {
    title: 'A whole command, from its start to its end',
    unit: 'ms',
    digits: 0,
    rounds: 7,
    floor: 'node -e 0',
    note: 'In a project without a state, so the database is made as well; `tasks.nothing` is a function of an `.mjs` file.',
    goals: [
      { contender: command, of: 'ratio', atMost: 3 },
      { contender: functionTask, of: 'ratio', atMost: 3 },
    ],
    contenders: [
      contender(
        'node -e 0',
        async () => (await secondsOf(process.execPath, ['-e', '0'], workshop.project)) * 1_000,
      ),
      contender(command, () => wholeCommandMs(workshop, '/bin/true')),
      contender(functionTask, () => wholeCommandMs(workshop, 'tasks.nothing')),
    ],
  };
}

function memory(workshop: Workshop): Comparison {
  const alone = 'runner, one chain';
  const many = `runner, one of ${crowd}`;
  const commandWorker = 'its command worker';
  return {
    title: 'Memory while a chain cools down',
    unit: 'MiB',
    digits: 1,
    rounds: 2,
    floor: 'idle Node',
    note: `PSS of one process: pages that several processes share count in parts. "One of ${crowd}" is the mean with ${crowd} runners at once.`,
    goals: [
      { contender: alone, of: 'median', atMost: 60 },
      { contender: `${commandWorker} (one of ${crowd})`, of: 'median', atMost: 1 },
    ],
    contenders: [
      contender('idle Node', () => idleMiB(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'])),
      { ...contender('idle dash', () => idleMiB('dash', [])), missing: missing('dash', ['-c', 'exit']) },
      ...memoryPair({ workshop, task: '/bin/true', count: 1 }, [alone, `${commandWorker} (alone)`]),
      ...memoryPair({ workshop, task: '/bin/true', count: crowd }, [
        many,
        `${commandWorker} (one of ${crowd})`,
      ]),
      ...memoryPair({ workshop, task: 'tasks.nothing', count: 1 }, [
        'runner, one function chain',
        'its function worker',
      ]),
    ],
  };
}

// Both figures are of the same processes: whichever is asked for second gets what the first one saw.
function memoryPair(
  crowdOf: { readonly workshop: Workshop; readonly task: string; readonly count: number },
  names: readonly [string, string],
): readonly Contender[] {
  const { workshop, task, count } = crowdOf;
  let seen: Promise<MemoryFigures> | null = null;
  function look(): Promise<MemoryFigures> {
    const figures = seen ?? idleMemory(workshop, task, count);
    seen = seen === null ? figures : null;
    return figures;
  }
  return [
    contender(names[0], async () => (await look()).runner),
    contender(names[1], async () => (await look()).worker),
  ];
}

function contender(name: string, measureOnce: () => Promise<number>): Contender {
  return { name, missing: null, measure: measureOnce };
}

function shellLoop(workshop: Workshop, shell: string): Contender {
  return {
    name: `${shell} loop`,
    missing: missing(shell, ['-c', 'exit']),
    async measure() {
      const bytes = workshop.fresh();
      const loop = `i=0; while [ $i -lt ${loopRuns} ]; do i=$((i+1)); ${workshop.append.path} ${bytes}; done`;
      const seconds = await secondsOf(shell, ['-c', loop], workshop.folder);
      if (sizeOf(bytes) !== loopRuns) throw new Error(`The ${shell} loop lost runs`);
      return loopRuns / seconds;
    },
  };
}

function bareSpawn(workshop: Workshop): Promise<unknown> {
  const words = [workshop.append.path, workshop.fresh()];
  return answerOf(process.execPath, [script('bare-spawn'), String(spawnRuns), ...words]);
}

function runnerFigures(workshop: Workshop): ReturnType<typeof commandChain> {
  return commandChain(workshop, commandRuns);
}

// Until something is written to its input, the program waits.
function idleMiB(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    setTimeout(() => {
      resolve(memoryMiBOf(child.pid ?? 0));
      child.kill('SIGKILL');
    }, 500);
  });
}

function script(name: string): string {
  return fileURLToPath(new URL(`${name}.js`, import.meta.url));
}

function tellProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
