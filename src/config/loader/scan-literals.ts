import type { PlaceTree } from './place-tree.ts';

/**
 * Finds where the values of a configuration stand in JavaScript or TypeScript. This is no parser: it walks
 * the object and list literals once, takes the first object that has a key `chains`, steps over all else, and
 * never fails. What is built elsewhere (a variable, a spread, a call) has the place where it is used.
 */
export function scanLiterals(text: string): PlaceTree {
  const found = new LiteralScanner(text).firstWithChains();
  const exported = /\bexport\s+default\b|\bmodule\.exports\b/.exec(text);
  return found ?? { offset: exported?.index ?? 0, children: new Map() };
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

type Children = PlaceTree['children'];

const noChildren: Children = new Map();

// No configuration is deeper, and a text that is shall not use up the stack: what is deeper is only stepped over.
const deepest = 64;

/** Every method goes on from the place where the one before it has stopped. */
class LiteralScanner {
  readonly #text: string;
  #offset = 0;
  #found: PlaceTree | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  /** The first one by its opening bracket. */
  firstWithChains(): PlaceTree | null {
    while (this.#character !== '' && this.#found === null) {
      if (this.#character === '{') this.#scanObject(0);
      else this.#skipToken(0);
    }
    return this.#found;
  }

  get #character(): string {
    return this.#text[this.#offset] ?? '';
  }

  /** Any closing bracket ends a literal: the scanner goes on, whatever it has misread. */
  get #isAtEnd(): boolean {
    return /^[}\])]?$/.test(this.#character);
  }

  #scanObject(depth: number): Children {
    const offset = this.#offset;
    const children = new Map<string, PlaceTree>();
    this.#skip(1);
    while (!this.#isAtEnd) {
      const place = this.#offset;
      const key = this.#readKey();
      const value = this.#scanProperty(depth);
      if (key !== null) children.set(key, { offset: place, children: value });
      this.#skipSeparator();
    }
    this.#offset += 1;
    // One around it ends later and begins earlier.
    const isFirst = this.#found === null || offset < this.#found.offset;
    if (isFirst && children.has('chains')) this.#found = { offset, children };
    return children;
  }

  #scanProperty(depth: number): Children {
    if (this.#character === ':') {
      this.#skip(1);
      return this.#scanValue(depth + 1);
    }
    this.#skipExpression(depth);
    return noChildren;
  }

  /** A list, or the arguments of a call. */
  #scanList(depth: number): Children {
    const children = new Map<string, PlaceTree>();
    this.#skip(1);
    while (!this.#isAtEnd) {
      const offset = this.#offset;
      children.set(String(children.size), { offset, children: this.#scanValue(depth + 1) });
      this.#skipSeparator();
    }
    this.#offset += 1;
    return children;
  }

  /** A literal with what may stand after it: `as const`, `satisfies Chain`. */
  #scanValue(depth: number): Children {
    const isLiteral = this.#character === '{' || this.#character === '[';
    const children = isLiteral ? this.#scanBrackets(depth) : noChildren;
    this.#skipExpression(depth);
    return children;
  }

  #scanBrackets(depth: number): Children {
    if (depth <= deepest) return this.#character === '{' ? this.#scanObject(depth) : this.#scanList(depth);
    let open = 0;
    do {
      if (/[{[(]/.test(this.#character)) open += 1;
      if (/[}\])]/.test(this.#character)) open -= 1;
      this.#skipToken(depth);
    } while (open > 0 && this.#character !== '');
    return noChildren;
  }

  #readKey(): string | null {
    const start = this.#offset;
    if (this.#character === '"' || this.#character === "'") {
      this.#skipToken(0);
      const key = this.#text.slice(start + 1, this.#offset - 1);
      this.#skip(0);
      return key;
    }
    const key = /^[\p{L}\p{N}_$]+/u.exec(this.#text.slice(start, start + 200))?.[0] ?? null;
    this.#skip(key?.length ?? 0);
    return key;
  }

  /** Steps over an expression to the comma or bracket that ends it. */
  #skipExpression(depth: number): void {
    while (!this.#isAtEnd && this.#character !== ',') {
      if (/[{[(]/.test(this.#character)) this.#scanBrackets(depth + 1);
      else this.#skipToken(depth);
    }
  }

  #skipSeparator(): void {
    if (!this.#isAtEnd) this.#skip(1);
  }

  /** Steps over so many characters, and the space and the comments after them. */
  #skip(length: number): void {
    this.#offset += length;
    this.#skipMatch(/(?:\s|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))*/y);
  }

  /** Steps over one comment, string, template, regular expression or character. */
  #skipToken(depth: number): void {
    const start = this.#offset;
    if (this.#character === '"') this.#skipMatch(/"(?:[^"\\\n]|\\[^])*"/y);
    else if (this.#character === "'") this.#skipMatch(/'(?:[^'\\\n]|\\[^])*'/y);
    else if (this.#character === '`') this.#skipTemplate(depth);
    else if (this.#character === '/') this.#skipSlash();
    if (this.#offset === start) this.#offset += 1;
  }

  #skipTemplate(depth: number): void {
    this.#offset += 1;
    while (this.#character !== '' && this.#character !== '`') {
      if (depth <= deepest && this.#text.startsWith('${', this.#offset)) {
        const found = this.#found;
        this.#skip(2);
        this.#skipExpression(depth + 1);
        // A text is no place of a configuration.
        this.#found = found;
      }
      this.#offset += this.#character === '\\' ? 2 : 1;
    }
    this.#offset += 1;
  }

  /** A comment, a regular expression, or a division, which is left where it is. */
  #skipSlash(): void {
    this.#skip(0);
    const before = this.#text.slice(0, this.#offset).trimEnd().at(-1) ?? '(';
    if (this.#character === '/' && /[([{,;:=!&|?+>]/.test(before)) {
      this.#skipMatch(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y);
    }
  }

  /** Stays where it is if there is no match. */
  #skipMatch(pattern: RegExp): void {
    pattern.lastIndex = this.#offset;
    if (pattern.test(this.#text)) this.#offset = pattern.lastIndex;
  }
}
