import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runnersOwn, type Identity } from '../core/identity.ts';
import type { ProcessStatus } from '../processes/process-status.ts';
import { differenceOf, readDifference, type SeenIdentity } from './verify-identity.ts';

const identity: Identity = {
  user: { name: 'alice', uid: 1000, gid: 100, groups: [4, 100], home: '/home/alice', shell: '/bin/sh' },
  noNewPrivileges: true,
  nice: -5,
  ionice: { class: 'best-effort', level: 7 },
  cpus: '0-1',
  umask: 0o27,
  limits: { openFiles: 256, memoryBytes: 1024, processes: 9, cpuSeconds: 60 },
};

const limit = (soft: number): { soft: number; hard: number } => ({ soft, hard: soft });

const status: ProcessStatus = {
  uids: [1000, 1000, 1000, 1000],
  gids: [100, 100, 100, 100],
  groups: [4, 100],
  noNewPrivileges: true,
  umask: 0o27,
  nice: -5,
  cpus: '0-1',
  limits: {
    openFiles: limit(256),
    memoryBytes: limit(1024),
    processes: limit(9),
    cpuSeconds: { soft: 60, hard: Infinity },
    priority: limit(0),
  },
};
const seen: SeenIdentity = { status, ionice: { class: 'best-effort', level: 7 } };

test('a worker that is as its chain wants it has no difference', () => {
  assert.equal(differenceOf(identity, seen), null);
});

test('what a chain does not care about may be anything', () => {
  assert.equal(differenceOf(runnersOwn, seen), null);
});

describe('a worker is not as its chain wants it', () => {
  const wrong: readonly [string, Partial<ProcessStatus>, string][] = [
    ['as root', { uids: [0, 0, 0, 0] }, 'it runs as user 0 instead of 1000 (alice)'],
    [
      'with a way back to root',
      { uids: [1000, 1000, 0, 1000] },
      'it runs as user 1000, 0 instead of 1000 (alice)',
    ],
    ['in another group', { gids: [0, 0, 0, 0] }, 'it runs with group 0 instead of 100'],
    [
      'with a group of the runner',
      { groups: [0, 4, 100] },
      'it runs with the groups 0, 4, 100 instead of 4, 100',
    ],
    ['without a group', { groups: [100] }, 'it runs with the groups 100 instead of 4, 100'],
    ['with another priority', { nice: 0 }, 'it runs with nice 0 instead of -5'],
    ['on another processor', { cpus: '0' }, 'it runs on the processors 0 instead of 0-1'],
    ['with another umask', { umask: 0o22 }, 'it runs with umask 022 instead of 027'],
    [
      'with more files',
      { limits: { ...status.limits, openFiles: limit(20_000) } },
      'it runs with a limit of open files of 20000 instead of 256',
    ],
    [
      'with more memory',
      { limits: { ...status.limits, memoryBytes: limit(Infinity) } },
      'it runs with a limit of memory of Infinity instead of 1024',
    ],
    [
      'with more processes',
      { limits: { ...status.limits, processes: limit(10) } },
      'it runs with a limit of processes of 10 instead of 9',
    ],
    [
      'with more time',
      { limits: { ...status.limits, cpuSeconds: limit(61) } },
      'it runs with a limit of processor time of 61 instead of 60',
    ],
    ['with a way to rights', { noNewPrivileges: false }, 'it may gain new privileges by set-uid programs'],
  ];
  for (const [name, change, expected] of wrong) {
    test(name, () => {
      assert.equal(differenceOf(identity, { ...seen, status: { ...status, ...change } }), expected);
    });
  }

  test('with another priority on the disk', () => {
    assert.equal(
      differenceOf(identity, { status, ionice: null }),
      'it runs with ionice none instead of best-effort:7',
    );
  });
});

test('this process is not another user', () => {
  const nobody = {
    ...identity,
    user: { name: 'x', uid: 4_000_000, gid: 1, groups: [1], home: '/', shell: '/' },
  };
  assert.match(String(readDifference(nobody, process.pid)), /^it runs as user \d+ instead of 4000000 \(x\)$/);
});

test('a process that is gone cannot be verified', () => {
  const wish = { ...runnersOwn, nice: 5 };
  assert.match(String(readDifference(wish, 2 ** 22 + 1)), /^its identity cannot be verified: ENOENT/);
});
