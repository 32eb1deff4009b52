import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Project } from './project.ts';

test('typed tasks form one chain, named after them', async (t) => {
  const project = new Project(t, {
    'tasks.mjs': 'export function sendMail() {} export function retryDeferred() {}',
  });
  const chain = await project.loadChain({ arguments: ['tasks.sendMail', 'tasks.retryDeferred'] });
  assert.equal(chain.definition.name, 'sendMail_retryDeferred');
  assert.deepEqual(
    chain.definition.tasks.map(({ work }) => work),
    ['sendMail', 'retryDeferred'].map((exportName) => ({
      kind: 'function',
      file: `${project.directory}/tasks.mjs`,
      exportName,
    })),
  );
});

describe('a chain of commands is named after', () => {
  const names: readonly [string[], string][] = [
    [['./manage.sh send_mail'], 'manage.sh-send_mail'],
    [['/bin/sleep 5', 'sh: echo hi'], 'sleep-5_echo-hi'],
    [['/bin/sh -c "exit 3"'], 'sh-c-exit-3'],
    [[`/bin/echo ${'long '.repeat(40)}`], `echo-${'long-'.repeat(11)}long`],
  ];
  for (const [words, expected] of names) {
    test(words.join(' and ').slice(0, 40), async (t) => {
      const project = new Project(t, { 'manage.sh': '#!/bin/sh\n' });
      const chain = await project.loadChain({ arguments: words });
      assert.equal(chain.definition.name, expected);
    });
  }
});

describe('a command', () => {
  const commands: readonly [string, readonly string[]][] = [
    ['./run.sh a-b c=d', ['./run.sh', 'a-b', 'c=d']],
    ['/bin/echo  a\tb', ['/bin/echo', 'a', 'b']],
    ['/bin/echo $HOME', ['/bin/sh', '-c', '/bin/echo $HOME']],
    ['/bin/echo "a b"', ['/bin/sh', '-c', '/bin/echo "a b"']],
    ['/bin/echo *', ['/bin/sh', '-c', '/bin/echo *']],
    ['/bin/echo ~', ['/bin/sh', '-c', '/bin/echo ~']],
    ['/bin/true; /bin/false', ['/bin/sh', '-c', '/bin/true; /bin/false']],
    ['/bin/echo a\n/bin/echo b', ['/bin/sh', '-c', '/bin/echo a\n/bin/echo b']],
    ['A=/b /bin/echo', ['/bin/sh', '-c', 'A=/b /bin/echo']],
    ['A=/b', ['/bin/sh', '-c', 'A=/b']],
    ['echo a', ['/bin/sh', '-c', 'echo a']],
    ['sh: ./run.sh', ['/bin/sh', '-c', './run.sh']],
    ['sh:exit 3', ['/bin/sh', '-c', 'exit 3']],
  ];
  for (const [text, argv] of commands) {
    test(`"${text}" becomes ${JSON.stringify(argv)}`, async (t) => {
      const project = new Project(t, { 'run.sh': '#!/bin/sh\n' });
      const chain = await project.loadChain({ arguments: [text], options: { name: 'one' } });
      assert.deepEqual(chain.definition.tasks[0]?.work, { kind: 'command', argv });
      assert.equal(chain.definition.tasks[0].name, text.replace(/^sh:\s*/, '').replace('  a\tb', ' a b'));
    });
  }

  test('as a list is run without a shell, its program looked up in PATH', async (t) => {
    const project = new Project(t, { 'bin/mine.sh': '#!/bin/sh\n' });
    const run = ['mine.sh', '$HOME', 'a b'];
    const mail = { tasks: [{ run, name: 'mine' }], env: { PATH: `relative:${project.directory}/bin` } };
    project.write('runner.config.json', JSON.stringify({ chains: { mail } }));
    const { definition } = await project.loadChain();
    const argv = [`${project.directory}/bin/mine.sh`, '$HOME', 'a b'];
    assert.deepEqual(definition.tasks[0]?.work, { kind: 'command', argv });
    assert.equal(definition.tasks[0].name, 'mine');
  });

  test('is looked for in the folder of its chain', async (t) => {
    const project = new Project(t, { 'jobs/run.sh': '#!/bin/sh\n' });
    const chain = await project.loadChain({ arguments: ['./run.sh'], options: { cwd: 'jobs' } });
    assert.equal(chain.definition.directory, `${project.directory}/jobs`);
    const told = await project.problems({ arguments: ['./run.sh'] });
    assert.match(told, /Cannot run ".\/run.sh" in \/project: there is no such file/);
  });

  test('that a program cannot be given is refused', async (t) => {
    const project = new Project(t, {});
    const run = ['/bin/echo', 'x'.repeat(200_000)];
    const mail = { tasks: [{ run }], env: { BIG: 'x'.repeat(131_070), NUL: 'a\0b' } };
    project.write('runner.config.json', JSON.stringify({ chains: { mail } }));
    const told = await project.problems();
    assert.match(told, /Cannot run the command: found 200000 bytes, of which a program can be given 131071/);
    assert.match(told, /Cannot set "BIG": found 131074 bytes, of which/);
    assert.match(told, /Cannot set "NUL": found a NUL character in it/);
  });
});

test('a single configured chain is chosen by its name, also when that looks like a function', async (t) => {
  const chains = { mail: { tasks: ['sh: x'] }, 'tasks.post': { tasks: ['sh: y'] } };
  const project = new Project(t, { 'runner.config.json': JSON.stringify({ chains }) });
  const post = await project.loadChains({ arguments: ['tasks.post'] });
  assert.deepEqual(
    post.map(({ definition }) => definition.name),
    ['tasks.post'],
  );
  const all = await project.loadChains();
  assert.deepEqual(
    all.map(({ definition }) => definition.name),
    ['mail', 'tasks.post'],
  );
});

test('only the functions of the chosen chain are imported', async (t) => {
  const chains = { mail: { tasks: ['sh: x'] }, broken: { tasks: ['broken.task'] } };
  const project = new Project(t, {
    'runner.config.json': JSON.stringify({ chains }),
    'broken.mjs': 'throw new Error("imported")',
  });
  assert.equal(await project.problems({ arguments: ['mail'] }), '');
  assert.match(await project.problems(), /Cannot import "broken.mjs": imported/);
});

test('keys that start with x- are the own of the user, and YAML may share values through them', async (t) => {
  const project = new Project(t, {
    'runner.config.yaml': `x-usual: &usual { timeout: 5m }
chains:
  mail: { <<: *usual, tasks: ["sh: x"] }
  post: { <<: *usual, tasks: ["sh: x"], timeout: 6m }
`,
  });
  const chains = await project.loadChains();
  assert.deepEqual(
    chains.map(({ definition }) => definition.tasks[0]?.timeoutMs),
    [300_000, 360_000],
  );
});
