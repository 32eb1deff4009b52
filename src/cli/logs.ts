import { followLog } from '../log/follow-log.ts';
import { logFileOf, readLog, startOfLastLines } from '../log/read-log.ts';
import { readGeneration } from '../log/chain-log.ts';
import type { HistoryEntry } from '../store/history.ts';
import type { StateFolder } from '../system/state-folder.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { countOption, isGiven, stateDirectory, type RawOptions } from './options.ts';
import { readState } from './read-state.ts';
import { visible } from './visible.ts';

/** `runner logs`: what the tasks of a chain have written. */
export async function logs(chain: string, options: RawOptions): Promise<void> {
  const what = { directory: stateDirectory(options), chain };
  const run = countOption(options, 'run');
  await guarded(isGiven(options, 'debug'), () =>
    readState(what, async (database, folder) => {
      if (run === null) return printEnd(folder, chain, options);
      const { readHistory } = await import('../store/history.ts');
      const [found] = readHistory(database, { chain, run, limit: 1 });
      return found === undefined ? noSuchRun(chain, run) : printRun(folder, found);
    }),
  );
}

function printRun(folder: StateFolder, { chain, run, log }: HistoryEntry): ExitStatus {
  if (readLog({ folder: folder.logs, chain }, log, print)) return exitStatus.success;
  console.error(
    `The output of run ${run} is not kept any more: log files are removed to make room for new ones`,
  );
  return exitStatus.usage;
}

function noSuchRun(chain: string, run: number): ExitStatus {
  console.error(`Chain "${chain}" has no run ${run} in its history; see "runner history ${chain}"`);
  return exitStatus.usage;
}

function printEnd(folder: StateFolder, chain: string, options: RawOptions): ExitStatus {
  const path = logFileOf(folder.logs, chain, readGeneration(folder.logs, chain));
  if (path === null) {
    console.error(`Chain "${chain}" has no log`);
    return exitStatus.usage;
  }
  const from = startOfLastLines(path, countOption(options, 'lines') ?? 100);
  const log = followLog(path, from, {
    text: (text) => print(Buffer.from(text)),
    leftOut: (bytes) => print(Buffer.from(`... ${bytes} bytes left out\n`)),
  });
  log.drain();
  if (!isGiven(options, 'follow')) log.close();
  return exitStatus.success;
}

// Raw bytes into a file or a pipe; on a terminal nothing that could do things to it.
function print(bytes: Buffer): void {
  process.stdout.write(process.stdout.isTTY ? visible(bytes.toString('utf8')) : bytes);
}
