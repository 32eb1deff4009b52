import { once } from 'node:events';
import { parseDuration } from '../core/duration.ts';
import type { LogPosition } from '../core/event.ts';
import { openLogFiles, presentEnd, type LogFiles } from '../log/read-log.ts';
import type { Database } from '../store/database.ts';
import type { StateFolder } from '../system/state-folder.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { createLogPrinter, type LogLook, type LogPrinter } from './log-printer.ts';
import type { LogPart } from './log-parts.ts';
import { countOption, isGiven, stateDirectory, textOption, type RawOptions } from './options.ts';
import { readState } from './read-state.ts';

/** How many lines are shown when nothing else is asked for. */
const usualLines = 100;

/** `runner logs`: what the tasks have written, of some chains or of all. */
export async function logs(chains: readonly string[], options: RawOptions): Promise<void> {
  await guarded(isGiven(options, 'debug'), async () => {
    const asked = readQuestion(chains, options);
    if (typeof asked === 'string') {
      console.error(asked);
      return exitStatus.usage;
    }
    const directory = stateDirectory(options);
    if (isGiven(options, 'runner')) {
      const { printRunnerLog } = await import('./runner-log-view.ts');
      return printRunnerLog(directory, asked);
    }
    const show = (database: Database, folder: StateFolder): Promise<ExitStatus> =>
      answer({ database, folder, printer: createLogPrinter(asked.look, print) }, asked);
    return readState({ directory, chain: null }, show);
  });
}

/** What somebody wants to see. */
export interface LogQuestion {
  /** `null` for all chains. */
  readonly chains: readonly string[] | null;
  readonly run: number | null;
  readonly since: number;
  readonly lines: number | null;
  readonly isFollowing: boolean;
  readonly look: LogLook;
}

/** What is read, and where it is printed. */
export interface LogSource {
  readonly database: Database;
  readonly folder: StateFolder;
  readonly printer: LogPrinter;
}

/** The question, or why it cannot be answered. */
function readQuestion(chains: readonly string[], options: RawOptions): LogQuestion | string {
  const run = countOption(options, 'run');
  const since = textOption(options, 'since');
  const isFollowing = isGiven(options, 'follow');
  const isRaw = isGiven(options, 'raw');
  const isTerminal = process.stdout.isTTY;
  const [chain] = chains;
  if (run !== null && (chains.length !== 1 || isFollowing || isGiven(options, 'runner'))) {
    return `Cannot print run ${run}: name one chain and nothing else, as in "runner logs ${chain ?? 'mail'} --run ${run}"`;
  }
  if (isGiven(options, 'runner') && chain !== undefined) {
    return `Cannot print the log of the runner and of chain "${chain}" together: leave out one of them`;
  }
  if (isRaw && isTerminal) {
    return 'Cannot print raw bytes on a terminal, which they could control: send them to a file or a pipe, as in "runner logs --raw > file"';
  }
  const length = since === undefined ? null : parseDuration(since);
  if (length?.kind === 'problem') return `Cannot read --since: ${length.problem}`;
  const lines = countOption(options, 'lines') ?? (length === null ? usualLines : null);
  const isOne = chains.length === 1;
  return {
    chains: chain === undefined ? null : chains,
    run,
    since: length === null ? 0 : Date.now() - length.durationMs,
    lines,
    isFollowing,
    look: { isTerminal, hasPrefix: !isRaw && !isOne && (isFollowing || !isTerminal) },
  };
}

async function answer(source: LogSource, asked: LogQuestion): Promise<ExitStatus> {
  const { database, folder } = source;
  const { readChainNames } = await import('../store/history.ts');
  const names = readChainNames(database);
  const unknown = asked.chains?.find((chain) => !names.includes(chain));
  if (unknown !== undefined) {
    console.error(`No chain "${unknown}" has ever run here; there are: ${names.join(', ')}`);
    return exitStatus.usage;
  }
  const files = openLogFiles(folder.logs);
  try {
    const [chain] = asked.chains ?? [];
    if (asked.run !== null && chain !== undefined)
      return await printRun(source, files, { chain, run: asked.run });
    const ends = new Map(names.map((name) => [name, presentEnd(folder.logs, name)]));
    await printLast(source, files, { asked, ends });
    if (!asked.isFollowing) return exitStatus.success;
    const [{ followChains }, { createBoundedOutput }] = await Promise.all([
      import('./follow-chains.ts'),
      import('./bounded-output.ts'),
    ]);
    const output = createBoundedOutput(process.stdout, (pieces) => `... ${pieces} pieces left out ...\n`);
    const printer = createLogPrinter(asked.look, (piece) => output.write(piece));
    return await followChains({ ...source, printer }, asked, ends);
  } finally {
    files.close();
  }
}

async function printRun(
  source: LogSource,
  files: LogFiles,
  wanted: { readonly chain: string; readonly run: number },
): Promise<ExitStatus> {
  const { chain, run } = wanted;
  const { readHistory } = await import('../store/history.ts');
  const [entry] = readHistory(source.database, { chain, run, limit: 1 });
  if (entry === undefined) {
    console.error(`Chain "${chain}" has no run ${run} in its history; see "runner history ${chain}"`);
    return exitStatus.usage;
  }
  source.printer.heading(entry);
  if (await printPart(source.printer, files, { entry, range: entry.log })) return exitStatus.success;
  console.error(
    `The output of run ${run} is not kept any more: log files are removed to make room for new ones`,
  );
  return exitStatus.usage;
}

async function printLast(
  { database, printer }: LogSource,
  files: LogFiles,
  wanted: { readonly asked: LogQuestion; readonly ends: ReadonlyMap<string, LogPosition> },
): Promise<void> {
  const { findParts } = await import('./log-parts.ts');
  const { chains, since, lines } = wanted.asked;
  // A chain that appeared just now is for the follower.
  const endOf = (chain: string): LogPosition => wanted.ends.get(chain) ?? { generation: 1, offset: 0 };
  for (const part of await findParts(database, files, { chains, since, lines, endOf })) {
    await printPart(printer, files, part);
  }
}

/** Prints a part under its heading; `false` when it is not kept any more. */
async function printPart(printer: LogPrinter, files: LogFiles, { entry, range }: LogPart): Promise<boolean> {
  const pieces = files.read(entry.chain, range);
  if (pieces === null) return false;
  let hasBegun = false;
  for await (const piece of pieces) {
    if (!hasBegun) printer.heading(entry);
    hasBegun = true;
    printer.write(entry.chain, piece);
    // A slow reader would else have all of it waiting in the memory.
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
  }
  printer.finish(entry.chain);
  return true;
}

function print(piece: string | Buffer): void {
  process.stdout.write(piece);
}
