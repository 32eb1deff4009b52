import type { ChainDefinition, ChainName } from './definition.ts';

/** What a new configuration means for one chain; a change comes into force after the run in progress. */
export interface PlannedChange {
  readonly chain: ChainName;
  readonly what: 'new' | 'changed' | 'untouched' | 'removed';
  /** The names of what is different, such as `tasks` or `env.TZ`; the values may be secret. */
  readonly different: readonly string[];
}

/** Compares two configurations chain by chain, in the order of the new one; what was removed comes last. */
export function planReload(
  present: readonly ChainDefinition[],
  wanted: readonly ChainDefinition[],
): readonly PlannedChange[] {
  const known = new Map(present.map((definition) => [definition.name, definition]));
  const kept = new Set(wanted.map(({ name }) => name));
  const removed = present.filter(({ name }) => !kept.has(name));
  return [
    ...wanted.map((definition) => changeOf(known.get(definition.name) ?? null, definition)),
    ...removed.map(({ name }): PlannedChange => ({ chain: name, what: 'removed', different: [] })),
  ];
}

function changeOf(before: ChainDefinition | null, after: ChainDefinition): PlannedChange {
  if (before === null) return { chain: after.name, what: 'new', different: [] };
  const different = differences(before, after);
  return { chain: after.name, what: different.length === 0 ? 'untouched' : 'changed', different };
}

function differences(before: ChainDefinition, after: ChainDefinition): readonly string[] {
  // The version is a name for what has changed, if anything has.
  const { environment: oldEnvironment, codeVersion: _old, ...oldValues } = before;
  const { environment: newEnvironment, codeVersion: _new, ...newValues } = after;
  return [
    ...differentKeys(oldValues, newValues),
    ...differentKeys(oldEnvironment, newEnvironment).map((name) => `env.${name}`),
  ];
}

/** The names of what is not the same in both, in alphabetical order. */
export function differentKeys(one: object, other: object): readonly string[] {
  const [left, right] = [new Map(Object.entries(one)), new Map(Object.entries(other))];
  const keys = new Set([...left.keys(), ...right.keys()]);
  return [...keys].filter((key) => canonical(left.get(key)) !== canonical(right.get(key))).toSorted();
}

/** The same text for the same data, in whatever order the keys of its objects were written. */
function canonical(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`).join()}}`;
}
