import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { LoadAnswer } from '../../src/config/loaded.ts';
import { Project } from './project.ts';

type Loaded = Extract<LoadAnswer, { kind: 'loaded' }>;

const commit = '0123456789abcdef0123456789abcdef01234567';

async function load(
  t: TestContext,
  config: object,
  environment: Record<string, string> = {},
): Promise<Loaded> {
  const project = new Project(t, { 'runner.config.json': JSON.stringify(config) });
  return loadedOf(await project.load({ environment }));
}

function loadedOf(answer: LoadAnswer): Loaded {
  assert.ok(answer.kind === 'loaded', JSON.stringify(answer));
  return answer;
}

const chains = { mail: { tasks: ['sh: true'] } };

describe('a channel', () => {
  test('has what is usual where nothing is written', async (t) => {
    const { channels } = await load(t, { chains, alerts: { channels: { ops: { command: 'sh: cat' } } } });
    const [one] = channels;
    assert.ok(one !== undefined && one.channel.target.kind === 'command');
    const { target, ...rest } = one.channel;
    assert.deepEqual(rest, {
      name: 'ops',
      chains: ['*'],
      severity: 'warning',
      rate: { count: 20, perMs: 3_600_000 },
      expireMs: 172_800_000,
    });
    assert.deepEqual(target.argv, ['/bin/sh', '-c', 'cat']);
    assert.equal(target.environment['PATH'], '/usr/local/bin:/usr/bin:/bin');
  });

  test('by mail has the port and the TLS that fit its server', async (t) => {
    const mailTo = (smtp: object): object => ({
      email: { to: ['a@b.example'], from: 'Runner <c@d.example>', smtp },
    });
    const written = {
      local: mailTo({ host: 'localhost' }),
      other: mailTo({ host: 'mail.example' }),
      old: mailTo({ host: 'mail.example', port: 465 }),
      implicit: mailTo({ host: 'mail.example', tls: 'implicit' }),
    };
    const { channels } = await load(t, { chains, alerts: { channels: written } });
    const servers = channels.map(({ channel: { target } }) =>
      target.kind === 'email' ? [target.smtp.port, target.smtp.tls, target.smtp.login] : [],
    );
    assert.deepEqual(servers, [
      [25, 'none', null],
      [587, 'starttls', null],
      [465, 'implicit', null],
      [465, 'implicit', null],
    ]);
  });

  test('shows where its secrets are, and none of them', async (t) => {
    const smtp = { host: 'mail.example', user: 'me', password: { env: 'SMTP_PASSWORD' } };
    const written = {
      mail: { email: { to: ['a@b.example'], from: 'c@d.example', smtp } },
      hook: {
        webhook: { url: 'https://hooks.example/canary/path?canary', secret: { env: 'SMTP_PASSWORD' } },
      },
      chat: { slack: { url: { env: 'SLACK_URL' } } },
    };
    const environment = { SMTP_PASSWORD: 'canary-password', SLACK_URL: 'https://slack.example/canary' };
    const loaded = await load(t, { chains, alerts: { channels: written } }, environment);
    const shown = loaded.channels.flatMap(({ values }) =>
      values.map((value) => `${value.path} ${value.shown}`),
    );
    assert.ok(!shown.join('\n').includes('canary'), shown.join('\n'));
    for (const line of [
      'email.smtp.password (in the variable SMTP_PASSWORD)',
      'webhook.url https://hooks.example/…',
      'slack.url (in the variable SLACK_URL)',
    ]) {
      assert.ok(shown.includes(line), shown.join('\n'));
    }
    assert.ok(!JSON.stringify(loaded).includes('canary-password'));
  });

  test('is there for a task that is typed as well', async (t) => {
    const project = new Project(t, {
      'runner.config.json': JSON.stringify({ chains, alerts: { channels: { ops: { command: 'sh: cat' } } } }),
    });
    assert.equal(loadedOf(await project.load({ arguments: ['sh: true'] })).channels.length, 1);
  });
});

test('when people are told of a chain is written for it, or for a host', async (t) => {
  const mail = {
    tasks: ['sh: true'],
    alertAfterFailures: 3,
    alertAfter: '6h',
    freshness: '15m',
    blockedAfter: 'none',
    lateFactor: 'none',
    breaker: { failures: 10, probe: '15m' },
  };
  const hosts = { 'web-*': { chains: { mail: { freshness: 'none', lateFactor: 2.5, blockedAfter: '1h' } } } };
  const loaded = await load(t, { chains: { mail }, hosts });
  assert.deepEqual(loaded.chains[0]?.definition.alerts, {
    afterFailures: 3,
    remindMs: 6 * 3_600_000,
    freshnessMs: null,
    blockedMs: 3_600_000,
    lateFactor: 2.5,
    breaker: { failures: 10, probeMs: 900_000 },
  });
});

describe('the version of the code', () => {
  async function versionOf(project: Project, environment: Record<string, string> = {}): Promise<unknown> {
    const { chains: found } = loadedOf(await project.load({ arguments: ['sh: true'], environment }));
    return found[0]?.definition.codeVersion;
  }

  test('is what the environment says', async (t) => {
    const project = new Project(t, { '.git/HEAD': commit });
    assert.equal(await versionOf(project, { RUNNER_CODE_VERSION: ' v1.2\n' }), 'v1.2');
  });

  test('is the commit of a branch, loose or packed, or of none', async (t) => {
    const project = new Project(t, {
      '.git/HEAD': 'ref: refs/heads/main\n',
      '.git/refs/heads/main': `${commit}\n`,
    });
    const versions = [await versionOf(project)];
    rmSync(join(project.directory, '.git/refs/heads/main'));
    project.write('.git/packed-refs', `# pack-refs\n${commit.replace('0', 'f')} refs/heads/main\n`);
    versions.push(await versionOf(project));
    project.write('.git/HEAD', commit);
    versions.push(await versionOf(project));
    assert.deepEqual(versions, ['0123456789ab', 'f123456789ab', '0123456789ab']);
  });

  test('is found above the folder, and from a worktree', async (t) => {
    const project = new Project(t, {
      'main/.git/refs/heads/side': commit,
      'main/.git/worktrees/side/HEAD': 'ref: refs/heads/side\n',
      'main/.git/worktrees/side/commondir': '../..\n',
    });
    const side = join(project.directory, 'side', 'below');
    mkdirSync(side, { recursive: true });
    writeFileSync(join(project.directory, 'side', '.git'), 'gitdir: ../main/.git/worktrees/side\n');
    const inSide = new Project(t, {});
    const loaded = loadedOf(await inSide.load({ arguments: ['sh: true'], directory: side } as object));
    assert.equal(loaded.chains[0]?.definition.codeVersion, '0123456789ab');
  });

  test('is not known without a repository, or in one that says something else', async (t) => {
    const project = new Project(t, { '.git/HEAD': 'ref: refs/heads/none\n' });
    const versions = [await versionOf(project)];
    project.write('.git/HEAD', 'root:x:0:0');
    versions.push(await versionOf(project));
    rmSync(join(project.directory, '.git'), { recursive: true });
    project.write('.git', 'hello');
    versions.push(await versionOf(project));
    assert.deepEqual(versions, [null, null, null]);
  });
});
