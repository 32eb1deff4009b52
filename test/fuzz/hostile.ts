import fc from 'fast-check';

/** Texts that have broken programs before. */
export const oddTexts: readonly string[] = [
  '',
  ' ',
  '\t',
  '\n',
  'a\r\nb',
  '\0',
  'no',
  'off',
  '~',
  'null',
  'undefined',
  'NaN',
  '[object Object]',
  '010',
  '0644',
  '0x1F',
  '12:30',
  '.inf',
  '1e400',
  '1_000',
  '-1',
  '5',
  '5m',
  '1h1h',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  'a/b',
  '-rf',
  '; rm -rf $(x) `y` | z',
  '${x} %s %n %h',
  '"quoted" \\ \'single\'',
  '<script>&amp;</script>',
  '\u202egnp.exe',
  '\u0627\u0644\u0639',
  'm\u0430il',
  '\ud800',
  'a\udc00b',
  '\ufeffmark',
  'e\u0301\u0301\u0301',
  '\u{1f468}\u200d\u{1f469}',
  '\u001b[2J\u001b]52;c;aGk=\u0007',
  '\u009b31m',
  '\u2028\u2029\u0085',
];

/** Texts of people who err, and of those who mean harm. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...oddTexts) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...oddTexts), fc.constantFrom(...oddTexts))
      .map((two) => two.join('')),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...oddTexts, 'x'), fc.nat(2_000)).map(repeated) },
);

function repeated([text, times]: [string, number]): string {
  return text.repeat(times);
}

/** Values of JSON that have broken programs before. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -0,
      1,
      -1,
      1.5,
      5,
      1e308,
      Infinity,
      -Infinity,
      NaN,
      2 ** 53,
      1e-7,
      [],
      {},
      [[]],
      [null],
      { a: 1 },
      { success: 5 },
      ['x', 5],
      { '': '' },
    ),
  },
  { weight: 1, arbitrary: fc.nat(80).map(nested) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

function nested(depth: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** One change of a valid document. */
export interface Mutation {
  readonly kind: 'drop' | 'retype' | 'rename' | 'slip' | 'double' | 'swap' | 'wrap' | 'graft';
  /** Which of all values, counted through the whole document. */
  readonly at: number;
  readonly other: number;
  readonly value: unknown;
  readonly key: string;
}

/** Some changes. @param values what takes the place of others */
export function mutations(values: fc.Arbitrary<unknown> = hostileValue): fc.Arbitrary<readonly Mutation[]> {
  return fc.array(
    fc.record<Mutation>({
      kind: fc.constantFrom('drop', 'retype', 'retype', 'rename', 'slip', 'double', 'swap', 'wrap', 'graft'),
      at: fc.nat(10_000),
      other: fc.nat(10_000),
      value: values,
      key: hostileText,
    }),
    { minLength: 1, maxLength: 4 },
  );
}

interface Slot {
  readonly holder: object;
  readonly key: string;
}

/** A copy of a document with these changes. */
export function mutated(document: unknown, changes: readonly Mutation[]): unknown {
  const top: { document: unknown } = { document: structuredClone(document) };
  for (const change of changes) {
    const slots = slotsOf(top);
    const slot = slots[change.at % slots.length];
    const other = slots[change.other % slots.length];
    if (slot !== undefined && other !== undefined) changeAt(slot, other, change);
  }
  return top.document;
}

function changeAt({ holder, key }: Slot, other: Slot, change: Mutation): void {
  const value: unknown = Reflect.get(holder, key);
  switch (change.kind) {
    case 'drop':
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else Reflect.deleteProperty(holder, key);
      return;
    case 'retype':
      put(holder, key, copyOf(change.value));
      return;
    case 'rename':
      rename(holder, key, change.key);
      return;
    case 'slip':
      rename(holder, key, slip(key, change.other));
      return;
    case 'double':
      if (Array.isArray(holder)) holder.push(copyOf(value));
      else put(holder, `${key}2`, copyOf(value));
      return;
    case 'swap':
      put(holder, key, copyOf(Reflect.get(other.holder, other.key)));
      put(other.holder, other.key, copyOf(value));
      return;
    case 'wrap':
      put(holder, key, change.other % 2 === 0 ? [value] : { [change.key]: value });
      return;
    case 'graft':
      put(holder, change.key, copyOf(change.value));
      return;
  }
}

// Values are drawn from lists again and again: to change one would change what comes after it.
function copyOf(value: unknown, depth = 0): unknown {
  if (!isData(value) || depth > 100) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => copyOf(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item, depth + 1)]));
}

function rename(holder: object, key: string, name: string): void {
  if (Array.isArray(holder)) return;
  const value: unknown = Reflect.get(holder, key);
  Reflect.deleteProperty(holder, key);
  put(holder, name, value);
}

/** As people misspell a word: two letters change places, one is missing, one is twice, one is a capital. */
function slip(word: string, chance: number): string {
  const at = chance % Math.max(1, word.length);
  const [before, letter, after] = [word.slice(0, at), word.slice(at, at + 1), word.slice(at + 1)];
  const slips = [
    before + after,
    before + letter + letter + after,
    before + after.slice(0, 1) + letter + after.slice(1),
    before + letter.toUpperCase() + after,
  ];
  return slips[Math.floor(chance / 7) % slips.length] ?? word;
}

function put(holder: object, key: string, value: unknown): void {
  // An assignment to `__proto__` would be none.
  Object.defineProperty(holder, Array.isArray(holder) && !/^\d+$/.test(key) ? '0' : key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

function slotsOf(top: object): readonly Slot[] {
  const slots: Slot[] = [];
  const seen = new Set<object>();
  const walk = (holder: object): void => {
    if (seen.has(holder)) return;
    seen.add(holder);
    for (const key of Object.keys(holder)) {
      slots.push({ holder, key });
      const value: unknown = Object.getOwnPropertyDescriptor(holder, key)?.value;
      if (isData(value) && slots.length < 1_000) walk(value);
    }
  };
  walk(top);
  return slots;
}

function isData(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

/** Changes of a text: pieces of it go, come twice, or get something between them. */
export function mutatedText(text: string, pieces: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(text.length),
    length: fc.nat(12),
    piece: fc.oneof(fc.constantFrom(...pieces), hostileText),
    isInserted: fc.boolean(),
  });
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    let changed = text;
    for (const { at, length, piece, isInserted } of changes) {
      changed =
        changed.slice(0, at) + (isInserted ? piece : '') + changed.slice(at + (isInserted ? 0 : length));
    }
    return changed;
  });
}
