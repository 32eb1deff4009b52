import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readProcessState, waitForFile, workerBelow } from '../support/processes.ts';
import { projectTest } from '../support/project-test.ts';

projectTest('of two runners that start together one lives, and the other names it', async (project) => {
  for (let round = 0; round < 10; round += 1) {
    const name = `c${round}`;
    const release = join(project.folder, `release${round}`);
    const task = `sh: until [ -e ${release} ]; do sleep 0.02; done`;
    const runners = [0, 1].map(() => project.start(task, '--name', name, '--passes', '1'));
    const loser = await Promise.race(runners.map(async (runner) => ({ runner, end: await runner.ended })));
    assert.equal(loser.end.exitCode, 75, loser.end.stderr);
    const winner = runners.find((runner) => runner !== loser.runner);
    assert.match(loser.end.stderr, /runs it already/);
    // The winner may not have written down who it is when the other one looks.
    const named = /process (\d+) runs/.exec(loser.end.stderr)?.[1];
    if (named !== undefined) assert.equal(Number(named), winner?.child.pid);
    writeFileSync(release, '');
    assert.equal((await winner?.ended)?.exitCode, 0);
    assert.deepEqual(
      project.history(name).map((line) => line.outcome),
      ['succeeded'],
    );
  }
});

projectTest('a second runner is told who has the chain and what to do', async (project) => {
  const first = project.start('sh: sleep 300', '--name', 'c');
  await first.next('run started');
  const second = project.command('run', 'sh: sleep 300', '--name', 'c');
  assert.equal(second.exitCode, 75);
  assert.match(second.stderr, new RegExp(`process ${first.child.pid} \\(.*\\) runs it already.*--takeover`));
});

projectTest('SIGTERM lets the run in progress end, and then the runner ends with 0', async (project) => {
  const runner = project.start(`sh: sleep 0.4; echo > ${project.folder}/done`, '--name', 'c');
  await runner.next('run started');
  runner.signal('SIGTERM');
  const { exitCode } = await runner.ended;
  assert.equal(exitCode, 0);
  assert.ok(existsSync(join(project.folder, 'done')));
  assert.deepEqual(
    project.history('c').map((line) => line.outcome),
    ['succeeded'],
  );
});

projectTest('a stop does not wait for what a run left behind; the next start does', async (project) => {
  const gone = join(project.folder, 'gone');
  const leave = `sh: setsid sh -c "sleep 2; echo > ${gone}" >/dev/null 2>&1 & exit 0`;
  const runner = project.start(leave, '--name', 'c');
  await runner.next('run left behind');
  runner.signal('SIGTERM');
  assert.equal((await runner.ended).exitCode, 0);
  assert.ok(!existsSync(gone), 'the runner has ended before the process');
  assert.equal((await project.start(`sh: [ -e ${gone} ]`, '--name', 'c', '--passes', '1').ended).exitCode, 0);
});

projectTest('a second signal kills the run in progress at once', async (project) => {
  const runner = project.start('sh: trap "" TERM; sleep 300', '--name', 'c');
  await runner.next('run started');
  runner.signal('SIGINT');
  await runner.next('stop asked');
  runner.signal('SIGINT');
  assert.equal((await runner.ended).exitCode, 0);
  assert.deepEqual(
    project.history('c').map((line) => line.outcome),
    ['stopped'],
  );
});

projectTest(
  'a run that goes on after stopGrace gets SIGTERM, and is run again next time',
  async (project) => {
    const chain = { tasks: ['sh: sleep 300', 'sh: true'], stopGrace: '200ms', killGrace: '1s' };
    writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains: { c: chain } }));
    const runner = project.start('c');
    await runner.next('run started');
    runner.signal('SIGTERM');
    assert.equal((await runner.ended).exitCode, 0);
    const again = project.start('c');
    const started = await again.next('run started');
    assert.equal(started.task, 'sleep 300');
  },
);

projectTest('SIGHUP means nothing where there is no terminal', async (project) => {
  const runner = project.start(`sh: sleep 0.3`, '--name', 'c', '--passes', '1');
  await runner.next('run started');
  runner.signal('SIGHUP');
  assert.equal((await runner.ended).exitCode, 0);
  assert.deepEqual(
    project.history('c').map((line) => line.outcome),
    ['succeeded'],
  );
});

projectTest('a reader that goes away does not end the chain', async (project) => {
  const runner = project.start(
    `sh: echo line; echo > ${project.folder}/$RUNNER_RUN`,
    '--name',
    'c',
    '--cooldown',
    '50ms',
  );
  await runner.next('run ended');
  runner.child.stdout?.destroy();
  await waitForFile(join(project.folder, '6'));
  runner.signal('SIGTERM');
  assert.equal((await runner.ended).exitCode, 0);
});

projectTest('onFailure: "retry" repeats the task, "restart" begins a new pass', async (project) => {
  const failsOnce = `sh: [ -e ${project.folder}/$RUNNER_CHAIN ] || { echo > ${project.folder}/$RUNNER_CHAIN; exit 1; }`;
  const tasks = ['sh: true', failsOnce];
  const quick = { cooldown: { success: '0s', failure: '0s' }, tasks };
  const chains = { retry: { ...quick, onFailure: 'retry' }, restart: { ...quick, onFailure: 'restart' } };
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains }));
  await project.start('retry', '--passes', '1').ended;
  await project.start('restart', '--passes', '2').ended;
  const name = failsOnce.slice(4);
  assert.deepEqual(
    project.history('retry').map((line) => line.task),
    ['true', name, name],
  );
  assert.deepEqual(
    project.history('restart').map((line) => line.task),
    ['true', name, 'true', name],
  );
});

projectTest('onFailure: "pause" waits until the chain is started again', async (project) => {
  const chain = { tasks: ['sh: exit 3'], onFailure: 'pause', cooldown: { failure: '0s' } };
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains: { c: chain } }));
  const runner = project.start('c');
  await runner.next('paused');
  runner.signal('SIGTERM');
  assert.equal((await runner.ended).exitCode, 0);
  assert.equal(project.history('c').length, 1);
  const again = project.start('c');
  await again.next('paused');
  again.signal('SIGTERM');
  await again.ended;
  assert.equal(project.history('c').length, 2);
});

projectTest('a worker waits while it has nothing to do, and is gone after its runner', async (project) => {
  const runner = project.start('sh: true', '--name', 'c', '--cooldown', '1h');
  await runner.next('run ended');
  const { pid } = workerBelow(runner.child.pid ?? 0);
  assert.match(readProcessState(pid), /S/);
  runner.signal('SIGTERM');
  assert.equal((await runner.ended).exitCode, 0);
  assert.match(readProcessState(pid), /^Z?$/);
});
