import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { createSend } from '../../src/alert/send.ts';
import type { Sent } from '../../src/alert/sending.ts';
import { slackBody } from '../../src/alert/slack.ts';
import type { ChannelTarget, PlacedText } from '../../src/core/channel.ts';
import { mask } from '../../src/core/mask.ts';
import { toDurationMs } from '../../src/core/units.ts';
import { channelTo } from '../support/channels.ts';
import { messageAbout } from '../support/messages.ts';
import { startWebServer, type WebServer } from '../support/web-server.ts';

const secret = 'canary-0815-secret';
process.env['TEST_HOOK_SECRET'] = secret;

async function open(t: TestContext, answer: RequestListener): Promise<WebServer> {
  const server = await startWebServer(answer);
  t.after(() => server.close());
  return server;
}

function send(target: ChannelTarget, limitMs = 10_000): Promise<Sent> {
  const message = messageAbout({ title: 'it’s "bad" <b> 🚑' });
  return createSend(mask, toDurationMs(limitMs))(channelTo(target), message, new AbortController().signal);
}

function hook(url: string, limitMs?: number): Promise<Sent> {
  return send({ kind: 'webhook', url: { kind: 'text', text: url }, secret: null }, limitMs);
}

const fine: RequestListener = (_request, response) => void response.end('ok');

