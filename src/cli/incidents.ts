import type { IncidentSummary } from '../core/incident-summary.ts';
import { toDurationMs } from '../core/units.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { incidentLines } from './incident-text.ts';
import { localTime } from './local-time.ts';
import { countOption, isGiven, stateDirectory, textOption, type RawOptions } from './options.ts';
import { lengthText } from './outcome-text.ts';
import { readState } from './read-state.ts';
import { tableLines } from './table.ts';
import { visibleLine } from './visible.ts';

const usualLimit = 20;
const mostOpen = 1_000;

/** `runner incidents`: the last ones, the newest last; also while nothing runs. */
export async function incidents(options: RawOptions): Promise<void> {
  const chain = textOption(options, 'chain') ?? null;
  const what = { directory: stateDirectory(options), chain };
  const isOpen = isGiven(options, 'open');
  await guarded(isGiven(options, 'debug'), () =>
    readState(what, async (database) => {
      const { readIncidents } = await import('../store/incidents.ts');
      const limit = countOption(options, 'limit') ?? (isOpen ? mostOpen : usualLimit);
      const found = readIncidents(database, { chain, isOpen, limit });
      if (isGiven(options, 'json')) for (const one of found) console.log(JSON.stringify(one));
      else printIncidents(found, { chain, isOpen });
      return exitStatus.success;
    }),
  );
}

/** `runner incident N`: everything that is kept of one. */
export async function incident(id: number, options: RawOptions): Promise<void> {
  const what = { directory: stateDirectory(options), chain: null };
  await guarded(isGiven(options, 'debug'), () =>
    readState(what, async (database): Promise<ExitStatus> => {
      const { readIncident } = await import('../store/incidents.ts');
      const found = readIncident(database, id);
      if (found === null) {
        console.error(`No incident ${id}: "runner incidents" lists those that are kept`);
        return exitStatus.usage;
      }
      if (isGiven(options, 'json')) console.log(JSON.stringify(found));
      else for (const line of incidentLines(found)) console.log(line);
      return exitStatus.success;
    }),
  );
}

const longest = { chain: 20, task: 14 };

function printIncidents(
  found: readonly IncidentSummary[],
  { chain, isOpen }: { readonly chain: string | null; readonly isOpen: boolean },
): void {
  if (found.length === 0) {
    console.log(`no ${isOpen ? 'open ' : ''}incidents${chain === null ? '' : ` of ${chain}`}`);
    return;
  }
  const rows = found.map((one) => [
    String(one.id),
    localTime(one.openedAt).slice(0, 16),
    one.healedAt === null ? 'OPEN' : lastedText(one.openedAt, one.healedAt),
    one.chain,
    visibleLine(one.task),
    String(one.failures),
    visibleLine(one.title),
  ]);
  const width = process.stdout.isTTY ? process.stdout.columns : Math.max(80, process.stdout.columns || 0);
  const heading = ['no', 'opened', 'lasted', 'chain', 'task', 'failed', 'what'];
  const most = [9, 16, 7, longest.chain, longest.task, 9];
  for (const line of tableLines(heading, rows, { width, most })) console.log(line);
  console.log('"runner incident NO" shows one in full');
}

function lastedText(from: number, to: number): string {
  // Minutes are exact enough, and fit the column.
  const length = Math.max(0, to - from);
  return lengthText(toDurationMs(length < 3_600_000 ? length : Math.round(length / 60_000) * 60_000));
}
