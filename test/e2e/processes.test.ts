import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitForFile, waitUntilGone } from '../support/processes.ts';
import {
  fixture,
  type RunnerEvent,
  type RunnerProcess,
  type TestProject,
} from '../support/runner-process.ts';
import { projectTest } from '../support/project-test.ts';

const backToBack = ['--cooldown', '0s', '--failure-cooldown', '0s'];

/** Waits for a file, in words of the shell that need no PATH. */
function untilThere(file: string): string {
  return `until [ -e ${file} ]; do /bin/sleep 0.02; done`;
}

projectTest('a process in a session of its own holds the next run back until it ends', async (project) => {
  const begun = `${project.folder}/begun`;
  const release = `${project.folder}/release`;
  const hidden = `setsid sh -c "echo > ${begun}; ${untilThere(release)}; echo gone > ${project.folder}/gone" >/dev/null 2>&1 &`;
  const leave = `sh: ${hidden} until [ -e ${begun} ]; do sleep 0.01; done`;
  const runner = project.start(leave, '--name', 'c', ...backToBack, '--passes', '2');
  const left = await runner.next('run left behind');
  // A long path is cut.
  assert.match(JSON.stringify(left.leftovers), /sh -c echo > [^ ]*begun; until/);
  writeFileSync(release, '');
  await runner.next('leftovers gone');
  assert.ok(existsSync(join(project.folder, 'gone')), 'the next run may start only when the process is gone');
  assert.equal((await runner.ended).exitCode, 0);
});

projectTest(
  'a daemon that closed all descriptors and cleared its environment is still found',
  async (project) => {
    const release = `${project.folder}/release`;
    const hide = `env -i /usr/bin/setsid /bin/bash -c "exec 97>&-; ${untilThere(release)}; echo gone > ${project.folder}/gone"`;
    const runner = project.start(
      `sh: ${hide} >/dev/null 2>&1 & exit 0`,
      '--name',
      'c',
      ...backToBack,
      '--passes',
      '2',
    );
    await runner.next('run left behind');
    writeFileSync(release, '');
    await runner.next('leftovers gone');
    assert.ok(existsSync(join(project.folder, 'gone')));
    assert.equal((await runner.ended).exitCode, 0);
  },
);

projectTest('with leftovers: "kill" what a run left behind is ended', async (project) => {
  configure(project, {
    tasks: ['sh: setsid sleep 300 >/dev/null 2>&1 & exit 0'],
    leftovers: 'kill',
    killGrace: '1s',
  });
  const runner = project.start('c', '--passes', '1');
  const left = await runner.next('run left behind');
  await runner.next('leftovers gone');
  assert.equal((await runner.ended).exitCode, 0);
  await waitUntilGone(pidsIn(left.leftovers));
});

projectTest('with leftovers: "allow" the next run does not wait', async (project) => {
  configure(project, {
    tasks: [`sh: setsid sleep 30 & echo $! >> ${project.folder}/pids`],
    leftovers: 'allow',
  });
  const runner = project.start('c', '--passes', '3');
  assert.equal((await runner.ended).exitCode, 0);
  const pids = readFileSync(join(project.folder, 'pids'), 'utf8').trim().split('\n').map(Number);
  assert.equal(pids.length, 3);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
});

projectTest('a function that leaves a child behind holds the next run back', async (project) => {
  const runner = startFunction(project, 'endless.leavesAChild', '--passes', '1');
  await runner.next('run left behind');
  await runner.next('leftovers gone');
  assert.equal((await runner.ended).exitCode, 0);
});

projectTest(
  'a run that takes too long is ended with its whole tree, also where it ignores SIGTERM',
  async (project) => {
    configure(project, {
      tasks: [
        'sh: trap "" TERM; setsid sh -c "echo \\$\\$ > away; exec sleep 300" & echo $$ > main; while :; do sleep 1; done',
      ],
      timeout: '4s',
      killGrace: '300ms',
    });
    const runner = project.start('c', '--passes', '1');
    const started = await runner.next('run started');
    const files = ['away', 'main'].map((name) => join(project.folder, name));
    await Promise.all(files.map(waitForFile));
    await runner.next('ending step taken', (event) => event.step === 'cancelled');
    await runner.next('ending step taken', (event) => event.step === 'killed');
    const ended = await runner.next('run ended');
    assert.deepEqual([ended.run, ended.outcome?.kind], [started.run, 'timed out']);
    assert.equal((await runner.ended).exitCode, 1);
    await waitUntilGone(files.map((file) => Number(readFileSync(file, 'utf8'))));
  },
);

projectTest('a run that is stopped by SIGSTOP is ended by its timeout', async (project) => {
  const task = `sh: trap "echo > ${project.folder}/heard; exit 0" TERM; kill -STOP $$; sleep 300`;
  configure(project, { tasks: [task], timeout: '300ms', killGrace: '5s' });
  const runner = project.start('c', '--passes', '1');
  const ended = await runner.next('run ended');
  assert.equal(ended.outcome?.kind, 'timed out');
  await runner.ended;
  assert.ok(existsSync(join(project.folder, 'heard')));
});

