import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { median, type Comparison, type Goal, type Result } from './comparison.ts';

/** The table of one comparison, in Markdown. */
export function tableOf(comparison: Comparison, results: readonly Result[], rounds: number): string {
  const { digits, floor, goals, title, unit, note } = comparison;
  const rows = results.map(({ contender, figures, ratio, unmeasured }) => {
    if (unmeasured !== null) {
      return [
        contender.name,
        `${unmeasured.isFault ? 'failed' : 'not measured'}: ${unmeasured.reason}`,
        '',
        '',
        '',
      ];
    }
    const spread = `${Math.min(...figures).toFixed(digits)} to ${Math.max(...figures).toFixed(digits)}`;
    const own = goals.filter((one) => one.contender === contender.name);
    return [
      contender.name,
      median(figures).toFixed(digits),
      spread,
      ratio === null || contender.name === floor ? '' : ratioText(ratio),
      own.map((goal) => goalText(goal, { figures, ratio })).join('; '),
    ];
  });
  const head = ['', unit, 'spread', `ratio to ${floor}`, 'goal'];
  const lines = [`## ${title}`, '', ...alignedTable([head, ...rows])];
  const fewer = results.filter(({ contender }) => (contender.rounds ?? rounds) < rounds);
  const but = fewer.length === 0 ? '' : `; ${fewer.map(({ contender }) => contender.name).join(', ')}: fewer`;
  const roundsText = rounds === 1 ? 'One round.' : `Median and spread of ${rounds} rounds${but}.`;
  return [...lines, '', `${note} ${roundsText}`].join('\n');
}

/** One row for each goal of a comparison: what is to be reached, what was, and what its floor and its peers do. */
export function goalRows(comparison: Comparison, results: readonly Result[]): readonly (readonly string[])[] {
  const { title, unit, digits, floor, goals } = comparison;
  const figureOf = ({ figures }: Result): string => `${median(figures).toFixed(digits)} ${unit}`;
  const measured = results.filter(({ figures }) => figures.length > 0);
  return goals.map((goal) => {
    const result = measured.find(({ contender }) => contender.name === goal.contender);
    const others = measured
      .filter(({ contender }) => contender.name !== goal.contender)
      .filter(({ contender }) => contender.isPeer === true || contender.name === floor)
      .map((one) => `${one.contender.name} ${figureOf(one)}`);
    if (result === undefined)
      return [title, goal.contender, boundText(goal), 'not measured', '', others.join(', ')];
    const figure =
      goal.of === 'ratio'
        ? `${(result.ratio ?? Number.NaN).toFixed(2)} (${figureOf(result)})`
        : figureOf(result);
    return [
      title,
      goal.contender,
      boundText(goal),
      figure,
      isReached(goal, result) ? 'reached' : '**missed**',
      others.join(', '),
    ];
  });
}

/** The head of the rows of goals. */
export const goalHead: readonly string[] = ['what', 'of', 'goal', 'measured', '', 'floor and peers'];

/** What was measured on: the machine and the programs. */
export function machineText(): string {
  const processors = cpus();
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const load = loadavg()[0]?.toFixed(2) ?? '';
  const programs = [
    `Node ${process.versions.node}`,
    `perl ${versionOf('perl', ['-e', 'printf "%vd", $^V'])}`,
    `bash ${versionOf('bash', ['-c', 'echo ${BASH_VERSION%%(*}'])}`,
  ];
  return [
    `- Machine: ${processors.length} x ${processors[0]?.model.trim() ?? 'processor'}, ${memory}, Linux ${release()}; load ${load} before`,
    `- Programs: ${programs.join(', ')}`,
    `- Date: ${new Date().toISOString().slice(0, 10)}`,
  ].join('\n');
}

function goalText(goal: Goal, result: Pick<Result, 'figures' | 'ratio'>): string {
  return `${boundText(goal)}: ${isReached(goal, result) ? 'reached' : 'missed'}`;
}

function boundText({ of, atLeast, atMost }: Goal): string {
  const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  return `${of === 'ratio' ? 'ratio ' : ''}${bound}`;
}

function isReached(
  { of, atLeast, atMost }: Goal,
  { figures, ratio }: Pick<Result, 'figures' | 'ratio'>,
): boolean {
  const value = of === 'ratio' ? (ratio ?? Number.NaN) : median(figures);
  return value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity);
}

// Two digits behind the point, and two that say something; nothing where the floor is zero.
function ratioText(ratio: number): string {
  if (!Number.isFinite(ratio)) return '';
  return ratio >= 0.1 ? ratio.toFixed(2) : ratio.toPrecision(2);
}

/** The lines of a table in Markdown; the first row is its head. */
export function alignedTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`);
  return [lines[0] ?? '', `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...lines.slice(1)];
}

function versionOf(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8' }).trim();
  } catch {
    // It is not on this machine.
    return 'missing';
  }
}
