import assert from 'node:assert/strict';
import { chmodSync, cpSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectTest } from '../support/project-test.ts';
import { runnerFile } from '../support/runner-process.ts';

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
