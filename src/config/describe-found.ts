import { shorten } from '../core/plain-text.ts';
import { quoted, shownName } from '../core/quoted.ts';

const longestNumber = 30;

/** Says in a few words what stands where something else should: `the number 5`, `"soon"`, `a list`. */
export function describeFound(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return describeNumber(value);
    case 'bigint':
      return `the number ${shorten(String(value), longestNumber)}`;
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'nothing';
    case 'function':
      return value.name === '' ? 'a function' : `the function ${quoted(value.name)}`;
    case 'symbol':
      return 'a symbol';
    case 'object':
      return describeObject(value);
  }
}

/** YAML has words for numbers that are none, and `1e400` is larger than any number that can be held. */
function describeNumber(value: number): string {
  if (Number.isNaN(value)) return 'a number that is none';
  if (!Number.isFinite(value)) return 'a number without end';
  return `the number ${value}`;
}

function describeObject(value: object | null): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return 'an object';
  const maker: unknown = Reflect.get(value, 'constructor');
  return typeof maker === 'function' && maker.name !== ''
    ? `an instance of ${shownName(maker.name)}`
    : 'an object';
}
