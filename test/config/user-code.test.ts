import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { Project } from './project.ts';

describe('the function of a task is found in', () => {
  const modules: readonly [string, string, string][] = [
    ['an ES module', 'tasks.mjs', 'export function send() {}'],
    ['a CommonJS module', 'tasks.cjs', 'module.exports = { send() {} }'],
    ['a CommonJS module with exports', 'tasks.cjs', 'exports.send = () => {}'],
    [
      'a CommonJS module that computes its exports',
      'tasks.js',
      'module.exports = Object.fromEntries([["send", () => {}]])',
    ],
    ['a TypeScript module', 'tasks.ts', 'export const send: () => void = () => {}'],
    ['a TypeScript ES module', 'tasks.mts', 'export async function send(): Promise<void> { await null }'],
    [
      'a TypeScript module with an enum',
      'tasks.ts',
      'enum Kind { A = 1 }\nexport function send() { return Kind.A }',
    ],
    [
      'a TypeScript module that imports without extension',
      'tasks.ts',
      'import { a } from "./a"\nexport const send = () => a',
    ],
    ['a default export that is an object', 'tasks.mjs', 'export default { send() {} }'],
    ['an index file', 'tasks/index.ts', 'export const send = () => {}'],
  ];
  for (const [name, file, code] of modules) {
    test(name, async (t) => {
      const project = new Project(t, { [file]: code, 'a.ts': 'export const a: number = 1' });
      const chain = await project.loadChain({ arguments: ['tasks.send'] });
      const work = { kind: 'function', file: `${project.directory}/${file}`, exportName: 'send' };
      assert.deepEqual(chain.definition.tasks[0]?.work, work);
    });
  }

  test('a nested module', async (t) => {
    const project = new Project(t, { 'jobs/mail.mjs': 'export function send() {}' });
    const chain = await project.loadChain({ arguments: ['jobs.mail.send'] });
    assert.deepEqual(chain.definition.name, 'send');
  });
});

describe('a module is refused that', () => {
  const modules: readonly [string, string, string, string][] = [
    [
      'throws',
      'tasks.mjs',
      '\n  throw new TypeError("no database")',
      'tasks.mjs:2:9\n    Cannot import "tasks.mjs": TypeError: no database',
    ],
    [
      'throws in TypeScript',
      'tasks.ts',
      'const a: number = 1\nfunction fail(): never { throw new Error(`no ${a}`) }\nfail()',
      'tasks.ts:2\n    Cannot import "tasks.ts": no 1',
    ],
    [
      'throws something else',
      'tasks.mjs',
      'throw { code: 5 }',
      'tasks.mjs\n    Cannot import "tasks.mjs": threw { code: 5 }',
    ],
    [
      'throws a trap',
      'tasks.mjs',
      'throw { get stack() { throw 1 }, message: "" }',
      'tasks.mjs\n    Cannot import "tasks.mjs": threw something that cannot be shown (number)',
    ],
    [
      'is not JavaScript',
      'tasks.mjs',
      'export const send =;',
      'tasks.mjs:1:20\n    Cannot import "tasks.mjs": SyntaxError: Unexpected token \';\'',
    ],
    [
      'imports what is not there',
      'tasks.mjs',
      'import "./nowhere.mjs"',
      'tasks.mjs\n    Cannot import "tasks.mjs": Cannot find module \'/project/nowhere.mjs\' imported from /project/tasks.mjs',
    ],
    [
      'ends its process',
      'tasks.mjs',
      'process.exit(0)',
      'tasks.mjs\n    Cannot import "tasks.mjs": it ended its process with status 0, take "process.exit" out of what runs at import',
    ],
    [
      'kills its process',
      'tasks.mjs',
      'process.kill(process.pid, "SIGKILL")',
      'tasks.mjs\n    Cannot import "tasks.mjs": its process was ended by SIGKILL',
    ],
    [
      'waits for what never happens',
      'tasks.mjs',
      'await new Promise(() => {})',
      'tasks.mjs\n    Cannot import "tasks.mjs": its top level waits ("await") for something that never happens, take that out',
    ],
    [
      'fails later, while it is still imported',
      'tasks.mjs',
      'setTimeout(() => { throw new RangeError("late") }, 1)\nawait new Promise((done) => setTimeout(done, 60_000))',
      'tasks.mjs:1:26\n    Cannot import "tasks.mjs": RangeError: late',
    ],
    [
      'has another export',
      'tasks.mjs',
      'export function sned() {}\nexport const other = 1',
      'tasks.send\n    Cannot find "send" in tasks.mjs: it exports other and sned, did you mean "sned"?',
    ],
    [
      'exports nothing',
      'tasks.mjs',
      '',
      'tasks.send\n    Cannot find "send" in tasks.mjs: it exports nothing',
    ],
    [
      'exports a text',
      'tasks.mjs',
      'export const send = "x"',
      'tasks.send\n    Cannot call "send" of tasks.mjs: found a string, export a function',
    ],
    [
      'exports a class',
      'tasks.mjs',
      'export class send {}',
      'tasks.send\n    Cannot call "send" of tasks.mjs: found a class, export a function',
    ],
  ];
  for (const [name, file, code, expected] of modules) {
    test(name, async (t) => {
      const project = new Project(t, { [file]: code });
      const told = await project.problems({ arguments: ['tasks.send'] });
      // The columns of compiled TypeScript are those of the compiled text.
      assert.equal(told.replace(/^(tasks\.ts:\d+):\d+/, '$1'), expected);
    });
  }

  test('never finishes, when its time is up', async (t) => {
    const project = new Project(t, { 'ok.mjs': 'export function a() {}', 'tasks.mjs': 'for (;;);' });
    const told = await project.problems({ arguments: ['ok.a', 'tasks.send'] }, { deadlineMs: 4_000 });
    assert.equal(
      told,
      'tasks.mjs\n    Cannot import "tasks.mjs": it did not end within 4s, take out what runs for long or for ever at its top level',
    );
  });

  test('is cancelled', async (t) => {
    const project = new Project(t, { 'tasks.mjs': 'for (;;);' });
    const told = await project.problems({ arguments: ['tasks.send'] }, { signal: AbortSignal.abort() });
    assert.match(told, /it was cancelled$/);
  });

  test('throws, though it runs only once', async (t) => {
    const code = `import { appendFileSync } from 'node:fs';
      appendFileSync(new URL('./count', import.meta.url), 'x');
      throw new Error('again');`;
    for (const file of ['tasks.mjs', 'tasks.ts']) {
      const project = new Project(t, { [file]: code });
      const told = await project.problems({ arguments: ['tasks.a', 'tasks.b'] });
      assert.match(told, /^tasks\.m?[jt]s:3:\d+\n {4}Cannot import "tasks\.m?[jt]s": again$/);
      assert.equal(readFileSync(`${project.directory}/count`, 'utf8'), 'x');
    }
  });
});

