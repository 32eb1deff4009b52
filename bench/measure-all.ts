import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { measure, type Comparison } from './comparison.ts';
import { historyComparison } from './history-figures.ts';
import { memoryComparisons } from './memory-comparisons.ts';
import { oneChainComparisons } from './one-chain-comparisons.ts';
import { profileOfRun, profileTitle } from './profile.ts';
import { alignedTable, goalHead, goalRows, machineText, tableOf } from './report.ts';
import { startComparisons } from './start-comparisons.ts';
import { upComparisons } from './up-comparisons.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

const resultsFile = fileURLToPath(new URL('../../bench/results.md', import.meta.url));

/** What is asked of the benchmarks. */
export interface Asked {
  /** Only what has one of these in its title; all of it when there is none. */
  readonly words: readonly string[];
  /** At most so many rounds of each comparison; `null` for as many as each has. */
  readonly rounds: number | null;
  /** Print the titles, and measure nothing. */
  readonly isList: boolean;
}

/** One part of the results. */
interface Part {
  readonly title: string;
  readonly measure: () => Promise<Measured>;
}

/** What a part has come to. */
interface Measured {
  /** Markdown, which ends with a sentence. */
  readonly text: string;
  /** The rows of its goals. */
  readonly goals: readonly (readonly string[])[];
  /** Whether no contender failed. */
  readonly isGood: boolean;
}

/**
 * Measures what is asked for and prints its tables. The results are written down only when that was all of it, in full.
 * Resolves to the exit status: 0, 1 when a contender failed, or 2 when no title has one of the words.
 */
export async function measureAll({ words, rounds, isList }: Asked): Promise<number> {
  const machine = machineText();
  const workshop = openWorkshop();
  try {
    const all = partsOf(workshop, rounds);
    const unknown = words.find((word) => !all.some((part) => hasWord(part, word)));
    if (unknown !== undefined) {
      console.error(
        `Cannot find what to measure: no title has "${unknown}"; "npm run bench -- --list" prints the titles`,
      );
      return 2;
    }
    const chosen = all.filter((part) => words.length === 0 || words.some((word) => hasWord(part, word)));
    if (isList) {
      for (const { title } of chosen) console.log(title);
      return 0;
    }
    return await measureParts(chosen, { machine, isWhole: words.length === 0 && rounds === null });
  } finally {
    workshop.remove();
  }
}

async function measureParts(
  parts: readonly Part[],
  { machine, isWhole }: { readonly machine: string; readonly isWhole: boolean },
): Promise<number> {
  const startedMs = performance.now();
  const texts: string[] = [];
  const goals: (readonly string[])[] = [];
  let isGood = true;
  for (const part of parts) {
    const beganMs = performance.now();
    const measured = await part.measure();
    tellProgress('');
    const text = `${measured.text} Took ${secondsText(performance.now() - beganMs)}.`;
    console.log(`${text}\n`);
    texts.push(text);
    goals.push(...measured.goals);
    isGood &&= measured.isGood;
  }
  const head = '# Results\n\nMade by `npm run bench`; `docs/performance.md` says what is measured and how.';
  const length = `- Length: ${secondsText(performance.now() - startedMs)} in all`;
  const summary = `## The goals\n\n${alignedTable([goalHead, ...goals]).join('\n')}`;
  const whole = [head, `${machine}\n${length}`, summary, ...texts];
  if (isWhole) writeFileSync(resultsFile, `${whole.join('\n\n')}\n`);
  else console.log(`${summary}\n\n${machine}\n${length}`);
  return isGood ? 0 : 1;
}

/** In the order of the results. */
function partsOf(workshop: Workshop, mostRounds: number | null): readonly Part[] {
  const comparisons = [
    ...oneChainComparisons(workshop),
    ...startComparisons(workshop),
    ...memoryComparisons(workshop),
    ...upComparisons(workshop),
    historyComparison(workshop),
  ];
  return [
    ...comparisons.map((comparison) => partOf(comparison, mostRounds)),
    {
      title: profileTitle,
      measure: async () => ({ text: await profileOfRun(workshop, tellProgress), goals: [], isGood: true }),
    },
  ];
}

function partOf(comparison: Comparison, mostRounds: number | null): Part {
  const rounds = Math.min(comparison.rounds, mostRounds ?? Infinity);
  return {
    title: comparison.title,
    async measure() {
      const results = await measure(comparison, { rounds, tell: tellProgress });
      return {
        text: tableOf(comparison, results, rounds),
        goals: goalRows(comparison, results),
        isGood: results.every(({ unmeasured }) => unmeasured?.isFault !== true),
      };
    },
  };
}

function hasWord({ title }: Part, word: string): boolean {
  return title.toLowerCase().includes(word.toLowerCase());
}

function secondsText(lengthMs: number): string {
  const seconds = Math.round(lengthMs / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function tellProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