projectTest('a function that blocks for ever is ended by its timeout', async (project) => {
  const runner = startFunction(project, 'endless.blocksForEver', '--passes', '1', '--timeout', '300ms');
  const ended = await runner.next('run ended');
  assert.equal(ended.outcome?.kind, 'timed out');
  assert.equal((await runner.ended).exitCode, 1);
});

projectTest('a function sees its signal aborted by a timeout', async (project) => {
  const runner = startFunction(project, 'endless.untilAborted', '--passes', '1', '--timeout', '200ms');
  const ended = await runner.next('run ended');
  assert.equal(ended.outcome?.kind, 'timed out');
  assert.equal((await runner.ended).exitCode, 1);
});

projectTest('process.exit(0) in a function is no success', async (project) => {
  const runner = startFunction(project, 'endless.exitsWithSuccess', '--passes', '1');
  const ended = await runner.next('run ended');
  assert.equal(ended.outcome?.kind, 'interrupted');
  assert.match(ended.outcome.reason ?? '', /exit status 0/);
  assert.equal((await runner.ended).exitCode, 1);
});

projectTest('a promise that nobody waits for fails the run in progress', async (project) => {
  const runner = startFunction(project, 'endless.rejectsLater', '--passes', '2');
  const ended = await runner.next('run ended');
  assert.match(JSON.stringify(ended.outcome), /nobody waits for me/);
  assert.equal((await runner.ended).exitCode, 1);
});

projectTest('a fork storm is ended', async (project) => {
  const storm =
    'perl -e \'$SIG{TERM}="IGNORE"; while (1) { fork and exit; setpgrp if $n++ % 2; select undef, undef, undef, 0.001 }\'';
  configure(project, { tasks: [`sh: ${storm}; sleep 300`], timeout: '300ms', killGrace: '100ms' });
  const runner = project.start('c', '--passes', '1');
  await runner.next('run ended');
  assert.equal((await runner.ended).exitCode, 1);
});

projectTest('a task that kills its worker is interrupted, and nothing overlaps', async (project) => {
  const witness = `python3 ${fixture('tasks/witness.py')} ${project.folder} ${project.folder}/record 0.3 0`;
  const task = `sh: (trap "" HUP; ${witness}) & sleep 0.1; [ $RUNNER_RUN = 1 ] && kill -9 $PPID; wait`;
  const runner = project.start(task, '--name', 'c', ...backToBack, '--passes', '3');
  const ended = await runner.next('run ended');
  assert.equal(ended.outcome?.kind, 'interrupted');
  assert.equal((await runner.ended).exitCode, 0);
  assert.doesNotMatch(readFileSync(join(project.folder, 'record'), 'utf8'), /overlap/);
});

projectTest(
  'a task that lets go of the lock does not overlap after kill -9 of the runner',
  async (project) => {
    const witness = `python3 ${fixture('tasks/witness.py')} ${project.folder} ${project.folder}/record 0.5 0`;
    const args = [`sh: exec bash -c 'flock -u 97; exec 97>&-; ${witness}'`, '--name', 'c', ...backToBack];
    const first = project.start(...args);
    await waitForFile(join(project.folder, 'record'));
    first.signal('SIGKILL');
    await first.ended;
    assert.equal((await project.start(...args, '--passes', '2').ended).exitCode, 0);
    const record = readFileSync(join(project.folder, 'record'), 'utf8');
    assert.doesNotMatch(record, /overlap/);
    assert.deepEqual(
      project.history('c').map((line) => line.outcome),
      ['succeeded', 'succeeded'],
    );
  },
);

projectTest('a lock file that is removed is noticed before the next run', async (project) => {
  const runner = project.start('sh: echo run', '--name', 'c', '--cooldown', '1500ms', '--passes', '3');
  await runner.next('run ended');
  const lock = join(project.folder, '.runner/locks/c.lock');
  renameSync(lock, `${lock}.gone`);
  const lost = await runner.next('worker lost');
  assert.match(String(lost.reason), /was removed or replaced/);
  await runner.ended;
  assert.ok(existsSync(lock), 'a new lock file is made');
});

projectTest(
  'a task gets standard input, output and error, and the lock, and no other descriptor',
  async (project) => {
    const look = 'for n in $(seq 0 120); do [ -e /proc/$$/fd/$n ] && printf "%s " $n; done; echo';
    const list = `sh: ${look}`;
    const runner = project.start(list, '--name', 'c', '--passes', '1');
    const output = await runner.next('output');
    assert.equal(output.text, '0 1 2 97 ');
    await runner.ended;
  },
);

projectTest('the environment of a task is clean', async (project) => {
  process.env['NODE_OPTIONS'] = '--no-warnings';
  process.env['DATABASE_PASSWORD'] = 'secret';
  const runner = project.start('sh: env | cut -d= -f1 | sort | tr "\\n" " "', '--name', 'c', '--passes', '1');
  delete process.env['NODE_OPTIONS'];
  delete process.env['DATABASE_PASSWORD'];
  const names = String((await runner.next('output')).text)
    .trim()
    .split(' ');
  const allowed =
    /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|PWD|OLDPWD|SHLVL|_|RUNNER_(CHAIN|TASK|RUN|PASS|FENCE))$/;
  assert.deepEqual(
    names.filter((name) => !allowed.test(name)),
    [],
  );
  for (const name of ['CHAIN', 'TASK', 'RUN', 'PASS', 'FENCE'])
    assert.ok(names.includes(`RUNNER_${name}`), name);
  await runner.ended;
});

