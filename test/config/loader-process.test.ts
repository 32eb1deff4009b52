import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { runnersOwn } from '../../src/core/identity.ts';
import { Project } from './project.ts';

const definition = {
  name: 'mail',
  tasks: [],
  directory: '/',
  environment: {},
  identity: runnersOwn,
  stopGraceMs: 0,
  killGraceMs: 0,
  leftovers: 'wait',
  isolation: 'chain',
  recycle: { runs: 2, memoryKib: null, ageMs: 1 },
  log: { fileLimitBytes: 1, filesKept: 1, ageLimitMs: null, isCompressed: true, totalLimitBytes: null },
  history: { runsKept: 1, failedRunsKept: 1, ageMs: null },
  heartbeat: null,
  alerts: {
    afterFailures: 1,
    remindMs: 1,
    freshnessMs: null,
    blockedMs: 1,
    lateFactor: 2.5,
    breaker: { failures: 3, probeMs: 1 },
  },
  codeVersion: null,
  code: null,
};

/** A loader that writes these lines and then does what `last` says. */
function fakeLoader(lines: readonly unknown[], last: string): string {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  return `import { writeSync } from 'node:fs';
    process.stdin.resume().on('end', () => { writeSync(3, ${JSON.stringify(`${text}\n`)}); ${last} });`;
}

const mail = { to: ['ops@example.org'], from: 'runner@example.org' };
const password = { kind: 'variable', name: 'SMTP_PASSWORD' };
const targets: readonly object[] = [
  {
    kind: 'email',
    ...mail,
    smtp: { host: 'mail', port: 25, tls: 'none', caFile: '/ca.pem', login: { user: 'runner', password } },
  },
  { kind: 'email', ...mail, smtp: { host: 'mail', port: 25, tls: 'none', caFile: null, login: null } },
  { kind: 'webhook', url: { kind: 'text', text: 'https://a.example' }, secret: { kind: 'file', path: '/s' } },
  { kind: 'webhook', url: { kind: 'variable', name: 'URL' }, secret: null },
  { kind: 'slack', url: { kind: 'file', path: '/url' } },
  { kind: 'command', argv: ['/bin/true'], directory: '/', environment: { PATH: '/bin' } },
];
const channel = { name: 'ops', chains: ['*'], severity: 'error', rate: { count: 1, perMs: 1 }, expireMs: 1 };
const channels = targets.map((target) => ({ channel: { ...channel, target }, values: [] }));

describe('of what the loader writes', () => {
  const loaded = {
    kind: 'answer',
    answer: {
      kind: 'loaded',
      configFile: null,
      chains: [{ definition, values: [], needsRoot: [] }],
      channels,
      metrics: null,
    },
  };
  const wrong: readonly [string, unknown][] = [
    ['text that is no JSON', 'hello'],
    ['an unknown kind', { kind: 'hello' }],
    ['a list', []],
    ['an answer without chains', { kind: 'answer', answer: { kind: 'loaded', configFile: null } }],
    ['a negative duration', withDefinition({ stopGraceMs: -1 })],
    ['a name that is none', withDefinition({ name: '../x' })],
    ['a policy that is none', withDefinition({ leftovers: 'x' })],
    ['a recycling that is none', withDefinition({ recycle: { runs: 'x', memoryKib: null, ageMs: null } })],
    ['an environment that is none', withDefinition({ environment: { A: 1 } })],
    ['a channel that is none', withChannel({ severity: 'x' })],
    ['a channel that leads nowhere', withChannel({ target: { kind: 'x' } })],
    ['no identity', withDefinition({ identity: undefined })],
    ['a user without an id', withDefinition({ identity: { ...runnersOwn, user: { name: 'alice' } } })],
    ['a mask that is none', withDefinition({ identity: { ...runnersOwn, umask: -1 } })],
    ['a class that is none', withDefinition({ identity: { ...runnersOwn, ionice: { class: 'x' } } })],
  ];

  function withDefinition(change: object): object {
    const chains = [{ definition: { ...definition, ...change }, values: [], needsRoot: [] }];
    const answer = { kind: 'loaded', configFile: null, chains, channels: [], metrics: null };
    return { kind: 'answer', answer };
  }

  function withChannel(change: object): object {
    const changed = { channel: { ...channel, target: targets[0], ...change }, values: [] };
    const answer = { kind: 'loaded', configFile: null, chains: [], channels: [changed], metrics: null };
    return { kind: 'answer', answer };
  }

  for (const [name, line] of wrong) {
    test(`${name} is passed over`, async (t) => {
      const project = new Project(t, {
        'loader.mjs': fakeLoader([line, loaded], 'setInterval(() => {}, 1000)'),
      });
      const loaderFile = `${project.directory}/loader.mjs`;
      const answer = await project.load({ arguments: ['a.b'] }, { loaderFile });
      assert.deepEqual(answer, loaded.answer);
    });
  }
});

describe('a loader that', () => {
  const importing = { kind: 'importing', module: 'tasks.ts' };
  const endings: readonly [string, string, string][] = [
    [
      'ends without an answer',
      fakeLoader([], ''),
      'the configuration\n    Cannot load the configuration: its process ended with status 0 and without an answer',
    ],
    [
      'is killed',
      fakeLoader([importing], 'process.kill(process.pid, "SIGTERM")'),
      'tasks.ts\n    Cannot import "tasks.ts": its process was ended by SIGTERM',
    ],
    [
      'runs out of memory',
      fakeLoader([importing], 'process.abort()'),
      'tasks.ts\n    Cannot import "tasks.ts": it needed more than 1024 MB of memory, or aborted its process',
    ],
    [
      'never answers',
      fakeLoader([importing], 'setInterval(() => {}, 1000)'),
      'tasks.ts\n    Cannot import "tasks.ts": it did not end within 2s, take out what runs for long or for ever at its top level',
    ],
  ];
  for (const [name, text, expected] of endings) {
    test(`${name} is told`, async (t) => {
      const project = new Project(t, { 'loader.mjs': text });
      const loaderFile = `${project.directory}/loader.mjs`;
      assert.equal(
        await project.problems({ arguments: ['a.b'] }, { loaderFile, deadlineMs: 2_000 }),
        expected,
      );
    });
  }
});

test('commands without a configuration need no loader', async (t) => {
  const project = new Project(t, {});
  const answer = await project.load({ arguments: ['sh: x', '/bin/true'] }, { loaderFile: '/none' });
  assert.equal(answer.kind, 'loaded');
});

test('what runs in the runner imports neither the checker nor the parsers', () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: URL): void => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    const text = readFileSync(file, 'utf8');
    for (const [, name = ''] of text.matchAll(/\b(?:from|import\()\s*'([^'\n]+)'/g)) {
      if (name.startsWith('.')) follow(new URL(name, file));
      else if (!name.startsWith('node:')) packages.add(name);
    }
  };
  follow(new URL('../../src/config/load.js', import.meta.url));
  assert.deepEqual([...packages], ['fastest-levenshtein']);
});
