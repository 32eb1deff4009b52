import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PlaceTree } from './place-tree.ts';
import { readJson } from './read-json.ts';
import { offsetOfExport, scanLiterals } from './scan-literals.ts';

function pathsIn({ children }: PlaceTree, above = ''): string[] {
  return [...children].flatMap(([key, child]) => [`${above}${key}`, ...pathsIn(child, `${above}${key}.`)]);
}

test('keys are found between all that JavaScript and TypeScript may put around them', () => {
  const text = `
    import { x } from './x'; // { chains: 1 }
    /* { chains: { no: 1 } } */
    const other = { a: "{ chains: {", b: '}', c: \`\${{ chains: 1 }} { chains: \`, d: /[{/]\\/{"/g };
    export default defineConfig({
      ...other, [computed]: 1, 'chains': {
        "a-b": ({ tasks: [ 'x, y', { run: [1, 2] }, ] as const, timeout: f({ no: 1 }, [2]), }) as Chain,
        method() { return { no: 1 } }, get value() { return 1 }, shorthand, async *[Symbol.iterator]() {},
        arrow: async (a, { b }) => { if (a < b) return { c: 1 } }, sum: 1 / 2 / 3, last: { $x_1: 1 } satisfies X,
      },
      hosts: null,
    });`;
  assert.deepEqual(pathsIn(scanLiterals(text)), [
    'chains',
    'chains.a-b',
    'chains.method',
    'chains.get',
    'chains.shorthand',
    'chains.async',
    'chains.arrow',
    'chains.sum',
    'chains.last',
    'chains.last.$x_1',
    'hosts',
  ]);
});

test('JSON has the same places as in the parser of JSON', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue({ maxDepth: 4 })), (value) => {
      const text = JSON.stringify({ chains: value }, null, 1);
      const parsed = readJson(text);
      // Keys with escapes are not decoded: nobody writes them.
      fc.pre(parsed.kind === 'data' && !text.includes('\\'));
      assert.deepEqual(scanLiterals(text), parsed.tree);
    }),
  );
});

test('any text is scanned to its end', () => {
  const pieces = '{ } [ ] ( ) , : "chains" chains \' " ` ${ / // /* */ \\ \n a =>'.split(' ');
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 200 }), (some) => {
      scanLiterals(some.join(''));
    }),
  );
});

// Looked at more than once, they would take minutes.
for (const piece of ['{', '{a:', '[{f(', '`${', '{`${{', '{/* ', '{"', 'a: {},']) {
  test(`a long text of "${piece}" is scanned once and uses up no stack`, () => {
    scanLiterals(`{${piece.repeat(100_000)}`);
  });
}

test('the first object with chains is found, wherever the text has put it', () => {
  const text = 'const a = { b: f(1, [{ chains: { inner: 1 } }]) };\n({ chains: { outer: { chains: 1 } } })';
  assert.deepEqual(pathsIn(scanLiterals(text)), ['chains', 'chains.inner']);
  assert.deepEqual(pathsIn(scanLiterals(text.slice(text.indexOf('\n')))), [
    'chains',
    'chains.outer',
    'chains.outer.chains',
  ]);
});

test('the declaration of an export is found', () => {
  const text =
    'const sendMails = 1;\nexport const sendMail = task({}, f);\nexports.other = 1;\nfunction $x() {}';
  assert.equal(offsetOfExport(text, 'sendMail'), text.indexOf('const sendMail ='));
  assert.equal(offsetOfExport(text, 'other'), text.indexOf('exports.other'));
  assert.equal(offsetOfExport(text, '$x'), text.indexOf('function $x'));
  assert.equal(offsetOfExport(text, 'none'), null);
});
