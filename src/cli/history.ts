import type { HistoryEntry } from '../store/history.ts';
import { exitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { countOption, isGiven, stateDirectory, type RawOptions } from './options.ts';
import { localTime } from './local-time.ts';
import { lengthText, memoryText, storedOutcomeText } from './outcome-text.ts';
import { readState } from './read-state.ts';
import { visibleLine } from './visible.ts';

/** `runner history`: the last runs, the newest last. */
export async function history(chain: string | null, options: RawOptions): Promise<void> {
  const what = { directory: stateDirectory(options), chain };
  await guarded(isGiven(options, 'debug'), () =>
    readState(what, async (database) => {
      const { readHistory } = await import('../store/history.ts');
      const entries = readHistory(database, { chain, run: null, limit: countOption(options, 'limit') ?? 20 });
      if (isGiven(options, 'json')) for (const entry of entries) console.log(JSON.stringify(entry));
      else await printEntries(what.directory, entries);
      return exitStatus.success;
    }),
  );
}

async function printEntries(directory: string, entries: readonly HistoryEntry[]): Promise<void> {
  const { printTable } = await import('./table.ts');
  const outcomes = await Promise.all(entries.map((entry) => outcomeOf(directory, entry)));
  const rows = entries.map((entry, index) => [
    localTime(entry.startedAt),
    entry.chain,
    String(entry.run),
    visibleLine(entry.task),
    entry.endedAt === null ? '' : lengthText(entry.durationMs),
    entry.cpuMs === null ? '' : lengthText(entry.cpuMs),
    entry.memoryKib === null ? '' : memoryText(entry.memoryKib),
    visibleLine(outcomes[index] ?? ''),
  ]);
  printTable(['started', 'chain', 'run', 'task', 'took', 'cpu', 'memory', 'outcome'], rows);
}

// Without an outcome, the runner that started it may have died; how it ended is found out by the next one.
async function outcomeOf(directory: string, entry: HistoryEntry): Promise<string> {
  if (entry.outcome !== null) return storedOutcomeText(entry.outcome, entry.detail);
  const { hasProcesses } = await import('../compose/host.ts');
  return hasProcesses(directory, entry.chain)
    ? 'in progress'
    : 'not known: start the chain again to find out';
}
