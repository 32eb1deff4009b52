import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { waitForFile, waitUntilGone } from '../support/processes.ts';
import { createInstallation } from '../support/two-versions.ts';
import { createUpProject, upTest } from '../support/up-project.ts';

/** A run that ends when the file `go-RUN` is there. */
const untilGo = { tasks: ['sh: until test -e go-$RUNNER_RUN; do sleep 0.02; done'], cooldown: '10ms' };
const idle = { tasks: ['sh: :'], cooldown: '1h' };

upTest('a successor that dies before it has all chains leaves them to the runner before', async (project) => {
  project.configure({ busy: untilGo, idle });
  const first = await project.up();
  await project.chainReached('idle', ({ state }) => state === 'cooling down');
  await project.chainReached('busy', ({ run }) => run?.stage === 'running');
  const second = await project.up('--takeover');
  const given = await project.chainReached('busy', ({ heldBy }) => heldBy?.isGiving === true);
  assert.equal(given.heldBy?.pid, first.child.pid);
  await project.chainReached('idle', ({ state }) => state === 'cooling down');
  assert.match(project.done('status'), /busy +elsewhere .* its run goes on in process \d+/);
  second.signal('SIGKILL');
  await second.ended;
  await project.reached(({ runner }) => runner.pid === first.child.pid && runner.successor === null);
  writeFileSync(join(project.folder, 'go-1'), '');
  await project.chainReached('busy', ({ run }) => run?.number === 2 && run.stage === 'running');
  await project.chainReached('idle', ({ state }) => state === 'cooling down');
});

upTest(
  'a runner that dies while it gives its chains away leaves them to its successor, which can end',
  async (project) => {
    project.configure({ busy: untilGo });
    const first = await project.up();
    await project.chainReached('busy', ({ run }) => run?.stage === 'running');
    const second = await project.up('--takeover');
    await project.chainReached('busy', ({ heldBy }) => heldBy?.isGiving === true);
    first.signal('SIGKILL');
    await project.chainReached('busy', ({ state }) => state === 'worker blocked');
    writeFileSync(join(project.folder, 'go-1'), '');
    await project.chainReached('busy', ({ run }) => run?.number === 2);
    project.done('down --now');
    assert.equal((await second.ended).exitCode, 0);
    assert.deepEqual(
      project.history('busy').map(({ outcome }) => outcome),
      ['succeeded', 'stopped'],
    );
  },
);

test('a runner whose program was updated uses no part of the other version, says so, and its successor goes on', async () => {
  const installation = createInstallation();
  installation.install('1.0.0');
  const project = createUpProject(installation.program);
  try {
    writeFileSync(join(project.folder, 'jobs.mjs'), 'export function call() {}\n');
    const hour = { cooldown: { success: '1h', failure: '1h' } };
    const told = { command: [process.execPath, '-e', "require('fs').writeFileSync('told', '')"] };
    const config = {
      chains: { functions: { tasks: ['jobs.call'], ...hour }, commands: idle },
      alerts: { channels: { people: told } },
    };
    writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify(config));
    await project.up();
    for (const name of ['functions', 'commands'])
      await project.chainReached(name, ({ state }) => state === 'cooling down');
    installation.install('1.1.0');
    for (const name of ['functions', 'commands']) {
      project.done(`restart ${name}`);
      project.done(`poke ${name}`);
    }
    const refused = await project.chainReached('functions', ({ last }) => last?.run === 2);
    assert.match(JSON.stringify(refused.last?.outcome), /not started.*installed anew .*runner upgrade/);
    assert.match(project.done('status functions'), /run "runner upgrade"/);
    // The worker of commands is the same in both versions.
    const { last } = await project.chainReached('commands', (status) => status.last?.run === 2);
    assert.equal(last?.outcome.kind, 'succeeded');
    await waitForFile(join(project.folder, 'told'));
    const reloaded = project.say('reload');
    assert.match(
      reloaded.text,
      /Cannot load the configuration: runner was installed anew .* run "runner upgrade"/,
    );
    assert.equal(reloaded.exitCode, 78);
    project.done('upgrade');
    await project.chainReached('functions', ({ state }) => state === 'cooling down');
    assert.equal((await project.status()).runner.version, '1.1.0');
    project.done('poke functions');
    const { last: healed } = await project.chainReached('functions', (status) => status.last?.run === 3);
    assert.equal(healed?.outcome.kind, 'succeeded');
  } finally {
    await project.close();
    installation.remove();
  }
});

test('one version follows another and the other way round, and no run is ended', async () => {
  const installation = createInstallation();
  installation.install('1.0.0');
  const project = createUpProject(installation.program);
  try {
    project.configure({ busy: untilGo, idle });
    await project.up();
    for (const [run, version] of [
      [1, '1.1.0'],
      [2, '1.0.0'],
    ] as const) {
      await project.chainReached('idle', ({ state }) => state === 'cooling down');
      await project.chainReached(
        'busy',
        (status) => status.run?.number === run && status.run.stage === 'running',
      );
      const before = (await project.status()).runner;
      installation.install(version);
      assert.match(project.done('status'), new RegExp(`^runner ${before.version}, process ${before.pid}`));
      const said = project.done('upgrade');
      assert.match(said, new RegExp(`^runner ${version} is up as process \\d+ and takes the chains over\n`));
      assert.match(said, new RegExp(`busy follows when its run ${run} \\(.*\\) has ended\n$`));
      assert.match(project.done('status'), new RegExp(`^runner ${version}, process`));
      writeFileSync(join(project.folder, `go-${run}`), '');
      await waitUntilGone([before.pid]);
    }
    await project.chainReached('busy', ({ run }) => run?.number === 3);
    assert.deepEqual(
      project.history('busy').map(({ outcome }) => outcome),
      ['succeeded', 'succeeded', null],
    );
  } finally {
    await project.close();
    installation.remove();
  }
});
