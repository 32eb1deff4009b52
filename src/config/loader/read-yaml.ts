import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  getScalarValue,
  mergeTag,
  parseEvents,
  YAMLException,
  type Event,
} from 'js-yaml';
import { quoted } from '../../core/quoted.ts';
import type { KeyPath } from '../problem.ts';
import { lineAndColumn, type DuplicateKey, type PlaceTree } from './place-tree.ts';
import type { ReadData } from './read-json.ts';

const deepest = 64;
const mostNodes = 100_000;

/** Reads YAML 1.2 with anchors, aliases and merge keys, one document, at most 64 levels deep. */
export function readYaml(text: string): ReadData {
  try {
    const events = parseEvents(text, { maxDepth: deepest });
    if (events.filter(({ type }) => type === EVENT_ID.DOCUMENT).length > 1) {
      return problemAt(text, secondDocument(text), 'found a second document ("---"), write one');
    }
    const walk = new EventWalk(text, events);
    const tree = walk.document();
    if (walk.problem !== null) return problemAt(text, walk.problem.offset, walk.problem.message);
    // Duplicate keys are told all at once from the tree, so the library may let the last one win.
    const schema = CORE_SCHEMA.withTags(mergeTag);
    const [value] = constructFromEvents(events, { source: text, schema, json: true });
    return { kind: 'data', value, tree, duplicates: walk.duplicates };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const offset = error.mark?.position ?? 0;
    return problemAt(text, offset, explainReason(error.reason, text, offset));
  }
}

function problemAt(text: string, offset: number, problem: string): ReadData {
  return { kind: 'problem', place: lineAndColumn(text, offset), problem };
}

