// What a runner makes of what the one before it has left.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitForFile, waitUntilGone, workerBelow } from '../support/processes.ts';
import { projectTest } from '../support/project-test.ts';
import { fixture, runnerFile } from '../support/runner-process.ts';

projectTest(
  'a cooldown goes on over a restart: what is left of it is waited for, no less',
  async (project) => {
    const args = ['sh: true', '--name', 'c', '--cooldown', '2s'];
    const first = project.start(...args);
    await first.next('run ended');
    first.signal('SIGKILL');
    await first.ended;
    await project.start(...args, '--passes', '1').ended;
    const [one, two] = project.history('c');
    const waitedMs = (two?.startedAt ?? 0) - (one?.endedAt ?? 0);
    assert.ok(waitedMs >= 1_990, `waited ${waitedMs} ms`);
  },
);

projectTest('a wall clock that is set ten days on does not cut a cooldown short', async (project) => {
  const args = ['sh: cat /proc/uptime >> up', '--name', 'c', '--cooldown', '2s'];
  const first = project.start(...args);
  await first.next('run ended');
  first.signal('SIGTERM');
  await first.ended;
  const faked = spawn(
    'faketime',
    ['-f', '+10d', process.execPath, runnerFile, 'run', ...args, '--passes', '1'],
    {
      cwd: project.folder,
      stdio: 'ignore',
      env: { ...process.env, FAKETIME_DONT_FAKE_MONOTONIC: '1' },
    },
  );
  assert.equal(await new Promise((resolve) => faked.on('close', resolve)), 0);
  const [one, two] = readFileSync(join(project.folder, 'up'), 'utf8').trim().split('\n').map(parseFloat);
  assert.ok((two ?? 0) - (one ?? 0) >= 1.99, `waited ${(two ?? 0) - (one ?? 0)} s`);
});

projectTest(
  'a run that died with its runner and its worker is interrupted, never a success',
  async (project) => {
    const begun = join(project.folder, 'begun');
    const args = [`sh: echo > ${begun}; exec sleep 300`, '--name', 'c', '--failure-cooldown', '0s'];
    const runner = project.start(...args);
    await waitForFile(begun);
    const worker = workerBelow(runner.child.pid ?? 0);
    runner.signal('SIGKILL');
    await runner.ended;
    process.kill(worker.pid, 'SIGKILL');
    for (const pid of worker.below) process.kill(pid, 'SIGKILL');
    const next = project.start(...args);
    const ended = await next.next('run ended');
    assert.equal(ended.outcome?.kind, 'interrupted');
  },
);

projectTest('a run that was intended and never started is withdrawn, and its task runs', async (project) => {
  const runner = project.start('sh: true', '--name', 'c', '--cooldown', '1500ms');
  await runner.next('run ended');
  const worker = workerBelow(runner.child.pid ?? 0);
  process.kill(worker.pid, 'SIGSTOP');
  await runner.next('run started');
  runner.signal('SIGKILL');
  await runner.ended;
  process.kill(worker.pid, 'SIGKILL');
  assert.equal((await project.start('sh: true', '--name', 'c', '--passes', '1').ended).exitCode, 0);
  assert.deepEqual(
    project.history('c').map((line) => line.outcome),
    ['succeeded', 'withdrawn', 'succeeded'],
  );
});

projectTest('a timeout of a later run is kept by the next runner, for the whole tree', async (project) => {
  const begun = join(project.folder, 'begun2');
  const hides = `python3 ${fixture('tasks/hand-over.py')} python3 ${fixture('tasks/witness.py')} ${project.folder} ${project.folder}/record 300 0`;
  const task = `sh: [ $RUNNER_RUN = 2 ] || exit 0; ${hides}; echo > ${begun}; sleep 300`;
  const chain = {
    killGrace: '300ms',
    tasks: [task],
    timeout: '3s',
    cooldown: { success: '0s', failure: '0s' },
  };
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains: { c: chain } }));
  const first = project.start('c');
  await waitForFile(begun);
  const worker = workerBelow(first.child.pid ?? 0);
  first.signal('SIGKILL');
  await first.ended;
  const next = project.start('c', '--passes', '2');
  const ended = await next.next('run ended');
  assert.deepEqual([ended.run, ended.outcome?.kind], [2, 'timed out']);
  await waitUntilGone(worker.below);
  assert.equal((await next.ended).exitCode, 0);
});

projectTest(
  'the history says of a run that nobody asked about that its end is not known',
  async (project) => {
    const go = join(project.folder, 'go');
    const task = `sh: echo > ${project.folder}/begun; until [ -e ${go} ]; do sleep 0.05; done`;
    const runner = project.start(task, '--name', 'c');
    await waitForFile(join(project.folder, 'begun'));
    const { pid } = workerBelow(runner.child.pid ?? 0);
    assert.match(project.command('history', 'c').stdout, /in progress/);
    runner.signal('SIGKILL');
    await runner.ended;
    writeFileSync(go, '');
    await waitUntilGone([pid]);
    assert.match(project.command('history', 'c').stdout, /not known: start the chain again/);
  },
);

projectTest('the output of a run that outlived its runner is all in its log', async (project) => {
  const task = `sh: echo begin; echo > ${project.folder}/begun; sleep 0.5; echo end`;
  const first = project.start(task, '--name', 'c');
  await waitForFile(join(project.folder, 'begun'));
  first.signal('SIGKILL');
  await first.ended;
  await project.start(task, '--name', 'c', '--passes', '1').ended;
  assert.equal(project.command('logs', 'c', '--run', '1').stdout, 'begin\nend\n');
});

projectTest('a timeout is kept by the next runner', async (project) => {
  const args = [
    'sh: trap "" TERM; while :; do sleep 0.05; done',
    '--name',
    'c',
    '--timeout',
    '1s',
    '--failure-cooldown',
    '0s',
  ];
  const first = project.start(...args);
  await first.next('run started');
  first.signal('SIGKILL');
  await first.ended;
  const chain = { killGrace: '300ms', tasks: [args[0]], timeout: '1s' };
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains: { c: chain } }));
  const next = project.start('c', '--passes', '1');
  const ended = await next.next('run ended');
  assert.deepEqual([ended.run, ended.outcome?.kind], [1, 'timed out']);
  await next.ended;
});

projectTest('a bug of the runner ends it with 70, and its run goes on and is picked up', async (project) => {
  const begun = join(project.folder, 'begun');
  const throwsOnceBegun = `
    import { existsSync } from 'node:fs';
    setInterval(() => { if (existsSync('${begun}')) throw new Error('planted') }, 10).unref();`;
  process.env['NODE_OPTIONS'] = `--import=data:text/javascript,${encodeURIComponent(throwsOnceBegun)}`;
  const task = `sh: echo > ${begun}; sleep 1; exit 7`;
  const runner = project.start(task, '--name', 'c', '--failure-cooldown', '0s');
  delete process.env['NODE_OPTIONS'];
  const { exitCode, stderr } = await runner.ended;
  assert.equal(exitCode, 70);
  assert.match(stderr, /This is a bug of runner\. Runs in progress go on.*planted/s);
  const next = project.start(task, '--name', 'c', '--passes', '1');
  const ended = await next.next('run ended');
  assert.deepEqual([ended.run, ended.outcome], [1, { kind: 'exited', exitCode: 7 }]);
  await next.ended;
});