projectTest(
  'a task may write to /dev/stdout and truncate it: nothing is lost between the lines',
  async (project) => {
    const runner = project.start(
      'sh: echo one > /dev/stdout; echo two >> /dev/stderr; : > /dev/stdout; echo three',
      '--name',
      'c',
      '--passes',
      '1',
    );
    await runner.ended;
    assert.equal(readFileSync(join(project.folder, '.runner/logs/c.log'), 'utf8'), 'three\n');
  },
);

projectTest('a program that is not there any more could not be started, and says so', async (project) => {
  const program = join(project.folder, 'program');
  writeFileSync(program, '#!/bin/sh\nexit 127\n', { mode: 0o755 });
  const runner = project.start(
    program,
    '--name',
    'c',
    '--cooldown',
    '0s',
    '--failure-cooldown',
    '1500ms',
    '--passes',
    '3',
  );
  const first = await runner.next('run ended');
  assert.deepEqual(first.outcome, { kind: 'exited', exitCode: 127 });
  renameSync(program, `${program}.gone`);
  const second = await runner.next('run ended');
  assert.equal(second.outcome?.kind, 'not started');
  assert.match(second.outcome.reason ?? '', /No such file/);
  assert.equal((await runner.ended).exitCode, 1);
});

projectTest(
  'an argument that the kernel would not take is refused before anything starts',
  async (project) => {
    configure(project, { tasks: [{ run: ['/bin/echo', 'x'.repeat(200_000)], name: 'long' }, 'sh: true'] });
    const { exitCode, stderr } = await project.start('c', '--passes', '1').ended;
    assert.equal(exitCode, 78);
    assert.match(stderr, /found 200000 bytes, of which a program can be given 131071/);
  },
);

projectTest('a flood of output keeps its begin and its end, and takes little room', async (project) => {
  const flood =
    'sh: echo begin; perl -e \'$x = "x" x 99 . "\\n"; print $x x 10000 for 1 .. 300\'; sleep 0.6; echo end';
  configure(project, { tasks: [flood], log: { size: '1MB', keep: 2 } });
  const runner = project.start('c', '--passes', '1');
  await runner.ended;
  const log = join(project.folder, '.runner/logs/c.log');
  const { blocks } = statSync(log);
  assert.ok(blocks * 512 < 4_000_000, `the log takes ${blocks * 512} bytes`);
  const text = project.command('logs', 'c', '--run', '1').stdout;
  assert.match(text, /^begin\n/);
  assert.match(text, /end\n$/);
  assert.match(text, /bytes left out/);
});

projectTest('a log that is full is set aside between runs, and old ones go', async (project) => {
  configure(project, {
    tasks: ['sh: head -c 3000 /dev/zero | tr "\\0" "x"; echo'],
    log: { size: '2KB', keep: 2 },
  });
  const { exitCode, stderr } = await project.start('c', '--passes', '6').ended;
  assert.equal(exitCode, 0, stderr);
  assert.match(project.command('logs', 'c', '--run', '6').stdout, /^x{3000}\n$/);
  assert.match(project.command('logs', 'c', '--run', '5').stdout, /^x{3000}\n$/);
  const removed = project.command('logs', 'c', '--run', '1');
  assert.match(removed.stderr, /is not kept any more/);
});

projectTest(
  'a runner that was stopped for longer than a timeout does not take an ended run for one that is late',
  async (project) => {
    const runner = project.start(
      `sh: sleep 0.3; echo > ${project.folder}/done`,
      '--name',
      'c',
      '--timeout',
      '700ms',
      '--passes',
      '1',
    );
    await runner.next('run started');
    runner.signal('SIGSTOP');
    await waitForFile(join(project.folder, 'done'));
    // No pause for something to happen: that the timeout passes while the runner is stopped is the test.
    await new Promise((resolve) => setTimeout(resolve, 800));
    runner.signal('SIGCONT');
    const ended = await runner.next('run ended');
    assert.equal(ended.outcome?.kind, 'succeeded');
    await runner.ended;
  },
);

function configure(project: TestProject, chain: Record<string, unknown>): void {
  const quick = { cooldown: { success: '0s', failure: '0s' }, ...chain };
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains: { c: quick } }));
}

function startFunction(project: TestProject, task: string, ...args: string[]): RunnerProcess {
  const state = ['--cwd', fixture('tasks'), '--state-dir', join(project.folder, '.runner')];
  return project.start(task, '--name', 'c', ...backToBack, ...state, ...args);
}

function pidsIn(leftovers: RunnerEvent['leftovers']): readonly number[] {
  return (leftovers ?? []).map((holder) => holder.pid);
}
