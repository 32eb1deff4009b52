import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRunnersOwn, runnersOwn, type Identity } from './identity.ts';

test('an identity without a wish is that of the runner', () => {
  assert.equal(isRunnersOwn(runnersOwn), true);
});

const user = { name: 'alice', uid: 1000, gid: 1000, groups: [1000], home: '/home/alice', shell: '/bin/sh' };
const wishes: readonly Partial<Identity>[] = [
  { user },
  { noNewPrivileges: true },
  { nice: 0 },
  { ionice: { class: 'idle', level: null } },
  { cpus: '0' },
  { umask: 0 },
  { limits: { ...runnersOwn.limits, openFiles: 256 } },
  { limits: { ...runnersOwn.limits, memoryBytes: 1 } },
  { limits: { ...runnersOwn.limits, processes: 1 } },
  { limits: { ...runnersOwn.limits, cpuSeconds: 1 } },
];
for (const wish of wishes) {
  test(`an identity with the wish ${JSON.stringify(wish)} is not that of the runner`, () => {
    assert.equal(isRunnersOwn({ ...runnersOwn, ...wish }), false);
  });
}
