/** The columns of a row by their names; none for what is no row. */
export function fieldsOf(row: unknown): Readonly<Record<string, unknown>> {
  return typeof row === 'object' && row !== null ? { ...row } : {};
}

/** The number in a column, `null` where it has none. */
export function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** What a column holds as JSON, `null` where it is empty. */
export function jsonOrNull(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value) : null;
}
