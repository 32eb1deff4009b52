import type { LogPosition } from '../core/event.ts';
import { followLogs, type LogReader } from '../log/follow-log.ts';
import { presentEnd } from '../log/read-log.ts';
import { readRunsAfter, readRunsBackward, type HistoryEntry } from '../store/history.ts';
import type { ExitStatus } from './exit-status.ts';
import type { LogQuestion, LogSource } from './logs.ts';

/** How many runs may begin between the moment from which on a chain is followed and the first look at its runs. */
const lateRuns = 100;

/** Prints what chains write from these places on, also of chains that appear later; until the process is ended. */
export function followChains(
  source: LogSource,
  asked: LogQuestion,
  ends: ReadonlyMap<string, LogPosition>,
): Promise<ExitStatus> {
  const { folder } = source;
  const logs = followLogs(folder.logs, (chain) => {
    if (asked.chains !== null && !asked.chains.includes(chain)) return;
    const { generation } = presentEnd(folder.logs, chain);
    follow(chain, { generation, offset: 0 });
  });

  function follow(chain: string, from: LogPosition): void {
    logs.follow(
      chain,
      from,
      asked.look.isTerminal ? underHeadings(source, chain, from) : plainly(source, chain),
    );
    logs.drain(chain);
  }

  for (const [chain, end] of ends) {
    if (asked.chains === null || asked.chains.includes(chain)) follow(chain, end);
  }
  return new Promise(() => undefined);
}

function plainly({ printer }: LogSource, chain: string): LogReader {
  return {
    bytes: (bytes) => printer.write(chain, bytes),
    leftOut: (bytes) => printer.leftOut(chain, bytes),
  };
}

/** Puts a heading where the output of a run begins. A run is in the history before it starts. */
function underHeadings({ database, printer }: LogSource, chain: string, from: LogPosition): LogReader {
  const newest = readRunsBackward(database, { chains: [chain], since: 0, limit: lateRuns });
  let known = newest[0]?.run ?? 0;
  // Those that have begun, and have written nothing yet.
  let coming: readonly HistoryEntry[] = newest.filter(({ log }) => isBehind(log, from, 0)).toReversed();

  function lookForRuns(): void {
    coming = [...coming, ...readRunsAfter(database, chain, known)];
    known = coming.at(-1)?.run ?? known;
  }

  return {
    bytes(bytes, at) {
      lookForRuns();
      let done = 0;
      for (const entry of coming) {
        if (isBehind(entry.log, at, bytes.length)) break;
        coming = coming.slice(1);
        const begin = beginIn(entry, at);
        // Runs that have written nothing have no heading.
        const next = coming[0];
        if (next !== undefined && !isBehind(next.log, at, bytes.length) && beginIn(next, at) === begin)
          continue;
        if (begin > done) printer.write(chain, bytes.subarray(done, begin));
        done = Math.max(done, begin);
        printer.heading(entry);
      }
      if (done < bytes.length) printer.write(chain, bytes.subarray(done));
    },
    leftOut: (bytes) => printer.leftOut(chain, bytes),
  };
}

/** At which of the bytes that begin there the output of a run begins. */
function beginIn({ log }: HistoryEntry, at: LogPosition): number {
  return log.generation === at.generation ? Math.max(0, log.from - at.offset) : 0;
}

/** Whether the output of a run begins after these bytes. */
function isBehind(
  log: { readonly generation: number; readonly from: number },
  at: LogPosition,
  length: number,
): boolean {
  return (
    log.generation > at.generation || (log.generation === at.generation && log.from >= at.offset + length)
  );
}
