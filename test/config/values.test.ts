import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { LoadedChain, TypedOptions } from '../../src/config/loaded.ts';
import { runnersOwn } from '../../src/core/identity.ts';
import { Project } from './project.ts';

const tasksModule = `
  import { task } from 'yourlabs-runner';
  export const sendMail = task({ cooldown: { success: '2m', failure: '3m' }, timeout: '4m' }, () => {});
  export const retryDeferred = async () => {};
`;

function rowOf(chain: LoadedChain, path: string): string {
  const row = chain.values.find((value) => value.path === path);
  return row === undefined ? 'no row' : `${row.shown} from ${row.from}`;
}

interface Sources {
  readonly chain?: object;
  readonly task?: object;
  readonly hosts?: object;
  readonly environment?: Record<string, string>;
  readonly options?: TypedOptions;
}

async function loadMail(t: TestContext, sources: Sources): Promise<LoadedChain> {
  const project = new Project(t, { 'tasks.mjs': tasksModule });
  project.installLibrary();
  const mail = { tasks: [{ run: 'tasks.sendMail', ...sources.task }], ...sources.chain };
  project.write('runner.config.json', JSON.stringify({ chains: { mail }, hosts: sources.hosts }, null, 2));
  return project.loadChain({ environment: sources.environment ?? {}, options: sources.options ?? {} });
}

describe('of the sources of a cooldown, the stronger wins:', () => {
  const steps: readonly [string, Sources, string][] = [
    ['the function', {}, '2m from beside the function, tasks.mjs'],
    ['the chain', { chain: { cooldown: '5m' } }, '5m from runner.config.json:9:7'],
    ['the task', { task: { cooldown: '6m' } }, '6m from runner.config.json:7:11'],
    [
      'the host',
      { hosts: { 'web-*': { chains: { mail: { cooldown: '7m' } } } } },
      '7m from hosts."web-*", runner.config.json:17:11',
    ],
    ['RUNNER_COOLDOWN', { environment: { RUNNER_COOLDOWN: '8m' } }, '8m from RUNNER_COOLDOWN'],
    [
      'RUNNER_COOLDOWN_MAIL',
      { environment: { RUNNER_COOLDOWN: '8m', RUNNER_COOLDOWN_MAIL: '9m' } },
      '9m from RUNNER_COOLDOWN_MAIL',
    ],
    ['--cooldown', { options: { cooldown: '10m' } }, '10m from --cooldown'],
  ];
  for (const [index, [name, , expected]] of steps.entries()) {
    test(`${name} over all before it`, async (t) => {
      const sources = steps.slice(0, index + 1).reduce((all: Sources, [, one]) => ({ ...all, ...one }), {});
      const chain = await loadMail(t, sources);
      assert.equal(rowOf(chain, 'cooldown.success'), expected);
    });
  }
});

test('a failure cooldown, a timeout and what follows a failure come from where they are written', async (t) => {
  const chain = await loadMail(t, {
    task: { timeout: 'none' },
    chain: { onFailure: 'retry' },
    options: { failureCooldown: '1h' },
  });
  assert.equal(rowOf(chain, 'cooldown.failure'), '1h from --failure-cooldown');
  assert.equal(rowOf(chain, 'timeout'), 'none from runner.config.json:7:11');
  assert.equal(rowOf(chain, 'onFailure'), 'retry from runner.config.json:10:7');
  assert.deepEqual(chain.definition.tasks[0]?.cooldown, {
    successMs: 120_000,
    failure: { kind: 'fixed', lengthMs: 3_600_000 },
  });
  assert.equal(chain.definition.tasks[0].timeoutMs, null);
});

