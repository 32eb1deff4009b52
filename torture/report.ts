import { spawnSync } from 'node:child_process';
import { machineText } from '../bench/report.ts';
import type { TortureCase } from './cases.ts';
import type { Contender } from './supervised.ts';
import type { Tally } from './tally.ts';

/** What one supervisor did in one case. */
export type Result =
  | { readonly kind: 'tortured'; readonly tally: Tally }
  /** It cannot be done to this one, or not on this machine. */
  | { readonly kind: 'left out'; readonly reason: string };

/** A case with what came of it, by contender. */
export interface Row {
  readonly of: TortureCase;
  readonly results: ReadonlyMap<Contender, Result>;
}

const legend = [
  'Each cell says: *overlaps of faults, lost, wrong, stuck*. Overlaps: after how many of the faults two runs were in',
  'progress at once. Lost: runs that truly ended and of whose end nothing is known. Wrong: runs of which something untrue',
  'is said, or that began before their cooldown was over. ∅: keeps no results. Stuck: the longest time in seconds that',
  'nothing ran although the fault was over and no process of the run before was left, less the cooldown; "for ever" is',
  'more than a minute.',
].join('\n');

/** The table of all cases, in Markdown, with what its cells mean. */
export function tableOf(rows: readonly Row[], contenders: readonly Contender[]): string {
  const head = ['', ...contenders.map(({ name }) => name)];
  const notes: string[] = [];
  const lines = rows.map(({ of, results }) => [
    of.title,
    ...contenders.map((one) => cellOf(results.get(one), notes)),
  ]);
  const all = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  return [...all, '', legend, ...notes.map((note, index) => `\n[${index + 1}] ${note}.`)].join('\n');
}

/** The whole page: what was done, where and when, with which seed. */
export function pageOf(table: string, seed: number): string {
  return [
    '# What the runner and other supervisors do when it gets rough',
    '',
    `Made by \`npm run torture\`, seed ${seed}.`,
    '',
    machineText(),
    `- Debian packages: ${debianVersions()}`,
    '',
    table,
    '',
  ].join('\n');
}

function debianVersions(): string {
  const words = ['-W', '-f', '${Package} ${Version}, ', 'supervisor', 'runit', 's6'];
  const { error, stdout } = spawnSync('dpkg-query', words, { encoding: 'utf8' });
  return error === undefined ? stdout.replace(/, $/, '') : 'none';
}

/** One result in a few words. */
export function cellOf(result: Result | undefined, notes: string[]): string {
  if (result === undefined) return '';
  if (result.kind === 'left out') {
    if (!notes.includes(result.reason)) notes.push(result.reason);
    return `– [${notes.indexOf(result.reason) + 1}]`;
  }
  const { faults, overlaps, lost, wrong, stuckMs } = result.tally;
  const stuck = stuckMs === null ? 'for ever' : `${(Math.max(0, stuckMs) / 1_000).toFixed(1)} s`;
  return `${overlaps} of ${faults}, ${lost ?? '∅'}, ${wrong ?? '∅'}, ${stuck}`;
}
