import assert from 'node:assert/strict';
import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { warningOfOwner } from '../../src/config/trust.ts';
import { skipUnlessRoot } from '../support/host-users.ts';
import { Project } from './project.ts';

/** An id that no user of a host has. */
const stranger = 4_242_424;

const configs = {
  'runner.config.json': '{ "chains": { "mail": { "tasks": ["sh: x"] } } }',
  'runner.config.yaml': 'chains: { mail: { tasks: ["sh: x"] } }',
  'runner.config.mjs': 'export default { chains: { mail: { tasks: ["sh: x"] } } }',
};

function rootTest(name: string, body: (t: TestContext) => Promise<void> | void): void {
  test(name, { skip: skipUnlessRoot }, body);
}

for (const [name, text] of Object.entries(configs)) {
  rootTest(`as root ${name} is refused while others can write it, or a folder above it`, async (t) => {
    const project = new Project(t, { [name]: text });
    const path = join(project.directory, name);
    for (const mode of [0o664, 0o646]) {
      chmodSync(path, mode);
      assert.equal(
        await project.problems(),
        `${name}\n    Cannot use the configuration as root: others than its owner can write it, run "chmod go-w /project/${name}"`,
      );
    }
    chmodSync(path, 0o644);
    chmodSync(project.directory, 0o777);
    assert.match(
      await project.problems(),
      /^ {4}Cannot use .*: others than its owner can write to the folder \/project, run "chmod go-w \/project"$/m,
    );
    chmodSync(project.directory, 0o1777);
    assert.equal(await project.problems(), '');
  });
}

rootTest('as root a module is not imported while others can write it', async (t) => {
  const project = new Project(t, { 'tasks.mjs': 'export function sync() {}' });
  chmodSync(join(project.directory, 'tasks.mjs'), 0o666);
  assert.match(
    await project.problems({ arguments: ['tasks.sync'] }),
    /Cannot import "tasks\.mjs": this runner is root, and others .*, run "chmod go-w \/project\/tasks\.mjs"/,
  );
});

rootTest('as root an environment file that others can write is for chains of other users only', async (t) => {
  const root = { tasks: ['/bin/true'], envFile: 'chain.env' };
  const config = JSON.stringify({ chains: { root, other: { ...root, user: 'nobody' } } });
  const project = new Project(t, { 'runner.config.json': config, 'chain.env': 'COLOR=red\n' });
  chmodSync(project.directory, 0o755);
  chmodSync(join(project.directory, 'chain.env'), 0o666);
  assert.equal(
    await project.problems(),
    'runner.config.json:1:42  chains.root.envFile\n    Cannot use the environment file "chain.env" as root: others than its owner can write it, run "chmod go-w /project/chain.env"',
  );
});

rootTest('as root a configuration of another user is told, and not refused', async (t) => {
  const project = new Project(t, { 'runner.config.json': configs['runner.config.json'] });
  const path = join(project.directory, 'runner.config.json');
  assert.equal(warningOfOwner(project.directory), null);
  chownSync(path, stranger, stranger);
  assert.equal(
    warningOfOwner(project.directory),
    `${path} belongs to user ${stranger}, who can so make this runner, which is root, run anything; if that is not meant, run "chown root ${path}"`,
  );
  assert.equal(await project.problems(), '');
  chownSync(path, 0, 0);
  chownSync(project.directory, stranger, stranger);
  assert.match(warningOfOwner(project.directory) ?? '', /runner-config-\w+ belongs to user 4242424/);
});
