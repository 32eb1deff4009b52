import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChosenChain } from '../../src/config/chosen-chains.ts';
import type { IdentityHost, RunnerRights } from '../../src/config/identity-host.ts';
import { resolveIdentity, type ResolvedIdentity } from '../../src/config/identity-options.ts';
import type { CheckedChain, CheckedHostChain } from '../../src/config/checked-config.ts';
import type { TypedOptions } from '../../src/config/loaded.ts';
import { showPath, type KeyPath } from '../../src/config/problem.ts';
import type { RunUser } from '../../src/core/identity.ts';
import { chainNamed } from '../support/chain-definition.ts';

const alice: RunUser = {
  name: 'alice',
  uid: 1000,
  gid: 100,
  groups: [4, 100],
  home: '/home/alice',
  shell: '/bin/zsh',
};
const none = { soft: Infinity, hard: Infinity };
const root: RunnerRights = {
  uid: 0,
  gid: 0,
  groups: [0],
  nice: 0,
  leastNice: 20,
  limits: {
    openFiles: { soft: 1024, hard: 4096 },
    memoryBytes: none,
    processes: { soft: 100, hard: 200 },
    cpuSeconds: none,
    priority: { soft: 0, hard: 0 },
  },
  cpus: [0, 1, 2, 3],
};
const runnerOfAlice: RunnerRights = { ...root, uid: 1000, gid: 100, groups: [4, 100] };

interface Written {
  readonly chain?: Partial<CheckedChain>;
  readonly hosts?: readonly CheckedHostChain[];
  readonly options?: TypedOptions;
  readonly hasFunctions?: boolean;
}

interface Answer extends ResolvedIdentity {
  readonly problems: readonly string[];
}

function hostWith(rights: RunnerRights): IdentityHost {
  return {
    async findUser(nameOrId, group) {
      await Promise.resolve();
      if (nameOrId !== 'alice' && nameOrId !== '1000') return null;
      if (group === null) return alice;
      return { ...alice, gid: group, groups: [...alice.groups, group].toSorted((a, b) => a - b) };
    },
    findGroup: (nameOrId) => Promise.resolve(nameOrId === 'video' ? 44 : null),
    rights: () => rights,
    lackOf: () => null,
  };
}

async function resolve(written: Written, host = hostWith(root)): Promise<Answer> {
  const problems: string[] = [];
  const placed = (source: string): Pick<ChosenChain, 'placeOf' | 'showPath' | 'fromOf'> => ({
    placeOf: (path: KeyPath) => `${source}:${showPath(path)}`,
    showPath,
    fromOf: (path: KeyPath) => `${source}:${showPath(path)}`,
  });
  const hosts = written.hosts ?? [];
  const chosen: ChosenChain = {
    name: chainNamed('mail'),
    chain: { tasks: [], ...written.chain },
    logTotal: null,
    hosts: hosts.map((values, index) => ({ values, ...placed(`host${index}`) })),
    ...placed('config'),
  };
  const resolved = await resolveIdentity(chosen, {
    options: written.options ?? {},
    host,
    hasFunctions: written.hasFunctions ?? false,
    report: ({ at, message }) => problems.push(`${at} ${message}`),
  });
  return { ...resolved, problems };
}

function rowsOf({ rows }: ResolvedIdentity): readonly string[] {
  return rows.map(({ path, shown, from }) => `${path} ${shown} ${from}`);
}

test('without a word a chain runs as its runner, and nobody is asked', async () => {
  const nobody: IdentityHost = {
    findUser: () => assert.fail('the users are looked up'),
    findGroup: () => assert.fail('the groups are looked up'),
    rights: () => assert.fail('the rights are looked up'),
    lackOf: () => assert.fail('programs are looked up'),
  };
  const resolved = await resolve({}, nobody);
  assert.deepEqual(rowsOf(resolved), ['user that of the runner default']);
  assert.deepEqual(resolved.needsRoot, []);
});

test('a user comes with its groups, and may gain no privileges', async () => {
  const resolved = await resolve({ chain: { user: 'alice' } });
  assert.deepEqual(resolved.problems, []);
  assert.deepEqual(resolved.identity.user, alice);
  assert.equal(resolved.identity.noNewPrivileges, true);
  assert.deepEqual(resolved.needsRoot, ['user alice']);
  assert.deepEqual(rowsOf(resolved), [
    'user alice (1000) config:user',
    'groups 4, 100 config:user',
    'noNewPrivileges true default',
  ]);
});

test('a group becomes the first one, and those of the user stay', async () => {
  const { identity } = await resolve({ chain: { user: 'alice', group: 'video' } });
  assert.deepEqual([identity.user?.gid, identity.user?.groups], [44, [4, 44, 100]]);
});

test('what is written of a host is stronger, limit by limit, and what is typed is the strongest', async () => {
  const resolved = await resolve({
    chain: { nice: 1, ionice: { class: 'idle', level: null }, limits: { files: 256, processes: 50 } },
    hosts: [{ nice: 2, cpus: '3,0-1', limits: { files: 512 } }, { nice: 3 }],
    options: { nice: '-4', user: '1000' },
  });
  assert.deepEqual(rowsOf(resolved), [
    'user alice (1000) --user',
    'groups 4, 100 --user',
    'noNewPrivileges true default',
    'nice -4 --nice',
    'ionice idle config:ionice',
    'cpus 0-1,3 host0:cpus',
    'limits.files 512 host0:limits.files',
    'limits.processes 50 config:limits.processes',
  ]);
  assert.deepEqual(resolved.needsRoot, ['user alice', 'nice -4']);
});

