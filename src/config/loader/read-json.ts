import { parse, type MemberNode, type ValueNode } from '@humanwhocodes/momoa';
import { quoted } from '../../core/quoted.ts';
import type { KeyPath } from '../problem.ts';
import { lineAndColumn, type DuplicateKey, type PlaceTree } from './place-tree.ts';

/** A text as data, with the places of its values; or where and why it cannot be read. */
export type ReadData =
  | {
      readonly kind: 'data';
      readonly value: unknown;
      readonly tree: PlaceTree;
      readonly duplicates: readonly DuplicateKey[];
    }
  | { readonly kind: 'problem'; readonly place: string; readonly problem: string };

const deepest = 64;
const noControl =
  'a line end, a tab or another control character in a text, write it as an escape such as "\\n"';

/** Reads JSON as the standard has it: no comments, no commas at the end. */
export function readJson(withMark: string): ReadData {
  const text = withMark.replace(/^\uFEFF/, ' ');
  const tooDeep = offsetBelow(text, deepest);
  if (tooDeep !== null) {
    return {
      kind: 'problem',
      place: lineAndColumn(text, tooDeep),
      problem: `found more than ${deepest} objects and lists in each other, write fewer`,
    };
  }
  try {
    const { body } = parse(text, { mode: 'json' });
    const control = offsetOfControl(text);
    if (control !== null) {
      const place = lineAndColumn(text, control);
      return { kind: 'problem', place, problem: `found ${noControl}` };
    }
    const duplicates: DuplicateKey[] = [];
    const tree = treeOf(body, { path: [], offset: body.loc.start.offset, duplicates });
    return { kind: 'data', value: JSON.parse(text), tree, duplicates };
  } catch (error) {
    return syntaxProblem(error, text);
  }
}

interface TreePosition {
  readonly path: KeyPath;
  readonly offset: number;
  readonly duplicates: DuplicateKey[];
}

function treeOf(node: ValueNode, { path, offset, duplicates }: TreePosition): PlaceTree {
  const children = new Map<string, PlaceTree>();
  if (node.type === 'Object') {
    for (const member of node.members) {
      const name = nameOf(member);
      const below = { path: [...path, name], offset: member.loc.start.offset, duplicates };
      const first = children.get(name);
      if (first === undefined) children.set(name, treeOf(member.value, below));
      else duplicates.push({ path: below.path, offset: below.offset, firstOffset: first.offset });
    }
  }
  if (node.type === 'Array') {
    for (const [index, { value }] of node.elements.entries()) {
      const below = { path: [...path, index], offset: value.loc.start.offset, duplicates };
      children.set(String(index), treeOf(value, below));
    }
  }
  return { offset, children };
}

function nameOf({ name }: MemberNode): string {
  return name.type === 'String' ? name.value : name.name;
}

function syntaxProblem(error: unknown, text: string): ReadData {
  if (!(error instanceof Error)) throw error;
  const line = numberOf(error, 'line');
  const column = numberOf(error, 'column');
  if (line === null || column === null) throw error;
  const at = numberOf(error, 'offset') ?? 0;
  const rest = text.slice(at).trim();
  const word = /^(?:"[^"\n]{0,40}"|[\w$]{1,40}|[^])/.exec(rest)?.[0];
  const found = word === undefined ? 'the end of the file' : quoted(word.replace(/^"(.*)"$/s, '$1'));
  return {
    kind: 'problem',
    place: `${line}:${column}`,
    problem: `found ${found}, ${adviceAfter(text.slice(0, at), rest)}`,
  };
}

function numberOf(error: Error, key: string): number | null {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'number' ? value : null;
}

function adviceAfter(before: string, rest: string): string {
  const last = before.trimEnd().at(-1);
  if (rest.startsWith('//') || rest.startsWith('/*')) return 'leave comments out of JSON';
  if (rest.startsWith("'")) return 'write double quotes';
  if (last === ',' && /^[}\]]/.test(rest)) return 'leave out the comma before it';
  if (rest === '') return 'close every brace, bracket and quote';
  if (/\\u[\da-f]{0,3}$/i.test(before) || rest.startsWith('\\'))
    return 'write a backslash twice, or an escape such as "\\n" or "\\u0041"';
  if (isWhole(before)) return 'leave out what follows the end of the object';
  if (/^[}\]]/.test(rest) && last === '"')
    return 'close what is open before it with the other kind of bracket';
  if (/^["{[\dtfn]/.test(rest) && last === '"') return 'write a comma or a colon before it';
  if (/^["{[\dtfn]/.test(rest) && last !== undefined && /[}\]\w]/.test(last))
    return 'write a comma before it';
  if (/^[+.\d]/.test(rest) || (last === '.' && /\d\.\s*$/.test(before)))
    return 'write a number such as 5, -5 or 0.5';
  if (/^[\w$]/.test(rest) && last !== undefined) return 'put it between double quotes';
  return 'write JSON such as { "chains": { "mail": { "tasks": ["tasks.sendMail"] } } }';
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // It is a part of something.
    return false;
  }
}

/** Where a text between quotes has a character in it that JSON does not allow there, and the parser of places does. */
function offsetOfControl(text: string): number | null {
  for (const { 0: found, index } of text.matchAll(/"(?:[^"\\]|\\.)*"/gs)) {
    const at = found.search(/[^ -\uffff]/);
    if (at !== -1) return index + at;
  }
  return null;
}

/** Where the text nests deeper than `limit`, looked for before any parser recurses into it. */
function offsetBelow(text: string, limit: number): number | null {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.?)*"?|[{}[\]]/gs)) {
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    if (depth > limit) return index;
  }
  return null;
}
