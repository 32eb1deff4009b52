import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runnersOwn, type Identity } from '../core/identity.ts';
import { launchSteps } from './launch.ts';

const alice = { name: 'alice', uid: 1000, gid: 100, groups: [4, 100], home: '/home/alice', shell: '/bin/sh' };
const root = { isRoot: true, nice: 0 };

function textOf(identity: Partial<Identity>, from = root): string {
  return launchSteps({ ...runnersOwn, ...identity }, from)
    .map((words) => words.join(' '))
    .join(' | ');
}

test('a chain without an identity is started without another program', () => {
  assert.equal(textOf({}), '');
});

test('limits and priorities are set before the user changes, who may not set them any more', () => {
  const identity: Identity = {
    user: alice,
    noNewPrivileges: true,
    nice: -5,
    ionice: { class: 'best-effort', level: 7 },
    cpus: '0-1',
    umask: 0o27,
    limits: { openFiles: 256, memoryBytes: 1024, processes: 9, cpuSeconds: 60 },
  };
  assert.equal(
    textOf(identity),
    'prlimit --nofile=256 --data=1024 --nproc=9 --cpu=60: | taskset -c 0-1 | ionice -c 2 -n 7 | nice -n -5 | ' +
      'setpriv --reuid=1000 --regid=100 --groups=4,100 --inh-caps=-all --no-new-privs',
  );
});

test('the priority is counted from that of the runner', () => {
  assert.equal(textOf({ nice: 5 }, { isRoot: true, nice: 12 }), 'nice -n -7');
  assert.equal(textOf({ nice: 5 }, { isRoot: true, nice: 5 }), '');
});

test('a runner that is not root sets no user, since it may only have its own', () => {
  assert.equal(textOf({ user: alice }, { isRoot: false, nice: 0 }), '');
  assert.equal(
    textOf({ user: alice, noNewPrivileges: true }, { isRoot: false, nice: 0 }),
    'setpriv --no-new-privs',
  );
});

test('the idle class of the disk has no level', () => {
  assert.equal(textOf({ ionice: { class: 'idle', level: null } }), 'ionice -c 3');
});
