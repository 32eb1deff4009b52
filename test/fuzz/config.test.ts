import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { answerRequest } from '../../src/config/loader/answer.ts';
import { checkData } from '../../src/config/loader/checked-data.ts';
import { readConfig } from '../../src/config/loader/config-in-force.ts';
import { toPlainData } from '../../src/config/loader/plain-data.ts';
import type { LoadRequest, TypedOptions } from '../../src/config/loaded.ts';
import { explainProblems, showPath, type Problem } from '../../src/config/problem.ts';
import { configSchema } from '../../src/config/schema.ts';
import { fuzz } from './fuzz.ts';
import { hostileText, hostileValue, mutated, mutatedText, mutations } from './hostile.ts';
import { unclearBlock } from './unclear.ts';
import { someDocument } from './documents.ts';

const folder = mkdtempSync(join(tmpdir(), 'runner-fuzz-'));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'mail.env'), 'A=1\n');

function requestOf(asked: Partial<LoadRequest> = {}): LoadRequest {
  return {
    directory: folder,
    arguments: [],
    areChains: true,
    options: {},
    host: 'web-1',
    cacheDirectory: null,
    ...asked,
    environment: { PATH: '/usr/local/bin:/usr/bin:/bin', PING: 'https://example.org', ...asked.environment },
  };
}

function checkClear(problems: readonly Problem[]): void {
  for (const problem of problems) {
    const block = explainProblems([problem]).replace(/\n\n1 problem; nothing was started\n$/, '');
    assert.equal(unclearBlock(block), null);
  }
}

function checkValue(value: unknown): void {
  const problems: Problem[] = [];
  const tell = (path: readonly (string | number)[], message: string): void => {
    problems.push({ at: 'runner.config.ts:1:1', path: showPath(path), message });
  };
  const plain = toPlainData(value, tell);
  const checked = checkData(configSchema, plain, tell);
  assert.ok(checked !== null || problems.length > 0, 'refused without a reason');
  checkClear(problems);
}

function changed(values?: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(someDocument, mutations(values)).map(([document, changes]) => mutated(document, changes));
}

fuzz('values of a configuration', changed(), checkValue);

class Own {
  readonly field = 5;
}

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;
const noData: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    Symbol('s'),
    10n,
    new Date(0),
    new Date(Number.NaN),
    new Map([[1, 2]]),
    new Set(),
    /x/,
    () => 1,
    class Task {},
    new Own(),
    new Error('x'),
    cyclic,
    Object.create(null),
    Buffer.from('x'),
    new Proxy({}, {}),
    [undefined],
    Promise.resolve(1),
    new Uint8Array(2),
  ),
  hostileValue,
);
fuzz('values that are no data', changed(noData), checkValue);

async function checkFile(name: string, text: string): Promise<void> {
  writeFileSync(join(folder, name), text);
  const { config, problems } = await readConfig(name, requestOf());
  assert.ok(config !== null || problems.length > 0, 'refused without a reason');
  checkClear(problems);
  // Of a text that was read the place of each value is known.
  const isPlaced = ({ at }: Problem): boolean => /^[\w.]+:\d+:\d+$/.test(at);
  assert.deepEqual(
    problems.filter((one) => text.trim() !== '' && !isPlaced(one) && !isUnread(one)),
    [],
  );
}

function isUnread({ message }: Problem): boolean {
  return /it has \d+ bytes|it is not UTF-8/.test(message);
}

fuzz('a configuration in JSON', changed(), async (value) => checkFile('fuzz.json', toJson(value)));

function toJson(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value, null, 2);
}

fuzz('a configuration in YAML', changed(), async (value) => checkFile('fuzz.yaml', toYaml(value)));

function toYaml(value: unknown): string {
  return dump(value, { noRefs: true, skipInvalid: true });
}