test('what a module leaves behind ends with the loader', async (t) => {
  const project = new Project(t, {
    'tasks.mjs': `import { spawn } from 'node:child_process';
      import { openSync } from 'node:fs';
      setInterval(() => {}, 1_000);
      spawn('sh', ['-c', 'sleep 600'], { stdio: ['ignore', openSync(new URL('./pipe', import.meta.url), 'w'), 'ignore'] });
      export function send() {}`,
  });
  const pipe = `${project.directory}/pipe`;
  execFileSync('mkfifo', [pipe]);
  const allWritersEnded = text(createReadStream(pipe));
  assert.equal(await project.problems({ arguments: ['tasks.send'] }), '');
  assert.equal(await allWritersEnded, '');
});

test('a module is imported in the folder and with the environment of its chain', async (t) => {
  const project = new Project(t, {
    'tasks.mjs': `if (process.cwd() !== new URL('./jobs', import.meta.url).pathname) throw new Error(process.cwd());
      if (JSON.stringify(Object.keys(process.env).sort()) !== '["A","PATH"]') throw new Error(Object.keys(process.env).join());
      export function send() {}`,
    'jobs/x': '',
    'runner.config.yaml': 'chains: { mail: { tasks: [tasks.send], cwd: jobs, env: { A: b } } }',
  });
  assert.equal(await project.problems({ environment: { SECRET: 's' } }), '');
});

test('compiled TypeScript is kept where only its owner can read and write it', async (t) => {
  const project = new Project(t, { 'tasks.ts': 'enum Kind { A }\nexport const send = () => Kind.A;' });
  assert.equal(await project.problems({ arguments: ['tasks.send'] }), '');
  assert.equal(statSync(`${project.directory}/.runner`).mode & 0o777, 0o700);
  assert.equal(readdirSync(`${project.directory}/.runner/jiti`).length, 1);
});

test('TypeScript is imported also where nothing can be kept', async (t) => {
  const project = new Project(t, {
    'tasks.ts': 'enum Kind { A }\nexport const send = () => Kind.A;',
    file: '',
  });
  const cacheDirectory = `${project.directory}/file/jiti`;
  assert.equal(await project.problems({ arguments: ['tasks.send'], cacheDirectory }), '');
  assert.equal(await project.problems({ arguments: ['tasks.send'], cacheDirectory: null }), '');
});

test('wrong options beside a function are told at the function', async (t) => {
  const project = new Project(t, {
    'tasks.ts': `import { task } from 'yourlabs-runner';

export const send = task({ cooldown: { sucess: '5m' }, timeout: '5', color: 'red' } as object, () => {});
`,
  });
  project.installLibrary();
  assert.equal(
    await project.problems({ arguments: ['tasks.send'] }),
    `tasks.ts:3:8  send.cooldown.sucess
    Cannot find an option "sucess", did you mean "success"?

tasks.ts:3:8  send.timeout
    Cannot read "timeout": found "5", add the unit, such as "5s"

tasks.ts:3:8  send.color
    Cannot find an option "color", the keys here are cooldown, timeout and onFailure`,
  );
});

test('task() refuses what is no function at once', async (t) => {
  const project = new Project(t, {
    'tasks.mjs': 'import { task } from "yourlabs-runner";\nexport const send = task(() => {});',
  });
  project.installLibrary();
  assert.equal(
    await project.problems({ arguments: ['tasks.send'] }),
    'tasks.mjs:2:21\n    Cannot import "tasks.mjs": TypeError: Cannot make a task: found undefined, write task({ cooldown: "5m" }, function)',
  );
});
