import type { PlaceTree } from './place-tree.ts';

/**
 * Finds where the values of a configuration stand in JavaScript or TypeScript. This is no parser: it walks
 * the object and list literals from the first one that has a key `chains`, steps over all else, and never
 * fails. What is built elsewhere (a variable, a spread, a call) has the place where it is used.
 */
export function scanLiterals(text: string): PlaceTree {
  for (let offset = 0; offset < text.length; offset = afterToken(text, offset)) {
    if (text[offset] !== '{') continue;
    const { children } = scanObject(text, offset, 0);
    if (children.has('chains')) return { offset, children };
  }
  const exported = /\bexport\s+default\b|\bmodule\.exports\b/.exec(text);
  return { offset: exported?.index ?? 0, children: new Map() };
}

/** Where the declaration of an export stands in a module, or `null`. */
export function offsetOfExport(text: string, name: string): number | null {
  const word = name.replaceAll('$', '\\$');
  const patterns = [
    `\\b(?:const|let|var|function\\*?|class)\\s+${word}(?![\\w$])`,
    `\\bexports\\.${word}\\s*=`,
  ];
  for (const pattern of patterns) {
    const found = new RegExp(pattern).exec(text);
    if (found !== null) return found.index;
  }
  return null;
}

// No configuration is deeper, and a text that is shall not use up the stack.
const deepest = 64;

interface Scanned {
  readonly children: ReadonlyMap<string, PlaceTree>;
  /** The offset after it. */
  readonly end: number;
}

function scanObject(text: string, start: number, depth: number): Scanned {
  const children = new Map<string, PlaceTree>();
  let offset = afterTrivia(text, start + 1);
  while (!isAtEnd(text, offset)) {
    const { key, end } = readKey(text, offset);
    const colon = afterTrivia(text, end);
    const value = text[colon] === ':' ? scanValue(text, colon + 1, depth + 1) : scanRest(text, end);
    if (key !== null) children.set(key, { offset, children: value.children });
    offset = afterSeparator(text, value.end);
  }
  return { children, end: offset + 1 };
}

function scanList(text: string, start: number, depth: number): Scanned {
  const children = new Map<string, PlaceTree>();
  let offset = afterTrivia(text, start + 1);
  while (!isAtEnd(text, offset)) {
    const value = scanValue(text, offset, depth + 1);
    children.set(String(children.size), { offset, children: value.children });
    offset = afterSeparator(text, value.end);
  }
  return { children, end: offset + 1 };
}

/** A literal with what may stand around and after it: `(...)`, `as const`, `satisfies Chain`. */
function scanValue(text: string, start: number, depth: number): Scanned {
  const offset = afterTrivia(text, start);
  if (depth <= deepest && (text[offset] === '{' || text[offset] === '[')) {
    const literal = text[offset] === '{' ? scanObject(text, offset, depth) : scanList(text, offset, depth);
    return { children: literal.children, end: scanRest(text, literal.end).end };
  }
  return scanRest(text, offset);
}

/** Steps over an expression to the comma or bracket that ends it. */
function scanRest(text: string, start: number): Scanned {
  let offset = start;
  let depth = 0;
  while (offset < text.length) {
    const character = text[offset] ?? '';
    if (depth === 0 && /[,}\])]/.test(character)) break;
    if (/[{[(]/.test(character)) depth += 1;
    if (/[}\])]/.test(character)) depth -= 1;
    offset = afterToken(text, offset);
  }
  return { children: new Map(), end: offset };
}

function readKey(text: string, offset: number): { readonly key: string | null; readonly end: number } {
  const quote = text[offset];
  if (quote === '"' || quote === "'") {
    const end = afterToken(text, offset);
    return { key: text.slice(offset + 1, end - 1), end };
  }
  const word = /^[\p{L}\p{N}_$]+/u.exec(text.slice(offset, offset + 200))?.[0];
  return word === undefined ? { key: null, end: offset } : { key: word, end: offset + word.length };
}

function afterSeparator(text: string, end: number): number {
  return isAtEnd(text, end) ? end : afterTrivia(text, end + 1);
}

/** Any closing bracket ends a literal: the scanner goes on, whatever it has misread. */
function isAtEnd(text: string, offset: number): boolean {
  return /[}\])]/.test(text[offset] ?? '}');
}

function afterTrivia(text: string, start: number): number {
  const trivia = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
  trivia.lastIndex = start;
  trivia.test(text);
  return Math.max(start, trivia.lastIndex);
}

/** Steps over one comment, string, template, regular expression or character. */
function afterToken(text: string, offset: number): number {
  const character = text[offset];
  if (character === '"') return afterMatch(text, offset, /"(?:[^"\\\n]|\\[^])*"/y);
  if (character === "'") return afterMatch(text, offset, /'(?:[^'\\\n]|\\[^])*'/y);
  if (character === '`') return afterTemplate(text, offset);
  if (character !== '/') return offset + 1;
  const isComment = text[offset + 1] === '/' || text[offset + 1] === '*';
  if (isComment) return Math.max(afterTrivia(text, offset), offset + 1);
  const before = text.slice(0, offset).trimEnd().at(-1) ?? '(';
  const isRegularExpression = /[([{,;:=!&|?+>]/.test(before);
  return isRegularExpression
    ? afterMatch(text, offset, /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y)
    : offset + 1;
}

function afterTemplate(text: string, start: number): number {
  let offset = start + 1;
  while (offset < text.length && text[offset] !== '`') {
    if (text.startsWith('${', offset)) offset = scanRest(text, offset + 2).end;
    offset += text[offset] === '\\' ? 2 : 1;
  }
  return offset + 1;
}

function afterMatch(text: string, offset: number, pattern: RegExp): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : offset + 1;
}
