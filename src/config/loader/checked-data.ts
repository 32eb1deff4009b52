import type { z } from 'zod';
import { quoted } from '../../core/quoted.ts';
import { didYouMean, listOf } from '../did-you-mean.ts';
import type { KeyPath } from '../problem.ts';
import { placeholder, type TellValue } from './plain-data.ts';

type Issue = z.core.$ZodIssue;

/**
 * Checks plain data against a schema, tells everything that is wrong with it, and gives back what is sound:
 * the data without the values that were told, so that more can be found in one go. `null` when nothing is left.
 */
export function checkData<Output>(schema: z.ZodType<Output>, data: unknown, tell: TellValue): Output | null {
  let remaining = data;
  let tellIssue: TellValue = tell;
  // Taking a key out may leave an object that lacks it, which is then taken out as a whole.
  for (let round = 0; round < 8; round += 1) {
    const result = schema.safeParse(remaining);
    if (result.success) return result.data;
    const culprits: KeyPath[] = [];
    for (const issue of result.error.issues) culprits.push(...explainIssue(issue, [], tellIssue));
    if (culprits.some((path) => path.length === 0)) return null;
    for (const path of culprits) remaining = without(remaining, presentPart(remaining, path));
    if (typeof remaining !== 'object') return null;
    // What follows from the leaving out is not the user's mistake.
    tellIssue = () => undefined;
  }
  return null;
}

/** Tells one issue and answers with the paths of the values that have to go. */
function explainIssue(issue: Issue, above: KeyPath, tell: TellValue): KeyPath[] {
  const path: KeyPath = [...above, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((issues) => !issues.some(isOfWrongType));
    if (meant !== undefined) return meant.flatMap((inner) => explainIssue(inner, path, tell));
  }
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(' ');
    return issue.keys.map((key) => {
      tell([...path, key], explainUnknownKey(key, known));
      return [...path, key];
    });
  }
  const name = path.at(-1);
  const what = typeof name === 'number' ? `${String(path.at(-2))}[${name}]` : name;
  tell(path, `Cannot read ${what === undefined ? 'the configuration' : quoted(what)}: ${issue.message}`);
  return [path];
}

/** Of a union, the member that is of another type than what was found is not what the user meant. */
function isOfWrongType(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  return (
    issue.code === 'invalid_type' ||
    (issue.code === 'invalid_union' && issue.errors.every((one) => one.some(isOfWrongType)))
  );
}

function explainUnknownKey(key: string, known: readonly string[]): string {
  // To YAML "- sh: echo hello" is an object.
  if (key === 'sh' && known.includes('run'))
    return 'Cannot find an option "sh", put the whole command between quotes such as "sh: echo hello"';
  const guess = didYouMean(key, known);
  const advice = guess === '' ? `, the keys here are ${listOf(known, 40)}` : guess;
  return `Cannot find an option ${quoted(key)}${advice}`;
}

/** Where something is missing, what it is missing from has to go. */
function presentPart(data: unknown, path: KeyPath): KeyPath {
  let value = data;
  for (const [depth, key] of path.entries()) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key))
      return path.slice(0, depth);
    const below: unknown = Reflect.get(value, key);
    value = below;
  }
  return path;
}

function without(data: unknown, path: KeyPath): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return undefined;
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) {
    return data.map((item: unknown, index) => {
      if (index !== key) return item;
      return rest.length === 0 ? placeholder : without(item, rest);
    });
  }
  const entries = Object.entries(data).flatMap(([name, value]): [string, unknown][] => {
    if (name !== key) return [[name, value]];
    return rest.length === 0 ? [] : [[name, without(value, rest)]];
  });
  return Object.fromEntries(entries);
}
