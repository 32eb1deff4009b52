import Table from 'cli-table3';

/** Prints rows under a heading, without lines around them: it can be read, and cut by tools. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const none = Object.fromEntries(borders.map((name) => [name, '']));
  const table = new Table({
    head: [...heading],
    chars: { ...none, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => [...row]));
  console.log(
    table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n'),
  );
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