describe('a webhook', () => {
  test('gets a document that says all, as JSON', async (t) => {
    const server = await open(t, fine);
    assert.deepEqual(await hook(`${server.url}/hook`), { kind: 'sent', answer: 'HTTP 200: ok' });
    const [asked] = server.asked;
    const body: unknown = JSON.parse(asked?.body ?? '');
    assert.ok(
      typeof body === 'object' && body !== null && 'text' in body && 'notice' in body && 'id' in body,
    );
    const { text, notice, id, thread, ...rest } = body as Record<string, unknown>;
    assert.deepEqual(rest, {
      version: 1,
      kind: 'notice',
      severity: 'error',
      at: Date.UTC(2026, 10, 24),
      title: 'mail/send_mail fails: it’s "bad" <b> 🚑',
      host: 'web-1',
      directory: '/srv/mail',
      chain: 'mail',
      remarks: [],
      incident: 7,
    });
    assert.match(String(text), /runner incident 7/);
    assert.match(JSON.stringify(notice), /"firstRun":17/);
    assert.match(String(thread), /^\w{16}\.\w{8}$/);
    assert.equal(asked?.headers['x-runner-id'], id);
    assert.equal(asked?.headers['content-type'], 'application/json');
  });

  test('is signed, so that the receiver knows who wrote it, and when', async (t) => {
    const server = await open(t, fine);
    const place = { kind: 'variable', name: 'TEST_HOOK_SECRET' } as const;
    await send({ kind: 'webhook', url: { kind: 'text', text: server.url }, secret: place });
    const [asked] = server.asked;
    const seconds = String(asked?.headers['x-runner-timestamp']);
    const expected = createHmac('sha256', secret).update(`${seconds}.${asked?.body}`).digest('hex');
    assert.equal(asked?.headers['x-runner-signature'], `sha256=${expected}`);
    assert.ok(Math.abs(Number(seconds) * 1_000 - Date.now()) < 60_000);
  });

  test('has its address from a file, if it is a secret', async (t) => {
    const server = await open(t, (_request, response) => {
      response.statusCode = 500;
      response.end('no such path: /services/canary-path');
    });
    const folder = mkdtempSync(join(tmpdir(), 'runner-hook-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'url');
    writeFileSync(path, `${server.url}/services/canary-path\n`);
    const sent = await send({ kind: 'slack', url: { kind: 'file', path } });
    assert.equal(server.asked[0]?.url, '/services/canary-path');
    assert.ok(sent.kind === 'failed' && !sent.error.includes('canary-path'), JSON.stringify(sent));
    writeFileSync(path, '');
    const empty = await send({ kind: 'slack', url: { kind: 'file', path } });
    assert.match(empty.kind === 'failed' ? empty.error : '', /it is empty/);
    writeFileSync(path, 'x'.repeat(100_000));
    const large = await send({ kind: 'slack', url: { kind: 'file', path } });
    assert.match(large.kind === 'failed' ? large.error : '', /larger than a secret/);
    const gone = await send({ kind: 'slack', url: { kind: 'file', path: `${path}.gone` } });
    assert.match(gone.kind === 'failed' ? gone.error : '', /no such file/);
  });

  test('whose address is none fails', async () => {
    process.env['TEST_HOOK_URL'] = 'no address';
    const url: PlacedText = { kind: 'variable', name: 'TEST_HOOK_URL' };
    assert.equal((await send({ kind: 'webhook', url, secret: null })).kind, 'failed');
  });
});

describe('an answer', () => {
  const statuses: readonly [number, 'passes' | 'stays'][] = [
    [500, 'passes'],
    [503, 'passes'],
    [408, 'passes'],
    [425, 'passes'],
    [429, 'passes'],
    [400, 'stays'],
    [404, 'stays'],
    [410, 'stays'],
  ];
  for (const [status, expected] of statuses) {
    test(`with the status ${status} ${expected}`, async (t) => {
      const server = await open(t, (_request, response) => {
        response.statusCode = status;
        response.end('some words');
      });
      const sent = await hook(server.url);
      assert.ok(sent.kind === 'failed');
      assert.equal(sent.isPermanent, expected === 'stays');
      assert.equal(sent.error, `${new URL(server.url).host}: HTTP ${status}: some words`);
    });
  }

  for (const [header, expectedMs] of [
    ['120', 120_000],
    ['soon', null],
    ['0', null],
  ] as const) {
    test(`that says "Retry-After: ${header}" is heard`, async (t) => {
      const server = await open(t, (_request, response) => {
        response.writeHead(429, { 'Retry-After': header }).end();
      });
      const sent = await hook(server.url);
      assert.equal(sent.kind === 'failed' ? sent.retryAfterMs : 0, expectedMs);
    });
  }

  test('that says until when, by a date, is heard', async (t) => {
    const server = await open(t, (_request, response) => {
      response.writeHead(503, { 'Retry-After': new Date(Date.now() + 300_000).toUTCString() }).end();
    });
    const sent = await hook(server.url);
    const waitMs = sent.kind === 'failed' ? (sent.retryAfterMs ?? 0) : 0;
    assert.ok(waitMs > 200_000 && waitMs <= 300_000, String(waitMs));
  });

  test('that leads elsewhere is not followed', async (t) => {
    const elsewhere = await open(t, fine);
    const server = await open(t, (_request, response) => {
      response.writeHead(307, { Location: elsewhere.url }).end();
    });
    const sent = await hook(server.url);
    assert.equal(sent.kind === 'failed' && sent.isPermanent, true);
    assert.equal(elsewhere.asked.length, 0);
  });

  test('that never ends is not read to its end', async (t) => {
    const server = await open(t, (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(60_000)));
      };
      response.on('drain', more);
      more();
    });
    const sent = await hook(server.url);
    assert.ok(sent.kind === 'sent' && sent.answer.length < 400);
  });

  test('that does not come is given up after a while', async (t) => {
    const server = await open(t, () => undefined);
    const sent = await hook(server.url, 50);
    assert.match(sent.kind === 'failed' ? sent.error : '', /it took too long/);
  });

  test('that breaks off fails', async (t) => {
    const server = await open(t, (_request, response) => void response.socket?.destroy());
    assert.equal((await hook(server.url)).kind, 'failed');
  });
});

describe('Slack', () => {
  test('gets no mention and no link from what a task prints', () => {
    const message = messageAbout({ title: '<!channel> <https://evil.example|here> & more', text: '``` *x*' });
    const body = slackBody(message);
    assert.ok(!body.includes('<!channel>') && !body.includes('<https:'), body);
    assert.ok(body.includes('&lt;!channel&gt;'), body);
    assert.equal(body.split('```').length, 3);
  });

  test('gets no block that is longer than it takes', () => {
    const body: unknown = JSON.parse(
      slackBody(messageAbout({ title: 'x'.repeat(900), text: '&'.repeat(8_000) })),
    );
    assert.ok(typeof body === 'object' && body !== null && 'blocks' in body && Array.isArray(body.blocks));
    const lengths = body.blocks.map((block: { text: { text: string } }) => block.text.text.length);
    assert.ok(Math.max(...lengths) <= 3_000, String(lengths));
  });
});