const small = {
  chains: { mail: { tasks: ['sh: x', { run: ['/bin/true'] }], cooldown: '5m', env: { A: 'b' } } },
};
const json = JSON.stringify(small, null, 2);
const yaml = `x-usual: &usual { cooldown: 5m }\n${dump(small)}  other: { <<: *usual, tasks: [a.b, 'c d'] }\n`;
const jsonPieces = [
  ...'{}[],:"\'\\/'.split(''),
  '//',
  '/*',
  '1e999',
  '-',
  'NaN',
  'true',
  '"a": 1,',
  '\\u00',
  '\\x',
];
const yamlPieces = [
  ...'{}[],:"\'\\&*!|>%@`?#-~\t'.split(''),
  '\n',
  '  ',
  '- ',
  ': ',
  '? ',
  '---\n',
  '...\n',
  '%YAML 1.2\n',
  '%TAG ! x\n',
  '&a ',
  '*a',
  '*usual',
  '<<: ',
  '!!binary ',
  '!!set ',
  '!<x> ',
  '!e!x ',
  '|2-\n',
  '>+\n',
  '"\\x',
  '"\\q"',
  '.inf',
  '0o7',
  '012',
  '2001-01-01',
  'no',
  '[[[[',
  '{{{{',
  '? [a]\n: b\n',
  '&a &b ',
  '!a !b ',
];
fuzz(
  'texts that are nearly JSON or YAML',
  fc.oneof(
    mutatedText(json, jsonPieces).map((text) => ({ name: 'near.json', text })),
    mutatedText(yaml, yamlPieces).map((text) => ({ name: 'near.yaml', text })),
    mutatedText(yaml, yamlPieces).map((text) => ({ name: 'near.yaml', text: text.replaceAll('\n', '\r\n') })),
  ),
  async ({ name, text }) => checkFile(name, text),
);

let modules = 0;
fuzz(
  'a configuration that is code',
  fc.oneof(
    changed().map((value) => `export default ${toJson(value)}`),
    mutatedText(`export default ${json};\n`, [
      ...jsonPieces,
      'null',
      'undefined',
      'await 1',
      '() => 5',
      'x.y',
      'class A {}',
    ]),
    hostileText.map((text) => `export default () => { throw ${JSON.stringify(text)} }`),
    hostileText.map((text) => `throw new TypeError(${JSON.stringify(text)})`),
  ),
  async (text) => {
    modules += 1;
    const name = `fuzz-${modules}.mjs`;
    writeFileSync(join(folder, name), text);
    const { config, problems } = await readConfig(name, requestOf());
    rmSync(join(folder, name));
    assert.ok(config !== null || problems.length > 0, 'refused without a reason');
    // What the user's own code threw is told in its words.
    checkClear(
      problems.filter(({ message }) => !/^Cannot (?:import|call) the configuration: /.test(message)),
    );
    for (const problem of problems) assert.equal(explainProblems([problem]).split('\n').length, 5);
  },
);

const loaderFile = fileURLToPath(new URL('../../src/config/loader/main.js', import.meta.url));
const answering = { importing: (): void => undefined, loaderFile };

fuzz('a whole project', changed(), async (value) => {
  const name = join(folder, 'runner.config.yaml');
  writeFileSync(name, toYaml(value));
  const answer = await answerRequest(requestOf(), answering);
  rmSync(name);
  if (answer.kind === 'rejected') {
    assert.ok(answer.problems.length > 0);
    checkClear(answer.problems);
  }
});

const optionNames = ['name', 'cooldown', 'failureCooldown', 'timeout', 'cwd', 'envFile', 'nice'] as const;
const typed: fc.Arbitrary<TypedOptions> = fc
  .dictionary(
    fc.constantFrom(...optionNames),
    fc.oneof(hostileText, fc.constantFrom('5m', '0s', 'none', 'mail.env')),
    {
      maxKeys: 4,
    },
  )
  .map((options) => options);
fuzz(
  'typed tasks and options',
  fc.record({
    texts: fc.array(fc.oneof(hostileText, fc.constantFrom('sh: x', 'a.b', 'mail', './x', '/bin/true')), {
      minLength: 1,
      maxLength: 3,
    }),
    options: typed,
    variable: hostileText,
  }),
  async ({ texts, options, variable }) => {
    const environment = { RUNNER_COOLDOWN: variable };
    const asked = { arguments: texts, areChains: false, options, environment };
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('runner.config')),
      [],
    );
    const answer = await answerRequest(requestOf(asked), answering);
    if (answer.kind === 'rejected') checkClear(answer.problems);
  },
);