test('without a word, the defaults are in force and are shown as such', async (t) => {
  const project = new Project(t, {});
  const { definition, values } = await project.loadChain({ arguments: ['sh: x'] });
  const { environment, ...others } = definition;
  assert.deepEqual(environment, { PATH: '/usr/local/bin:/usr/bin:/bin' });
  assert.deepEqual(others, {
    name: 'x',
    tasks: [
      {
        name: 'x',
        work: { kind: 'command', argv: ['/bin/sh', '-c', 'x'] },
        cooldown: {
          successMs: 1_000,
          failure: { kind: 'back-off', firstMs: 1_000, factor: 2, capMs: 300_000, jitter: 0.2 },
        },
        timeoutMs: null,
        onFailure: 'continue',
      },
    ],
    directory: project.directory,
    identity: runnersOwn,
    code: null,
    stopGraceMs: 30_000,
    killGraceMs: 10_000,
    leftovers: 'wait',
    log: {
      fileLimitBytes: 10_485_760,
      filesKept: 5,
      ageLimitMs: null,
      isCompressed: true,
      totalLimitBytes: 1_073_741_824,
    },
    history: { runsKept: 10_000, failedRunsKept: 50_000, ageMs: null },
    heartbeat: null,
    alerts: {
      afterFailures: 1,
      remindMs: 43_200_000,
      freshnessMs: null,
      blockedMs: 1_800_000,
      lateFactor: 10,
      breaker: null,
    },
    codeVersion: null,
    isolation: 'chain',
    recycle: { runs: null, memoryKib: 1024 ** 2, ageMs: null },
  });
  assert.deepEqual([...new Set(values.map(({ from }) => from))], ['default']);
});

describe('hosts', () => {
  const hosts = {
    '*': { chains: { mail: { cooldown: '1h', stopGrace: '1s', env: { ROLE: 'any', ZONE: 'a' } } } },
    'web-?': { chains: { mail: { cooldown: '2h', env: { ROLE: 'web' } } } },
    'web-??': { chains: { mail: { cooldown: '3h' } } },
    'db.example': { chains: { mail: { cooldown: '4h' } } },
  };

  async function cooldownOn(t: TestContext, host: string): Promise<string> {
    const project = new Project(t, {});
    const chains = { mail: { tasks: ['sh: x'] } };
    project.write('runner.config.json', JSON.stringify({ chains, hosts }));
    const chain = await project.loadChain({ host });
    return rowOf(chain, 'cooldown.success').replace(/ from.*/, '');
  }

  test('match by patterns, and of several the later ones win', async (t) => {
    assert.equal(await cooldownOn(t, 'laptop'), '1h');
    assert.equal(await cooldownOn(t, 'web-1'), '2h');
    assert.equal(await cooldownOn(t, 'web-12'), '3h');
    assert.equal(await cooldownOn(t, 'dbxexample'), '1h');
    assert.equal(await cooldownOn(t, 'db.example'), '4h');
  });

  test('set graces and variables besides, each by itself', async (t) => {
    const chain = await loadMail(t, {
      hosts,
      chain: { stopGrace: '5s', killGrace: '6s', env: { ZONE: 'b' } },
    });
    assert.equal(chain.definition.stopGraceMs, 1_000);
    assert.equal(chain.definition.killGraceMs, 6_000);
    assert.equal(chain.definition.environment['ROLE'], 'web');
    assert.equal(chain.definition.environment['ZONE'], 'a');
    assert.match(rowOf(chain, 'env.ROLE'), /^\(set\) from hosts\."web-\?", runner\.config\.json:\d+:\d+$/);
  });
});

test('the parts of a back-off may come from several places', async (t) => {
  const chain = await loadMail(t, {
    chain: { cooldown: { failure: { first: '10s', factor: 3 } } },
    task: { cooldown: { failure: { max: '1h', jitter: 0 } } },
  });
  assert.deepEqual(chain.definition.tasks[0]?.cooldown.failure, {
    kind: 'back-off',
    firstMs: 10_000,
    factor: 3,
    capMs: 3_600_000,
    jitter: 0,
  });
});

