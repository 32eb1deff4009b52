import { hasProcesses } from '../compose.ts';
import type { HistoryEntry } from '../store/history.ts';
import { hasState, stateFolderAt } from '../system/state-folder.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { countOption, isGiven, stateDirectory, type RawOptions } from './options.ts';
import { lengthText, storedOutcomeText } from './outcome-text.ts';

/** `runner history`: the last runs, the newest last. */
export async function history(chain: string | null, options: RawOptions): Promise<void> {
  await guarded(isGiven(options, 'debug'), async () => {
    const directory = stateDirectory(options);
    if (!hasState(directory)) return nothingYet(directory);
    const [{ openState }, { readChainNames, readHistory }] = await Promise.all([
      import('../store/open-state.ts'),
      import('../store/history.ts'),
    ]);
    const database = await openState(stateFolderAt(directory).database);
    try {
      const names = readChainNames(database);
      if (chain !== null && !names.includes(chain)) return unknownChain(chain, names);
      const entries = readHistory(database, { chain, run: null, limit: countOption(options, 'limit') ?? 20 });
      if (isGiven(options, 'json')) for (const entry of entries) console.log(JSON.stringify(entry));
      else await printEntries(directory, entries);
      return exitStatus.success;
    } finally {
      database.close();
    }
  });
}

/** Says that no chain has run there. */
export function nothingYet(directory: string): ExitStatus {
  console.error(
    `Nothing has run yet: there is no state in "${directory}"; name another folder with --state-dir`,
  );
  return exitStatus.usage;
}

/** Says which chains there are instead. */
export function unknownChain(chain: string, names: readonly string[]): ExitStatus {
  console.error(`No chain "${chain}" has ever run here; there are: ${names.join(', ')}`);
  return exitStatus.usage;
}

async function printEntries(directory: string, entries: readonly HistoryEntry[]): Promise<void> {
  const { printTable } = await import('./table.ts');
  const rows = entries.map((entry) => [
    new Date(entry.startedAt).toLocaleString('sv'),
    entry.chain,
    String(entry.run),
    entry.task,
    entry.endedAt === null ? '' : lengthText(entry.durationMs),
    entry.outcome === null ? openText(directory, entry.chain) : storedOutcomeText(entry),
  ]);
  printTable(['started', 'chain', 'run', 'task', 'took', 'outcome'], rows);
}

// The runner that started it may have died; how it ended is found out by the next one.
function openText(directory: string, chain: string): string {
  return hasProcesses(directory, chain) ? 'in progress' : 'not known: start the chain again to find out';
}
