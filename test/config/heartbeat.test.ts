import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Heartbeat } from '../../src/core/definition.ts';
import { Project } from './project.ts';

const uuid = '5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278';

function configWith(heartbeat: object): string {
  return JSON.stringify({ chains: { mail: { tasks: ['sh: :'], heartbeat } } });
}

describe('heartbeat', () => {
  for (const [what, heartbeat, expected] of [
    [
      'two addresses',
      { success: 'https://a.example/ok', failure: 'http://b.example/bad?x=1' },
      ['https://a.example/ok', 'http://b.example/bad?x=1'],
    ],
    ['a success alone', { success: 'https://a.example/ok' }, ['https://a.example/ok', null]],
    [
      'a UUID of healthchecks.io',
      { healthchecks: uuid },
      [`https://hc-ping.com/${uuid}`, `https://hc-ping.com/${uuid}/fail`],
    ],
    [
      "a healthchecks server of one's own",
      { healthchecks: 'https://checks.example/ping/key/mail/' },
      ['https://checks.example/ping/key/mail/', 'https://checks.example/ping/key/mail/fail'],
    ],
    [
      'a healthchecks URL with a question',
      { healthchecks: 'https://hc-ping.com/key/mail?create=1' },
      ['https://hc-ping.com/key/mail?create=1', 'https://hc-ping.com/key/mail/fail?create=1'],
    ],
    [
      'a monitor of Cronitor',
      { cronitor: 'https://cronitor.link/p/key/mail?env=web' },
      [
        'https://cronitor.link/p/key/mail?env=web&state=complete',
        'https://cronitor.link/p/key/mail?env=web&state=fail',
      ],
    ],
    [
      'a variable',
      { healthchecks: { env: 'PING' } },
      ['https://hc-ping.com/key/sync', 'https://hc-ping.com/key/sync/fail'],
    ],
    ['a file', { success: { file: 'ping.txt' } }, ['https://f.example/secret', null]],
  ] as const) {
    test(`may be ${what}`, async (t) => {
      const project = new Project(t, {
        'runner.config.json': configWith(heartbeat),
        'ping.txt': 'https://f.example/secret\n',
      });
      const { definition, values } = await project.loadChain({
        environment: { PING: 'https://hc-ping.com/key/sync' },
      });
      const found: Heartbeat | null = definition.heartbeat;
      assert.deepEqual([found?.successUrl, found?.failureUrl], expected);
      const shown = values.filter(({ path }) => path.startsWith('heartbeat')).map((row) => row.shown);
      assert.doesNotMatch(shown.join(' '), /secret|key|5bf66975/);
    });
  }

  for (const [what, heartbeat, problem] of [
    [
      'a variable that is not set',
      { success: { env: 'PING' } },
      /the variable "PING" is not set in the environment/,
    ],
    [
      'a variable of a name that every object has',
      { success: { env: 'toString' } },
      /the variable "toString" is not set in the environment/,
    ],
    [
      'a file that is not there',
      { success: { file: 'none.txt' } },
      /"none.txt": there is no such file, write/,
    ],
    ['another protocol', { success: 'ftp://secret.example/' }, /it is no address of http or https/],
    ['a word', { healthchecks: 'secret' }, /it is no address of http or https/],
    ['a number', { healthchecks: 5 }, /found the number 5, write a URL such as/],
  ] as const) {
    test(`may not be ${what}`, async (t) => {
      const project = new Project(t, { 'runner.config.json': configWith(heartbeat) });
      const problems = await project.problems();
      assert.match(problems, problem);
      assert.match(problems, /runner\.config\.json:1:\d+/);
      assert.doesNotMatch(problems, /secret/);
    });
  }
});
