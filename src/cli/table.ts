import Table from 'cli-table3';
import stringWidth from 'string-width';

/** How much room a table has. */
export interface TableRoom {
  /** Columns of the terminal. */
  readonly width: number;
  /** The most that each column may take; the last one takes what is left. */
  readonly most: readonly number[];
}

const gap = 2;

/** Prints rows under a heading, without lines around them: it can be read, and cut by tools. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(linesOf(heading, rows, []).join('\n'));
}

/** The lines of a table that fits into some room; what does not is cut, and ends with a dot of three. */
export function tableLines(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  { width, most }: TableRoom,
): readonly string[] {
  const widths = most.map((limit, column) => {
    const cells = [heading, ...rows].map((row) => stringWidth(row[column] ?? ''));
    return Math.min(limit, Math.max(...cells));
  });
  const used = widths.reduce((sum, one) => sum + one + gap, 0);
  return linesOf(heading, rows, [...widths, Math.max(10, width - used)]);
}

function linesOf(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
): readonly string[] {
  const none = Object.fromEntries(borders.map((name) => [name, '']));
  const table = new Table({
    head: [...heading],
    colWidths: [...widths],
    chars: { ...none, middle: ' '.repeat(gap) },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

const borders = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
] as const;
