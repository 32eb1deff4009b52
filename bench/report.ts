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
    const goal = goals.find((one) => one.contender === contender.name);
    return [
      contender.name,
      median(figures).toFixed(digits),
      spread,
      ratio === null || contender.name === floor ? '' : ratioText(ratio),
      goal === undefined ? '' : goalText(goal, { figures, ratio }),
    ];
  });
  const head = ['', unit, 'spread', `ratio to ${floor}`, 'goal'];
  const lines = [`## ${title}`, '', ...alignedTable([head, ...rows])];
  const fewer = results.filter(({ contender }) => (contender.rounds ?? rounds) < rounds);
  const but = fewer.length === 0 ? '' : `; ${fewer.map(({ contender }) => contender.name).join(', ')}: fewer`;
  const roundsText = rounds === 1 ? 'One round.' : `Median and spread of ${rounds} rounds${but}.`;
  return [...lines, '', `${note} ${roundsText}`].join('\n');
}

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

function goalText(
  goal: Goal,
  { figures, ratio }: { readonly figures: readonly number[]; readonly ratio: number | null },
): string {
  const value = goal.of === 'ratio' ? (ratio ?? Number.NaN) : median(figures);
  const isReached = value >= (goal.atLeast ?? -Infinity) && value <= (goal.atMost ?? Infinity);
  const bound = goal.atLeast === undefined ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`;
  return `${goal.of === 'ratio' ? 'ratio ' : ''}${bound}: ${isReached ? 'reached' : 'missed'}`;
}

// Two digits behind the point, and two that say something.
function ratioText(ratio: number): string {
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