test('a typed user comes with its own group, not with that of the configured one', async () => {
  const { identity } = await resolve({ chain: { user: 'bob', group: 'video' }, options: { user: 'alice' } });
  assert.deepEqual(identity.user, alice);
});

test('a user that is not certain is known as such', async () => {
  const { isUserKnown, identity } = await resolve({ chain: { user: 'bob' } });
  assert.deepEqual([isUserKnown, identity.user], [false, null]);
});

test('a host that does not answer is told, and the user is not certain', async () => {
  const silent = { ...hostWith(root), findUser: () => assert.fail('no answer') };
  const { problems, isUserKnown } = await resolve({ chain: { user: 'alice' } }, silent);
  assert.deepEqual(problems, ['config:user Cannot look up the user "alice": no answer']);
  assert.equal(isUserKnown, false);
});

describe('a runner that is not root', () => {
  test('may name itself, and needs nothing for it', async () => {
    const resolved = await resolve({ chain: { user: 'alice', nice: 5 } }, hostWith(runnerOfAlice));
    assert.deepEqual(resolved.problems, []);
    assert.deepEqual(resolved.needsRoot, []);
    assert.equal(resolved.identity.noNewPrivileges, false);
  });

  test('may go below 0 as far as the host lets it', async () => {
    const { problems } = await resolve(
      { chain: { nice: -3 } },
      hostWith({ ...runnerOfAlice, leastNice: -5 }),
    );
    assert.deepEqual(problems, []);
  });

  const refused: readonly [string, Written, Partial<RunnerRights>, string][] = [
    [
      'cannot become another user',
      { chain: { user: 'alice' } },
      { uid: 33 },
      'config:user Cannot run as "alice" (1000): this runner is user 33, and only root can become another one; start it as root or as "alice"',
    ],
    [
      'cannot get groups that it was not started with',
      { chain: { user: 'alice' } },
      { groups: [100] },
      'config:user Cannot run as "alice" with its groups: it has 100, with 4, 100, this runner has 100, with 100, and only root can change that; start it from a new login of "alice", or as root',
    ],
    [
      'cannot go before others',
      { chain: { nice: -1 } },
      {},
      'config:nice Cannot set "nice" to -1: only root can go below 0, write a number from 0 to 19, or start the runner as root',
    ],
    [
      'cannot go back to a priority that it has given up',
      { chain: { nice: 5 } },
      { nice: 10 },
      'config:nice Cannot set "nice" to 5: only root can go below 10, write a number from 10 to 19, or start the runner as root',
    ],
    [
      'cannot have the disk to itself',
      { chain: { ionice: { class: 'realtime', level: 4 } } },
      {},
      'config:ionice Cannot set "ionice" to "realtime:4": only root can, write "best-effort:0", or start the runner as root',
    ],
    [
      'cannot raise a limit above its own',
      { chain: { limits: { files: 5000 } } },
      {},
      'config:limits.files Cannot set "limits.files" to 5000: this runner itself may have 4096, and only root can raise that; write at most 4096',
    ],
  ];
  for (const [name, written, rights, expected] of refused) {
    test(name, async () => {
      const { problems } = await resolve(written, hostWith({ ...runnerOfAlice, ...rights }));
      assert.deepEqual(problems, [expected]);
    });
  }
});

test('processors that the host does not have are refused', async () => {
  const { problems } = await resolve({ chain: { cpus: '2-4' } });
  assert.deepEqual(problems, [
    'config:cpus Cannot run on the processors "2-4": this host has 0-3, write some of these',
  ]);
});

test('what takes a program that this host does not have is refused where it is written', async () => {
  const bare: IdentityHost = { ...hostWith(root), lackOf: (program) => `no ${program} here; install it` };
  const { problems } = await resolve(
    {
      chain: { nice: 5, ionice: { class: 'idle', level: null }, cpus: '1', limits: { processes: 90 } },
      hosts: [{ nice: 7 }],
    },
    bare,
  );
  assert.deepEqual(problems, [
    'config:limits.processes Cannot set "limits": no prlimit here; install it, or leave "limits" out',
    'config:cpus Cannot set "cpus": no taskset here; install it, or leave "cpus" out',
    'config:ionice Cannot set "ionice": no ionice here; install it, or leave "ionice" out',
    'host0:nice Cannot set "nice": no nice here; install it, or leave "nice" out',
  ]);
});

test('a program is looked for only where something takes it', async () => {
  const bare: IdentityHost = { ...hostWith(root), lackOf: (program) => `no ${program} here` };
  // A priority that the runner has itself, a umask that the worker sets, and a user, as whom a process is tried besides.
  const { problems } = await resolve({ chain: { nice: 0, umask: 0o027, user: 'alice' } }, bare);
  assert.deepEqual(problems, []);
});

test('a chain that may gain no privileges takes a program', async () => {
  const bare: IdentityHost = { ...hostWith(root), lackOf: (program) => `no ${program} here` };
  const { problems } = await resolve({ chain: { noNewPrivileges: true } }, bare);
  assert.deepEqual(problems, [
    'config:noNewPrivileges Cannot set "noNewPrivileges": no setpriv here, or leave "noNewPrivileges" out',
  ]);
});
