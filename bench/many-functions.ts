import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerOf, processorMsOf } from './process-figures.ts';
import { prepareRestingChains } from './resting-chains.ts';
import { numberIn } from './runner-figures.ts';
import { pause, percentile, startUp } from './up-figures.ts';
import type { Workshop } from './workshop.ts';

const timersScript = fileURLToPath(new URL('bare-timers.js', import.meta.url));
const storedScript = fileURLToPath(new URL('stored-timers.js', import.meta.url));
/** How many chains there are, or timers. */
const count = 10_000;
const periodMs = 60_000;
/** Until then all is up, also the worker, which one chain starts that is due at once. */
const readyMs = 40_000;

/** What waits that end all the time cost, evenly spread over a minute. */
export interface WaitFigures {
  /** The share of a core, in percent, of the process in which they are. */
  readonly percentOfCore: number;
  /** By how many milliseconds the latest of a hundred ends late. */
  readonly lateMs: number;
}

/** 10 000 function chains of 60 s in one shared worker; as late as the function begins. */
export async function manyFunctions(workshop: Workshop): Promise<WaitFigures> {
  const folder = workshop.fresh();
  mkdirSync(folder, { recursive: true });
  const names = Array.from({ length: count }, (_, index) => `c${index}`);
  const chain = { tasks: ['tasks.rested'], cooldown: `${periodMs}ms`, isolation: 'shared' };
  const rests = names.map(
    (name, index) => [name, index === 0 ? 0 : readyMs + (index * periodMs) / count] as const,
  );
  await prepareRestingChains(join(folder, '.runner'), new Map(rests));
  const preparedMs = performance.now();
  const runner = await startUp(workshop, Object.fromEntries(names.map((name) => [name, chain])), { folder });
  try {
    // The first period warms everything up, and says when each run ended. The second one counts.
    await pause(preparedMs + readyMs + periodMs - performance.now());
    const before = { ms: performance.now(), cpuMs: processorMsOf(runner.pid) };
    await pause(periodMs);
    const usedMs = processorMsOf(runner.pid) - before.cpuMs;
    const percentOfCore = (100 * usedMs) / (performance.now() - before.ms);
    return { percentOfCore, lateMs: percentile(readRests(folder), 0.99) - periodMs };
  } finally {
    await runner.stop();
  }
}

/** 10 000 timers of 60 s in a Node that does nothing else. */
export function bareTimers(): Promise<WaitFigures> {
  return figuresOf([timersScript, String(count), String(periodMs)]);
}

/** The same, each with a question to another Node and its answer, and both stored. */
export function storedTimers(workshop: Workshop): Promise<WaitFigures> {
  return figuresOf([storedScript, String(count), String(periodMs), workshop.fresh()]);
}

async function figuresOf(words: readonly string[]): Promise<WaitFigures> {
  const answer = await answerOf(process.execPath, words);
  return { percentOfCore: numberIn(answer, 'percentOfCore'), lateMs: numberIn(answer, 'lateMs') };
}

function readRests(folder: string): readonly number[] {
  const rests: unknown = JSON.parse(readFileSync(join(folder, 'rests.json'), 'utf8'));
  if (!Array.isArray(rests) || rests.length < count * 0.9) throw new Error('Too few chains ran twice');
  const numbers = rests.map(Number);
  const [shortest = 0] = numbers.toSorted((one, other) => one - other);
  // The end of a run is known in whole milliseconds.
  if (shortest < periodMs - 1) throw new Error(`A run began ${periodMs - shortest} ms early`);
  return numbers;
}