function secondDocument(text: string): number {
  const marks = [...text.matchAll(/^---(?:\s|$)/gm)];
  return (
    (marks.find(({ index }) => text.slice(0, index).replace(/#.*/g, '').trim() !== '') ?? marks[0])?.index ??
    0
  );
}

/** The library says what is wrong in the words of the standard, and not what to write instead. */
function explainReason(reason: string, text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1).split('\n')[0] ?? '';
  if (/^ *\t/.test(line)) return 'found a tab at the start of the line, indent with blanks';
  const alias = /^unidentified alias "(.*)"$/s.exec(reason)?.[1];
  if (alias !== undefined)
    return `found the alias ${quoted(`*${alias}`)}, but no anchor ${quoted(`&${alias}`)} above it, write it out`;
  const tag = /^unknown \w+ tag !<(.*)>$/.exec(reason)?.[1];
  if (tag !== undefined) return `found the tag ${quoted(tag)}, write plain texts, numbers, lists and objects`;
  const sign = text.charAt(offset);
  if (reason.includes('missed comma')) return explainMissedComma(sign);
  const told = ownWords.find(([words]) => reason.includes(words))?.[1];
  return told ?? 'found what is no YAML, write lines such as "key: value" and "- item"';
}

function explainMissedComma(sign: string): string {
  if (sign === '}') return 'found "}" where a list is open, close it with "]" first';
  if (sign === ']') return 'found "]" where an object is open, close it with "}" first';
  if ('@`%'.includes(sign))
    return `found ${quoted(sign)} at the start of a text, put the text between quotes`;
  return 'found two values with nothing between them, write a comma, or the other kind of quotes around a text with quotes in it';
}

const indented =
  'put a text with ": " or " #" in it between quotes, and start all keys of an object in one column';
const notClosed = 'found no end of what is open above, close the bracket, brace or quote';
/** By words of the library: what was found, and what to write instead. */
const ownWords: readonly (readonly [string, string])[] = [
  [
    'bad indentation of a sequence',
    'found something that is no item of the list above, start all items with "- " in one column',
  ],
  ['bad indentation', `found a line that does not fit to those above, ${indented}`],
  ['multiline key', 'found a key that has no ": " behind it in its line, write "key: value"'],
  ['deficient indentation', notClosed],
  ['unexpected end', notClosed],
  ["but found ','", 'found a comma with nothing before it, leave it out'],
  ['nesting exceeded', `found more than ${deepest} objects and lists in each other, write fewer`],
  [
    'cannot merge',
    'found something else than an object after "<<", write an alias of an object such as "<<: *usual"',
  ],
  [
    'escape sequence',
    'found a backslash that means nothing between double quotes, write it twice, or use single quotes',
  ],
  ['hexadecimal', 'found an escape that is not complete, write all its digits such as "\\x41" or "\\u0041"'],
  [
    'non-printable',
    'found a character that YAML does not allow, write it as an escape such as "\\0" between double quotes',
  ],
  [
    'JSON character',
    'found a character that YAML does not allow, write it as an escape such as "\\0" between double quotes',
  ],
  ['tab characters', 'found a tab before the text, indent with blanks'],
  ['anchor', 'found an anchor or alias that is not complete, write one such as "&usual" or "*usual"'],
  ['alias', 'found an anchor or alias that is not complete, write one such as "&usual" or "*usual"'],
  ['tag', 'found a tag ("!"), write plain texts, numbers, lists and objects'],
  ['directive', 'found a line that starts with "%", leave it out, or put the text between quotes'],
  ['YAML version', 'found a line that starts with "%", leave it out, or put the text between quotes'],
  [
    'whitespace character is expected',
    'found a key with nothing between ":" and its value, write a blank there',
  ],
  ["expected ':'", 'found a key without a ":" behind it, write "key: value"'],
  ['chomping', 'found more behind "|" or ">" than belongs there, write "|" alone'],
  ['block scalar', 'found more behind "|" or ">" than belongs there, write "|" alone'],
  ['indentation width', 'found more behind "|" or ">" than belongs there, write "|" alone'],
  [
    'line break is expected',
    'found more behind "|" or ">" than belongs there, start the text in the next line',
  ],
  [
    'end of the stream',
    'found more behind the end of the object or list, start all keys of an object in one column',
  ],
];

interface WalkProblem {
  readonly offset: number;
  readonly message: string;
}

/** Walks the flat list of a parser's events as the tree that it stands for. */
class EventWalk {
  readonly duplicates: DuplicateKey[] = [];
  problem: WalkProblem | null = null;
  private next = 0;
  private nodes = 0;
  /** What is empty has no place of its own. */
  private lastOffset = 0;
  private readonly text: string;
  private readonly events: readonly Event[];
  /** By anchor: the tree and how many nodes it has, or `null` while it is still open. */
  private readonly anchors = new Map<string, { readonly tree: PlaceTree; readonly size: number } | null>();

  constructor(text: string, events: readonly Event[]) {
    this.text = text;
    this.events = events;
  }

  document(): PlaceTree {
    this.next = 1;
    return this.node([], null);
  }

  private node(path: KeyPath, keyOffset: number | null): PlaceTree {
    const event = this.events[this.next];
    this.next += 1;
    this.nodes += 1;
    if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) {
      return { offset: keyOffset ?? 0, children: new Map() };
    }
    const offset = keyOffset ?? Math.max(offsetOf(event), this.lastOffset);
    this.lastOffset = offset;
    if (event.type === EVENT_ID.ALIAS) return this.alias(this.anchorOf(event), offset);
    const anchor = this.anchorOf(event);
    const nodesBefore = this.nodes;
    if (anchor !== '') this.anchors.set(anchor, null);
    const tree = { offset, children: this.childrenOf(event, path) };
    if (anchor !== '') this.anchors.set(anchor, { tree, size: this.nodes - nodesBefore + 1 });
    return tree;
  }

  private alias(name: string, offset: number): PlaceTree {
    const target = this.anchors.get(name);
    if (target === null)
      this.fail(offset, `found the alias ${quoted(`*${name}`)} inside of what it stands for, write it out`);
    this.nodes += target?.size ?? 0;
    // Each alias stands for a whole tree: ten lines of aliases of aliases are a thousand million nodes.
    if (this.nodes > mostNodes)
      this.fail(offset, `found aliases that stand for more than ${mostNodes} values, write fewer`);
    return { offset, children: target?.tree.children ?? new Map() };
  }

  private childrenOf(event: Event, path: KeyPath): ReadonlyMap<string, PlaceTree> {
    if (event.type === EVENT_ID.SEQUENCE) return this.itemsOf(path);
    return event.type === EVENT_ID.MAPPING ? this.pairsOf(path) : new Map();
  }

  private itemsOf(path: KeyPath): ReadonlyMap<string, PlaceTree> {
    const children = new Map<string, PlaceTree>();
    while (!this.isAtEnd()) {
      const index = children.size;
      children.set(String(index), this.node([...path, index], null));
    }
    this.next += 1;
    return children;
  }

  private pairsOf(path: KeyPath): ReadonlyMap<string, PlaceTree> {
    const children = new Map<string, PlaceTree>();
    while (!this.isAtEnd()) {
      const event = this.events[this.next];
      const key = this.node(path, null);
      const isScalar = event?.type === EVENT_ID.SCALAR;
      const name = isScalar ? getScalarValue(this.text, event) : '';
      if (!isScalar) this.fail(key.offset, 'found a key that is not a text, write a text');
      const first = children.get(name);
      const value = this.node([...path, name], key.offset);
      if (first === undefined) children.set(name, value);
      else this.duplicates.push({ path: [...path, name], offset: key.offset, firstOffset: first.offset });
    }
    this.next += 1;
    return children;
  }

  private isAtEnd(): boolean {
    return (this.events[this.next]?.type ?? EVENT_ID.POP) === EVENT_ID.POP;
  }

  private anchorOf(event: { readonly anchorStart: number; readonly anchorEnd: number }): string {
    return event.anchorStart < 0 ? '' : this.text.slice(event.anchorStart, event.anchorEnd);
  }

  private fail(offset: number, message: string): void {
    this.problem ??= { offset, message };
  }
}

function offsetOf(event: Exclude<Event, { type: typeof EVENT_ID.POP | typeof EVENT_ID.DOCUMENT }>): number {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  const start = event.type === EVENT_ID.SCALAR ? event.valueStart : event.start;
  return Math.max(0, event.type === EVENT_ID.SCALAR && event.style !== 1 ? start - 1 : start);
}
