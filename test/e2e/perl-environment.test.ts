import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectTest } from '../support/project-test.ts';
import { createProject, runnerFile } from '../support/runner-process.ts';

// What is meant for the Perl programs of the user, and would trouble the worker, which is one as well.
const environment = { LANG: 'xx_YY.UTF-8', PERL5OPT: '-MNo::Such::Module', PERL_BADLANG: '1' };
const printed = 'xx_YY.UTF-8 -MNo::Such::Module 1\n';
const command = { run: ['/bin/sh', '-c', 'echo "$LANG $PERL5OPT $PERL_BADLANG"'] };
const functionSource = `export function print({ log }) {
  const { LANG, PERL5OPT, PERL_BADLANG } = process.env;
  log([LANG, PERL5OPT, PERL_BADLANG].join(' '));
}
`;

for (const [worker, chain] of [
  ['commands', { tasks: [command] }],
  ['functions', { tasks: ['tasks.print'] }],
  ['the functions of many chains', { tasks: ['tasks.print'], isolation: 'shared' }],
] as const) {
  projectTest(
    `a worker for ${worker} takes no notice of what the environment says to perl, and its tasks have it`,
    async (project) => {
      const config = { chains: { c: { ...chain, env: environment } } };
      writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify(config));
      writeFileSync(join(project.folder, 'tasks.mjs'), functionSource);
      assert.equal((await project.start('c', '--passes', '1').ended).exitCode, 0);
      assert.equal(readFileSync(join(project.folder, '.runner/logs/c.log'), 'utf8'), printed);
    },
  );
}

projectTest('a task has no variable that only its worker had', async (project) => {
  const task = 'sh: echo "${PERL_BADLANG-none}"';
  assert.equal((await project.start(task, '--name', 'c', '--passes', '1').ended).exitCode, 0);
  assert.equal(readFileSync(join(project.folder, '.runner/logs/c.log'), 'utf8'), 'none\n');
});

test(
  'nor does the first process of a container, and its runner has it all',
  { skip: process.getuid?.() !== 0 },
  async () => {
    const project = createProject();
    const chain = { tasks: [command], inheritEnv: Object.keys(environment) };
    writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains: { c: chain } }));
    const words = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, runnerFile];
    const { status, stderr } = spawnSync('unshare', [...words, 'run', 'c', '--passes', '1', '--quiet'], {
      cwd: project.folder,
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    });
    assert.deepEqual([status, stderr], [0, '']);
    assert.equal(readFileSync(join(project.folder, '.runner/logs/c.log'), 'utf8'), printed);
    await project.close();
  },
);
