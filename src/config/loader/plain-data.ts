import { describeFound } from '../describe-found.ts';
import type { KeyPath } from '../problem.ts';

/** Told for each value that cannot be data. */
export type TellValue = (path: KeyPath, message: string) => void;

/** Stands in a list for an item that was left out, so that the others keep their positions. */
export const placeholder = 'sh: :';

const deepest = 64;
const refusedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Copies what a configuration gave into plain objects and lists. Keys that JavaScript gives a meaning and
 * values that are not data are told and left out; functions stay, for the schema to refuse by name.
 */
export function toPlainData(value: unknown, tell: TellValue): unknown {
  return copyOf(value, { path: [], above: [], tell });
}

interface CopyPosition {
  readonly path: KeyPath;
  readonly above: readonly object[];
  readonly tell: TellValue;
}

function copyOf(value: unknown, position: CopyPosition): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { path, above, tell } = position;
  if (above.includes(value)) {
    tell(path, 'Cannot read the value: it holds itself, write it out');
    return undefined;
  }
  if (above.length >= deepest) {
    tell(path, `Cannot read the value: it is more than ${deepest} levels deep, write fewer`);
    return undefined;
  }
  const below = { ...position, above: [...above, value] };
  if (Array.isArray(value))
    return value.map((item: unknown, index) => itemOf(item, { ...below, path: [...path, index] }));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    tell(
      path,
      `Cannot read the value: found ${describeFound(value)}, write a plain object, list, text or number`,
    );
    return undefined;
  }
  return objectOf(value, below);
}

function itemOf(item: unknown, position: CopyPosition): unknown {
  const copy = copyOf(item, position);
  return copy === undefined && item !== undefined ? placeholder : copy;
}

function objectOf(value: object, below: CopyPosition): Record<string, unknown> {
  const entries = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    const path = [...below.path, key];
    if (refusedKeys.has(key)) {
      below.tell(
        path,
        `Cannot use the key "${key}": it has a meaning of its own in JavaScript, choose another name`,
      );
      return [];
    }
    const copy = copyOf(item, { ...below, path });
    return copy === undefined ? [] : [[key, copy]];
  });
  return Object.fromEntries(entries);
}
