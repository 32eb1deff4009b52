import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readProcessState, waitForFile, waitUntilGone, workerBelow } from '../support/processes.ts';
import { fixture, runnerFile } from '../support/runner-process.ts';
import { projectTest } from '../support/project-test.ts';

projectTest('of two runners that start together one lives, and the other names it', async (project) => {
  for (let round = 0; round < 50; round += 1) {
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
  first.signal('SIGTERM');
  first.signal('SIGTERM');
  await first.ended;
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
    again.signal('SIGTERM');
    again.signal('SIGTERM');
    await again.ended;
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
    next.signal('SIGTERM');
    next.signal('SIGTERM');
    await next.ended;
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

projectTest(
  'a runner on a full disk holds the next start back, and goes on by itself when there is room',
  async (project) => {
    if (process.getuid?.() !== 0) return;
    const state = join(project.folder, 'small');
    mkdirSync(state);
    assert.equal(project.shell(`mount -t tmpfs -o size=8m,mode=700 none ${state}`), 0);
    try {
      const args = ['sh: true', '--name', 'c', '--cooldown', '50ms', '--state-dir', state];
      const runner = project.start(...args);
      await runner.next('run ended');
      project.shell(`head -c 10000000 /dev/zero > ${state}/ballast`);
      const failed = await runner.next('store failed');
      assert.match(String(failed.reason), /free some space/);
      project.shell(`rm ${state}/ballast`);
      await runner.next('store works again');
      await runner.next('run ended');
      runner.signal('SIGTERM');
      assert.equal((await runner.ended).exitCode, 0);
    } finally {
      project.shell(`umount -l ${state}`);
    }
  },
);

projectTest('a damaged state is named, with what to do, and nothing is started', async (project) => {
  await project.start('sh: true', '--name', 'c', '--passes', '1').ended;
  writeFileSync(join(project.folder, '.runner/state.db'), 'this is not a database, whatever its name says');
  const { exitCode, stderr } = project.command('run', 'sh: true', '--name', 'c');
  assert.equal(exitCode, 74);
  assert.match(stderr, /is damaged .*nothing was started.*mv /s);
  assert.doesNotMatch(stderr, /\n {4}at /);
});

projectTest('wrong usage is status 64 and says where help is', async (project) => {
  for (const args of [['run'], ['run', '--bogus', 'x'], ['run', '--passes', '0', 'x'], ['rnu']]) {
    const { exitCode, stderr } = project.command(...args);
    assert.equal(exitCode, 64, args.join(' '));
    assert.match(stderr, /--help/);
  }
});

projectTest('a bug of the runner ends it with 70, and its run goes on and is picked up', async (project) => {
  const planted = 'setTimeout(() => { throw new Error("planted") }, 700)';
  process.env['NODE_OPTIONS'] = `--import=data:text/javascript,${encodeURIComponent(planted)}`;
  const task = 'sh: sleep 1.5; exit 7';
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

projectTest('a state folder that cannot be made is named', async (project) => {
  writeFileSync(join(project.folder, 'file'), '');
  const { exitCode, stderr } = project.command('run', 'sh: true', '--state-dir', 'file/state');
  assert.equal(exitCode, 73);
  assert.match(stderr, /Cannot make the state folder ".*file\/state": .*--state-dir/);
  assert.equal(project.command('run', 'sh: true', '--state-dir', '/proc/x').exitCode, 73);
});

projectTest('the state folder of another user is refused', async (project) => {
  if (process.getuid?.() !== 0) return;
  await project.start('sh: true', '--name', 'c', '--passes', '1').ended;
  // Where the tests have installed the package nobody else can read it.
  const copy = join(project.folder, 'node_modules');
  cpSync(join(dirname(runnerFile), '..', '..'), copy, { recursive: true, dereference: true });
  chmodSync(project.folder, 0o777);
  const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const command = [
    process.execPath,
    join(copy, 'yourlabs-runner/dist/runner.cjs'),
    'run',
    'sh: true',
    '--name',
    'c',
  ];
  const other = project.output('setpriv', [...nobody, ...command]);
  assert.equal(other.exitCode, 73, other.stderr);
  assert.match(other.stderr, /belongs to user 0 and this is user 65534.*--state-dir/);
});

projectTest('without perl it says what to install', async (project) => {
  if (process.getuid?.() !== 0) return;
  const script = `mount --bind /dev/null /usr/bin/perl && PATH=/nowhere ${process.execPath} ${runnerFile} run "sh: true"`;
  const { exitCode, stderr } = project.output('unshare', ['-m', '/bin/sh', '-c', script]);
  assert.equal(exitCode, 69, stderr);
  assert.match(stderr, /apt-get install perl-base/);
});

projectTest(
  'few open files are no crash: it says that no worker can be started, and why',
  async (project) => {
    const script = `ulimit -n 80; ${process.execPath} ${runnerFile} run "sh: true" --name c --passes 1 --failure-cooldown 0s`;
    const { exitCode, stdout, stderr } = project.output('/bin/sh', ['-c', script]);
    assert.equal(exitCode, 1, stderr);
    assert.match(stdout, /could not start: .*open files.*ulimit -n/);
  },
);

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
