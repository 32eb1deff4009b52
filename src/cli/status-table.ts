import { styleText } from 'node:util';
import type { RunnerFigures, StatusAnswer } from '../control-port.ts';
import type { ChainStatus, StatusWord } from '../core/status.ts';
import { toDurationMs } from '../core/units.ts';
import { lengthText } from './outcome-text.ts';
import { mutedChains, openIncidents } from './status-incidents.ts';
import { whyText } from './status-text.ts';
import { tableLines } from './table.ts';
import { visible } from './visible.ts';

const longestChain = 20;
const longestState = 14;
const longestTask = { narrow: 16, wide: 32 };
const wideFrom = 110;

/**
 * All chains, one line each, within `width` columns; what needs somebody comes first. It reads as well without colours.
 */
export function statusTable({ runner, chains, incidents }: StatusAnswer, width: number): string {
  const head = [...headOf(runner, chains), ...mutedChains(chains, width), ...openIncidents(incidents, width)];
  if (chains.length === 0)
    return [...head, 'no chains: add some to the configuration, then "runner reload"'].join('\n');
  const ordered = chains.toSorted((one, other) => rankOf(one) - rankOf(other));
  const rows = ordered.map((status) => {
    const { chain, state, task } = status;
    return [chain, wordOf(state), visible(task), visible(whyText(status))];
  });
  const [heading = '', ...lines] = tableLines(['chain', 'state', 'task', 'why'], rows, {
    width,
    most: [longestChain, longestState, width < wideFrom ? longestTask.narrow : longestTask.wide],
  });
  const painted = lines.map((line, index) => paint(line, ordered[index]));
  return [...head, heading, ...painted].join('\n');
}

/** The words of the column: shorter than those of the API where a line is short. */
function wordOf(state: StatusWord): string {
  const short: Partial<Record<StatusWord, string>> = {
    'worker starting': 'starting',
    'worker blocked': 'blocked',
    'worker cannot start': 'cannot start',
    'store fails': 'cannot store',
    'held elsewhere': 'elsewhere',
  };
  return short[state] ?? state;
}

function headOf(runner: RunnerFigures, chains: readonly ChainStatus[]): readonly string[] {
  const up = lengthText(toDurationMs(Math.max(0, Math.floor((Date.now() - runner.since) / 1_000) * 1_000)));
  const many = chains.length === 1 ? '1 chain' : `${chains.length} chains`;
  const memory = `${Math.round(runner.memoryBytes / 1_048_576)} MB`;
  const first = `runner ${runner.version}, process ${runner.pid}, up ${up}, ${many}, ${memory}`;
  if (runner.successor !== null)
    return [first, `gives its chains to process ${runner.successor}, each after its run`];
  return runner.isEnding ? [first, 'ends after the runs in progress'] : [first];
}

/** 0 for what needs somebody, 1 for what somebody wanted, 2 for what goes well. */
function rankOf({ state, last, heldBy }: ChainStatus): number {
  // An upgrade that goes on.
  if (heldBy?.isGiving === true) return 2;
  const needsSomebody: readonly StatusWord[] = [
    'worker cannot start',
    'store fails',
    'cannot begin',
    'worker blocked',
    'left behind',
    'held elsewhere',
  ];
  if (needsSomebody.includes(state) || (last !== null && last.streak > 0)) return 0;
  return state === 'paused' || state === 'stopped' ? 1 : 2;
}

function paint(line: string, status: ChainStatus | undefined): string {
  if (status === undefined || !process.stdout.isTTY || (process.env['NO_COLOR'] ?? '') !== '') return line;
  const rank = rankOf(status);
  if (rank === 0) return styleText('red', line);
  return rank === 1 ? styleText('yellow', line) : line;
}
