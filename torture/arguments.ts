import { parseArgs } from 'node:util';

/** What is asked for on the command line. */
export interface Asked {
  /** Keys of cases; empty for all. */
  readonly cases: readonly string[];
  /** Keys of contenders; empty for all. */
  readonly only: readonly string[];
  /** How often the runner is killed in the first case; `null` for the usual number. */
  readonly kills: number | null;
  readonly seed: number;
  /** Each fault as seldom as makes sense. */
  readonly isShort: boolean;
  readonly isJson: boolean;
  readonly isHelp: boolean;
}

/** What may be asked for, by key and in words. */
interface Choice {
  readonly key: string;
  readonly title: string;
}

/** The choices of both kinds. */
export interface Choices {
  readonly cases: readonly Choice[];
  readonly contenders: readonly Choice[];
}

/** Why the command line cannot be understood, in a sentence. */
export class WrongUsage extends Error {}

/** Reads the command line. @throws WrongUsage */
export function readArguments(words: readonly string[], choices: Choices): Asked {
  const { values, positionals } = parse(words);
  for (const word of positionals) mustBeOne('case', word, choices.cases);
  const only = values.only?.split(',') ?? [];
  for (const word of only) mustBeOne('supervisor', word, choices.contenders);
  return {
    cases: positionals,
    only,
    kills: values.kills === undefined ? null : readNumber('kills', values.kills),
    seed: values.seed === undefined ? Date.now() % 1_000_000 : readNumber('seed', values.seed),
    isShort: values.short ?? false,
    isJson: values.json ?? false,
    isHelp: values.help ?? false,
  };
}

/** The text of `--help`. */
export function helpText({ cases, contenders }: Choices): string {
  return [
    'npm run torture -- [CASE...] [--only SUPERVISOR,...] [--kills N] [--seed N] [--short] [--json] [--help]',
    '',
    'Does to the runner, and to other supervisors beside it, what happens to one in its life, with real processes. A',
    'witness that none of them knows says whether two runs were in progress at once, and how each run truly ended.',
    'Without words it does all, and writes torture/results.md. The exit status is 1 when the runner broke a promise.',
    '',
    'Cases:',
    ...cases.map(({ key, title }) => `  ${key.padEnd(14)} ${title}`),
    '',
    'Supervisors:',
    ...contenders.map(({ key, title }) => `  ${key.padEnd(14)} ${title}`),
    '',
    'Options:',
    '  --only NAMES   only these supervisors, with commas between them',
    '  --kills N      how often the runner is killed in the case "kill"',
    '  --seed N       the seed of the random moments, to do the same again',
    '  --short        make each fault only once or twice',
    '  --json         print the results as JSON',
  ].join('\n');
}

function parse(words: readonly string[]): ReturnType<typeof parseWords> {
  try {
    return parseWords(words);
  } catch (error) {
    throw new WrongUsage(
      `Cannot read the options: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function parseWords(words: readonly string[]): {
  readonly values: {
    readonly only?: string;
    readonly kills?: string;
    readonly seed?: string;
    readonly short?: boolean;
    readonly json?: boolean;
    readonly help?: boolean;
  };
  readonly positionals: readonly string[];
} {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { only: text, kills: text, seed: text, short: flag, json: flag, help: flag };
  return parseArgs({ args: [...words], options, allowPositionals: true });
}

function mustBeOne(kind: string, word: string, choices: readonly Choice[]): void {
  if (choices.some(({ key }) => key === word)) return;
  const known = choices.map(({ key }) => key).join(', ');
  throw new WrongUsage(`Cannot find a ${kind} "${word}": write one of ${known}`);
}

function readNumber(name: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new WrongUsage(`Cannot read --${name}: found "${text}", write a number from 1 to 9999999`);
}
