import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Project } from './project.ts';

describe('a configuration is read from', () => {
  const config = '{ chains: { mail: { tasks: ["sh: x"], cooldown: "5m" } } }';
  const json = '{ "chains": { "mail": { "tasks": ["sh: x"], "cooldown": "5m" } } }';
  const files: readonly [string, string, string][] = [
    [
      'TypeScript',
      'runner.config.ts',
      `import { defineConfig } from 'yourlabs-runner';\nexport default defineConfig(${config});`,
    ],
    [
      'TypeScript that is checked',
      'runner.config.mts',
      `import type { RunnerConfig } from 'yourlabs-runner';\nexport default ${config} satisfies RunnerConfig;`,
    ],
    ['an ES module', 'runner.config.mjs', `export default ${config}`],
    ['CommonJS', 'runner.config.js', `module.exports = ${config}`],
    ['a function', 'runner.config.mjs', `export default () => (${config})`],
    ['an async function', 'runner.config.mjs', `export default async function () { return ${config} }`],
    ['a variable', 'runner.config.mjs', `const config = ${config};\nexport { config as default };`],
    ['JSON', 'runner.config.json', json],
    ['JSON with a byte order mark', 'runner.config.json', `\uFEFF${json}`],
    ['YAML', 'runner.config.yaml', json],
    [
      'YAML of the other name',
      'runner.config.yml',
      'chains:\n  mail:\n    tasks: ["sh: x"]\n    cooldown: 5m\n',
    ],
  ];
  for (const [name, file, text] of files) {
    test(name, async (t) => {
      const project = new Project(t, { [file]: text });
      project.installLibrary();
      const answer = await project.load();
      assert.equal(project.told(answer), '');
      assert.ok(answer.kind === 'loaded');
      assert.equal(answer.configFile, file);
      const from = answer.chains[0]?.values.find(({ path }) => path === 'cooldown.success')?.from ?? '';
      const [, line = '', column = ''] = /:(\d+):(\d+)$/.exec(from) ?? [];
      const place = text
        .replace('\uFEFF', ' ')
        .split('\n')
        [Number(line) - 1]?.slice(Number(column) - 1);
      assert.match(place ?? '', /^"?cooldown"?:/);
    });
  }
});

describe('a configuration in code is refused when', () => {
  const files: readonly [string, string, string][] = [
    [
      'it has no default export',
      'export const chains = 1;\nexport const x = 2',
      'runner.config.mjs\n    Cannot find the configuration: the file has no default export, write "export default defineConfig({ ... })"',
    ],
    [
      'it throws',
      '\nthrow new Error("no")',
      'runner.config.mjs:2:7\n    Cannot import the configuration: no',
    ],
    [
      'it is not JavaScript',
      'export default {,',
      "runner.config.mjs:1:17\n    Cannot import the configuration: SyntaxError: Unexpected token ','",
    ],
    [
      'its function throws',
      'export default () => { throw new Error("no") }',
      'runner.config.mjs:1:30\n    Cannot call the configuration: no',
    ],
    [
      'its function wants something',
      'export default (env) => ({ chains: {} })',
      'runner.config.mjs\n    Cannot call the configuration: its function has parameters, write one without',
    ],
    [
      'its function never answers',
      'export default () => new Promise(() => {})',
      'runner.config.mjs\n    Cannot import "runner.config.mjs": its top level waits ("await") for something that never happens, take that out',
    ],
    [
      'it ends the process',
      'process.exit(3)',
      'runner.config.mjs\n    Cannot import "runner.config.mjs": it ended its process with status 3, take "process.exit" out of what runs at import',
    ],
    [
      'a task is the function itself',
      'function send() {}\nexport default { chains: { mail: { tasks: [send] } } }',
      'runner.config.mjs:2:44  chains.mail.tasks[0]\n    Cannot read "tasks[0]": found the function "send", write a text such as "tasks.sendMail" or "./manage.py send_mail", or an object such as { run: "tasks.sendMail", timeout: "10m" }',
    ],
    [
      'values are no data',
      'export default { chains: { mail: { tasks: ["sh: x"], cooldown: new Date(0), env: new Map(), timeout: 5n } } }',
      'runner.config.mjs:1:54  chains.mail.cooldown\n    Cannot read the value: found an instance of Date, write a plain object, list, text or number\n\nrunner.config.mjs:1:77  chains.mail.env\n    Cannot read the value: found an instance of Map, write a plain object, list, text or number\n\nrunner.config.mjs:1:93  chains.mail.timeout\n    Cannot read "timeout": found the number 5, write a text with a number and a unit such as "5m"',
    ],
    [
      'it holds itself',
      'const config = { chains: {} };\nconfig.chains.mail = config;\nexport default config',
      'runner.config.mjs:1:18  chains.mail\n    Cannot read the value: it holds itself, write it out',
    ],
    [
      'a value is built elsewhere',
      'const mail = { tasks: ["sh: x"], timeout: 5 };\nexport default { chains: { mail } }',
      'runner.config.mjs:2:28  chains.mail.timeout\n    Cannot read "timeout": found the number 5, write a text with a number and a unit such as "5s"',
    ],
  ];
  for (const [name, text, expected] of files) {
    test(name, async (t) => {
      const project = new Project(t, { 'runner.config.mjs': text });
      assert.equal(await project.problems(), expected);
    });
  }

  test('others can write it and the runner is root', { skip: process.geteuid?.() !== 0 }, async (t) => {
    const project = new Project(t, {
      'runner.config.mjs': 'export default { chains: { mail: { tasks: ["sh: x"] } } }',
    });
    chmodSync(`${project.directory}/runner.config.mjs`, 0o664);
    const inFile = await project.problems();
    chmodSync(`${project.directory}/runner.config.mjs`, 0o644);
    chmodSync(project.directory, 0o777);
    const inFolder = await project.problems();
    assert.equal(
      inFile,
      'runner.config.mjs\n    Cannot use the configuration as root: others than its owner can write it, run "chmod go-w /project/runner.config.mjs"',
    );
    assert.match(
      inFolder,
      /others than its owner can write to the folder \/project, run "chmod go-w \/project"/,
    );
  });
});

test('a file that is too large is not read', async (t) => {
  const project = new Project(t, { 'runner.config.yaml': `# ${'x'.repeat(1024 * 1024)}` });
  assert.match(
    await project.problems(),
    /Cannot read the configuration: it has 1048578 bytes, of which at most 1048576 are read/,
  );
});

test('a folder of that name is not read', async (t) => {
  const project = new Project(t, { 'runner.config.yaml/x': '' });
  assert.match(await project.problems(), /Cannot read the configuration: it is not a file/);
});

test('10 000 chains are loaded, each value with its place', async (t) => {
  const names = Array.from({ length: 10_000 }, (_, index) => `c${index}`);
  const chains = names.map(
    (name) => `  ${name}: { tasks: ["sh: x", { run: "sh: y" }], cooldown: 5m, timeout: 1h }`,
  );
  const project = new Project(t, { 'runner.config.yaml': `chains:\n${chains.join('\n')}\n` });
  const loaded = await project.loadChains();
  assert.equal(loaded.length, 10_000);
  assert.equal(loaded.at(-1)?.values[0]?.from, 'runner.config.yaml:10001:48');
});
