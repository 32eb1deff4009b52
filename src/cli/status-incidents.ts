import { styleText } from 'node:util';
import type { IncidentSummary } from '../core/incident-summary.ts';
import type { ChainStatus } from '../core/status.ts';
import { toDurationMs } from '../core/units.ts';
import { lengthText } from './outcome-text.ts';
import { mutedText } from './status-text.ts';
import { tableLines } from './table.ts';
import { visibleLine } from './visible.ts';

/** So many are shown above the chains, which are to be seen as well. */
const mostShown = 10;
const longest = { chain: 20, task: 16 };

/** The open incidents above the table of chains, the newest first, within `width` columns; nothing where there are none. */
export function openIncidents(incidents: readonly IncidentSummary[], width: number): readonly string[] {
  if (incidents.length === 0) return [];
  const rows = incidents
    .toReversed()
    .slice(0, mostShown)
    .map(({ id, openedAt, chain, task, failures, title }) => [
      String(id),
      sinceText(openedAt),
      chain,
      visibleLine(task),
      String(failures),
      visibleLine(title),
    ]);
  const heading = ['no', 'since', 'chain', 'task', 'failed', 'what'];
  const table = tableLines(heading, rows, { width, most: [9, 9, longest.chain, longest.task, 9] });
  const many = incidents.length === 1 ? '1 open incident' : `${incidents.length} open incidents`;
  const more = incidents.length - rows.length;
  return [
    `${many}; "runner incident ${incidents.length === 1 ? (incidents[0]?.id ?? '') : 'NO'}" shows it in full`,
    ...table.map((line, index) => (index === 0 ? line : inRed(line))),
    ...(more === 0 ? [] : [`and ${more} more, as "runner incidents --open" shows`]),
    '',
  ];
}

/** A line for each chain whose alerts are muted. */
export function mutedChains(chains: readonly ChainStatus[], width: number): readonly string[] {
  const muted = chains.flatMap(({ chain, mute }) =>
    mute === null ? [] : [cut(`${chain}: ${mutedText(mute)}`, width)],
  );
  return muted.length <= mostShown
    ? muted
    : [...muted.slice(0, mostShown - 1), `and ${muted.length - mostShown + 1} more chains are muted`];
}

/** The open incidents of one chain, a line for each. */
export function incidentsOf(chain: string, incidents: readonly IncidentSummary[]): readonly string[] {
  return incidents
    .filter((incident) => incident.chain === chain)
    .map(({ id, task, openedAt, failures, title }) => {
      const times = failures === 1 ? 'once' : `${failures} times`;
      return `  incident ${id}: ${visibleLine(task)} has failed ${times} in ${sinceText(openedAt)}: ${visibleLine(title)}`;
    });
}

// In coarse steps: what changes while it is read is not worth a digit.
function sinceText(moment: number): string {
  const agoMs = Math.max(0, Date.now() - moment);
  const stepMs = agoMs < 60_000 ? 1_000 : 60_000;
  return lengthText(toDurationMs(Math.floor(agoMs / stepMs) * stepMs));
}

function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

function inRed(line: string): string {
  return process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '' ? styleText('red', line) : line;
}
