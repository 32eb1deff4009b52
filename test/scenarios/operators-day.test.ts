import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntilGone } from '../support/processes.ts';
import { upTest } from '../support/up-project.ts';

/** Tells on standard output, which goes to its log, and takes long enough to be met in the middle. */
const work = (name: string, cooldown: string): object => ({
  tasks: [`sh: echo "${name} $RUNNER_RUN"; sleep 0.3; echo "${name} $RUNNER_RUN" >> done`],
  cooldown,
});

upTest("an operator's day: start, look, pause, reload, upgrade, a crash, and home", async (project) => {
  const runs = (name: string): readonly number[] => {
    const path = join(project.folder, 'done');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
    return lines.filter((line) => line.startsWith(`${name} `)).map((line) => Number(line.split(' ')[1]));
  };

  // In the morning the project is started, and looked at.
  project.configure({ mail: work('mail', '50ms'), report: work('report', '1h') });
  assert.match(project.done('up --detach'), /^up as process/);
  await project.chainReached('report', ({ state }) => state === 'cooling down');
  assert.match(project.done('status'), /2 chains.*\n.*\n(.*\n)*report +cooling down/);
  assert.match(project.done('logs report'), /^report 1$/m);

  // The mail server is down for an hour: its chain is paused, and the reason is there for everybody to see.
  project.done('pause mail --for 1h');
  await project.chainReached('mail', ({ state }) => state === 'paused');
  const paused = runs('mail').length;

  // A colleague has left a mistake in the configuration. Nothing happens to what runs.
  project.configure({ mail: work('mail', 'a while'), report: work('report', '1h') });
  assert.equal(project.say('reload').exitCode, 78);
  assert.equal((await project.status()).chains.length, 2);

  // Without the mistake, and with one chain more, it is carried out. The pause stays, the cooldown goes on.
  project.configure({
    mail: work('mail', '60ms'),
    report: work('report', '1h'),
    backup: work('backup', '50ms'),
  });
  assert.match(project.done('reload'), /^mail: changed .*\nreport: untouched\nbackup: new/);
  await project.chainReached('backup', ({ last }) => last !== null);
  assert.equal((await project.chainReached('mail', () => true)).state, 'paused');
  assert.deepEqual([runs('mail').length, runs('report').length], [paused, 1]);

  // A new version is installed. The runner is replaced, and nobody notices.
  const { runner: old } = await project.status();
  project.done('upgrade');
  await waitUntilGone([old.pid]);
  const { runner: present } = await project.reached(({ chains }) =>
    chains.every(({ heldBy }) => heldBy === null),
  );
  assert.notEqual(present.pid, old.pid);
  project.done('resume mail');
  await project.chainReached('mail', ({ run }) => run?.stage === 'running');

  // The kernel runs out of memory, and of all processes it takes the runner. It is started again.
  process.kill(present.pid, 'SIGKILL');
  await waitUntilGone([present.pid]);
  assert.equal(project.say('status').exitCode, 69);
  project.done('up --detach');
  const backups = runs('backup').length;
  await project.reached(() => runs('backup').length > backups + 1 && runs('mail').length > paused + 1);

  // In the evening the machine is to be switched off: what runs may end.
  assert.match(project.done('drain'), /has ended\n$/);
  for (const name of ['mail', 'report', 'backup']) {
    const history = project.history(name);
    assert.deepEqual(
      history.filter(({ outcome }) => outcome !== 'succeeded'),
      [],
      name,
    );
    // Each run happened, once, in its order, and nothing else did.
    assert.deepEqual(
      runs(name),
      history.map(({ run }) => run),
      name,
    );
  }
  assert.equal(runs('report').length, 1);
});