test('the default ends of a back-off give way to what is written', async (t) => {
  const long = await loadMail(t, { task: { cooldown: { failure: { first: '10m' } } } });
  const short = await loadMail(t, { task: { cooldown: { failure: { max: '500ms' } } } });
  const endsOf = ({ definition }: LoadedChain): unknown => {
    const failure = definition.tasks[0]?.cooldown.failure;
    return failure?.kind === 'back-off' ? [failure.firstMs, failure.capMs] : failure;
  };
  assert.deepEqual(endsOf(long), [600_000, 600_000]);
  assert.deepEqual(endsOf(short), [500, 500]);
});

test('values on which the tasks of a chain differ have a row for each task', async (t) => {
  const project = new Project(t, {});
  const tasks = ['sh: x', { run: 'sh: y', timeout: '5m' }];
  project.write('runner.config.json', JSON.stringify({ chains: { mail: { tasks } } }));
  const chain = await project.loadChain();
  assert.equal(rowOf(chain, 'timeout'), 'no row');
  assert.equal(rowOf(chain, 'tasks[0].timeout'), 'none from default');
  assert.equal(rowOf(chain, 'tasks[1].timeout'), '5m from runner.config.json:1:52');
  assert.equal(rowOf(chain, 'onFailure'), 'continue from default');
});

describe('the environment of tasks', () => {
  const own = {
    PATH: '/bin:/usr/bin',
    HOME: '/home/mail',
    LC_ALL: 'C',
    AWS_KEY: 'k',
    AWS_REGION: 'r',
    DATABASE_URL: 'secret',
    NODE_OPTIONS: '--inspect',
    NODE_EXTRA_CA_CERTS: '/ca',
    LD_PRELOAD: '/x.so',
    RUNNER_STATE_DIR: '/x',
  };

  async function environmentOf(t: TestContext, chain: object, options: TypedOptions = {}): Promise<unknown> {
    const project = new Project(t, { '.env': 'A=file\nB="file b"\n', 'other.env': 'B=typed\n' });
    project.write('runner.config.json', JSON.stringify({ chains: { mail: { tasks: ['sh: x'], ...chain } } }));
    const loaded = await project.loadChain({ environment: own, options });
    return loaded.definition.environment;
  }

  const allowed = { PATH: '/bin:/usr/bin', HOME: '/home/mail', LC_ALL: 'C' };

  test('holds of the own one only what everybody needs', async (t) => {
    assert.deepEqual(await environmentOf(t, {}), allowed);
  });

  test('inherits by name and pattern, but nothing of the runner', async (t) => {
    const inheritEnv = ['AWS_*', 'DATABASE_URL', 'RUNNER_*', 'MISSING'];
    const expected = { ...allowed, AWS_KEY: 'k', AWS_REGION: 'r', DATABASE_URL: 'secret' };
    assert.deepEqual(await environmentOf(t, { inheritEnv }), expected);
    assert.deepEqual(await environmentOf(t, {}, { inheritEnv: 'AWS_*, DATABASE_URL' }), expected);
  });

  test('takes values over a file, and a typed file over both', async (t) => {
    const chain = { envFile: '.env', env: { B: 'value', C: 'value' } };
    assert.deepEqual(await environmentOf(t, chain), { ...allowed, A: 'file', B: 'value', C: 'value' });
    const typed = await environmentOf(t, chain, { envFile: 'other.env' });
    assert.deepEqual(typed, { ...allowed, A: 'file', B: 'typed', C: 'value' });
  });

  test('has a PATH when the runner has none', async (t) => {
    const { directory, ...request } = new Project(t, {}).request({ arguments: ['sh: x'] });
    const project = new Project(t, {});
    const { PATH: _path, ...environment } = request.environment;
    const { loadChains } = await import('../../src/config/load.ts');
    const answer = await loadChains(
      { ...request, directory: project.directory, environment },
      { loaderFile: '/none' },
    );
    assert.ok(answer.kind === 'loaded', directory);
    assert.deepEqual(answer.chains[0]?.definition.environment, { PATH: '/usr/local/bin:/usr/bin:/bin' });
  });
});
