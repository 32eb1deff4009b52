import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { helpText, readArguments, WrongUsage, type Asked, type Choices } from './arguments.ts';
import { cases, type TortureCase } from './cases.ts';
import { peerContenders } from './peer-contender.ts';
import { cellOf, pageOf, tableOf, type Result, type Row } from './report.ts';
import { runnerContender } from './runner-contender.ts';
import { endAll, tortureOne } from './situation.ts';
import type { Contender } from './supervised.ts';
import { isKept } from './tally.ts';

const resultsFile = fileURLToPath(new URL('../../torture/results.md', import.meta.url));
const everybody: readonly Contender[] = [runnerContender, ...peerContenders];

/** What `npm run torture` does; resolves to its exit status. */
export async function torture(words: readonly string[]): Promise<number> {
  const contenders = everybody.map(({ key, name }) => ({ key, title: name }));
  const choices: Choices = { cases, contenders };
  try {
    const asked = readArguments(words, choices);
    if (!asked.isHelp) return await tortureAll(asked);
    console.log(helpText(choices));
    return 0;
  } catch (error) {
    if (!(error instanceof WrongUsage)) throw error;
    console.error(`${error.message}\n\nnpm run torture -- --help says more`);
    return 2;
  }
}

async function tortureAll(asked: Asked): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void endAll().then(() => process.exit(130)));
  }
  const chosen = cases.filter(({ key }) => asked.cases.length === 0 || asked.cases.includes(key));
  const contenders = everybody.filter(({ key }) => asked.only.length === 0 || asked.only.includes(key));
  const missing = new Map(contenders.map((one) => [one, one.missing()]));
  const rows: Row[] = [];
  for (const one of chosen) {
    const results = new Map<Contender, Result>();
    for (const contender of contenders) {
      const reason = missing.get(contender) ?? leftOut(one, contender);
      results.set(
        contender,
        reason === null ? await tortured(one, contender, asked) : { kind: 'left out', reason },
      );
    }
    rows.push({ of: one, results });
  }
  const table = tableOf(rows, contenders);
  if (asked.isJson) console.log(JSON.stringify(rows.map(plainRow), null, 2));
  else console.log(`\n${table}\n`);
  if (asked.cases.length === 0 && asked.only.length === 0)
    writeFileSync(resultsFile, pageOf(table, asked.seed));
  const verdicts = rows.flatMap(({ results }) => verdictOf(results.get(runnerContender)));
  const failed = verdicts.filter((isGood) => !isGood).length;
  if (!asked.isJson) console.log(`${verdicts.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function tortured(one: TortureCase, contender: Contender, asked: Asked): Promise<Result> {
  const startedMs = performance.now();
  const plan = { ...one.plan, rounds: roundsOf(one, contender, asked), random: randomFrom(asked.seed) };
  const tally = await tortureOne(contender, plan);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  const result: Result = { kind: 'tortured', tally };
  const line = `${one.key.padEnd(12)} ${contender.name.padEnd(18)} ${cellOf(result, []).padEnd(26)} ${seconds} s`;
  console.error(one.key === 'kill' ? `${line}  seed ${asked.seed}` : line);
  for (const finding of tally.findings.slice(0, 20)) console.error(`  ${finding}`);
  return result;
}

function roundsOf({ key, rounds }: TortureCase, contender: Contender, asked: Asked): number {
  const usual = contender === runnerContender ? rounds.runner : rounds.peer;
  if (key === 'kill' && contender === runnerContender && asked.kills !== null) return asked.kills;
  return asked.isShort ? Math.min(usual, 2) : usual;
}

function leftOut({ without }: TortureCase, { key }: Contender): string | null {
  return without[key] ?? (key === runnerContender.key ? null : (without['peers'] ?? null));
}

function verdictOf(result: Result | undefined): readonly boolean[] {
  return result?.kind === 'tortured' ? [isKept(result.tally)] : [];
}

function plainRow({ of, results }: Row): object {
  const plain = [...results].map(([{ key, name }, result]) => ({ supervisor: key, name, ...result }));
  return { case: of.key, title: of.title, results: plain };
}

function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
