import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { createSend } from '../../src/alert/send.ts';
import type { Message } from '../../src/alert/message.ts';
import type { Sent } from '../../src/alert/sending.ts';
import type { SmtpServer } from '../../src/core/channel.ts';
import { mask } from '../../src/core/mask.ts';
import { toDurationMs } from '../../src/core/units.ts';
import { channelTo } from '../support/channels.ts';
import {
  smtpRefusal,
  startMailServer,
  type MailServer,
  type MailServerWishes,
} from '../support/mail-server.ts';
import { messageAbout } from '../support/messages.ts';

const password = 'canary-4711-secret';
process.env['TEST_SMTP_PASSWORD'] = password;
const login = { user: 'runner', password: { kind: 'variable', name: 'TEST_SMTP_PASSWORD' } } as const;

async function open(t: TestContext, wishes: MailServerWishes = {}): Promise<MailServer> {
  const server = await startMailServer(wishes);
  t.after(() => server.close());
  return server;
}

function deliver(
  message: Message,
  smtp: Partial<SmtpServer>,
  { limitMs = 10_000, to = ['ops@example.org'] } = {},
): Promise<Sent> {
  const server: SmtpServer = { host: 'localhost', port: 25, tls: 'none', caFile: null, login: null, ...smtp };
  const channel = channelTo({ kind: 'email', to, from: 'Runner <runner@example.org>', smtp: server });
  return createSend(mask, toDurationMs(limitMs))(channel, message, new AbortController().signal);
}

async function mailOf(t: TestContext, message: Message): ReturnType<typeof firstMail> {
  const server = await open(t);
  assert.equal((await deliver(message, { port: server.port })).kind, 'sent');
  return firstMail(server);
}

async function firstMail({ mails }: MailServer): Promise<MailServer['mails'][number]> {
  const [mail] = mails;
  assert.ok(mail !== undefined);
  assert.deepEqual(mail.defects, []);
  return mail;
}

describe('a mail', () => {
  test('says in its subject which task of which chain does what', async (t) => {
    const { headers } = await mailOf(t, messageAbout());
    assert.deepEqual(headers['subject'], ['[runner] mail/send_mail fails: 451 try again later']);
    assert.deepEqual(headers['from'], ['Runner <runner@example.org>']);
    assert.deepEqual(headers['to'], ['ops@example.org']);
    assert.deepEqual(headers['auto-submitted'], ['auto-generated']);
  });

  test('says as text and as HTML what happened, and what to do now', async (t) => {
    const { text, html } = await mailOf(t, messageAbout({ text: 'Error: 451\n    at send (mail.ts:3)' }));
    for (const part of [text, html]) {
      for (const words of [
        'mail/send_mail fails: 451 try again later',
        'exit status 3',
        'at send (mail.ts:3)',
        'runner incident 7',
        'runner logs mail --run 17',
        'runner mute mail --for 2h',
        'on web-1 in /srv/mail',
        'abc123',
      ]) {
        assert.ok(part.includes(words), `${words} is not in\n${part}`);
      }
    }
  });

  test('is in one thread with all others of its incident, and with none of another', async (t) => {
    const opened = await mailOf(t, messageAbout({}, 1));
    const healed = await mailOf(t, messageAbout({ kind: 'incident healed' }, 2));
    const other = await mailOf(t, messageAbout({ firstRun: 99 }, 3));
    const threads = [opened, healed, other].map(({ headers }) => headers['references']?.[0]);
    assert.equal(threads[0], threads[1]);
    assert.notEqual(threads[0], threads[2]);
    assert.equal(opened.headers['in-reply-to']?.[0], threads[0]);
    assert.match(threads[0] ?? '', /^<[\w.-]+@web-1>$/);
  });

  test('has the same Message-ID when it is sent again, and another one than any other', async (t) => {
    const ids: unknown[] = [];
    for (const message of [messageAbout({}, 1), messageAbout({}, 1), messageAbout({}, 2)]) {
      ids.push((await mailOf(t, message)).headers['message-id']?.[0]);
    }
    assert.equal(ids[0], ids[1]);
    assert.notEqual(ids[0], ids[2]);
  });

  test('cannot be given headers, scripts or broken text by what a task prints', async (t) => {
    const title = 'a\r\nBcc: evil@example.org\r\n\r\n<script>alert("1")</script> \u202e 🚑 "quoted" \ud800';
    const message = messageAbout({ title, text: `${title}\0\u001b[31m`, task: 'x\r\nX-Evil: 1' });
    const { headers, html, text } = await mailOf(t, message);
    assert.equal(headers['bcc'], undefined);
    assert.equal(headers['x-evil'], undefined);
    const [subject = ''] = headers['subject'] ?? [];
    assert.ok(subject.includes('🚑 "quoted"'), subject);
    assert.doesNotMatch(subject, /[\p{Cc}\u202e]/u);
    assert.ok(!html.includes('<script'), html);
    assert.ok(html.includes('&lt;script&gt;'), html);
    assert.doesNotMatch(text, /[^\P{Cc}\r\n]|\u202e/u);
  });

  test('loads nothing from elsewhere', async (t) => {
    const { html } = await mailOf(t, messageAbout({ text: '<img src="https://evil.example/x.png">' }));
    assert.doesNotMatch(html, /<(?:img|link|script|iframe)|url\(/i);
  });

  test('goes to everybody, and says who was refused', async (t) => {
    const server = await open(t, {
      onRcptTo: ({ address }, _session, answer) =>
        answer(address.startsWith('gone') ? smtpRefusal(550, 'No such user') : null),
    });
    const sent = await deliver(
      messageAbout(),
      { port: server.port },
      { to: ['ops@example.org', 'gone@example.org'] },
    );
    assert.equal(sent.kind === 'sent' ? sent.answer : '', '250 Taken (but refused for gone@example.org)');
  });
});

describe('TLS', () => {
  for (const [tls, hasTls] of [
    ['starttls', 'starttls'],
    ['implicit', 'implicit'],
    ['optional', 'starttls'],
    ['optional', undefined],
  ] as const) {
    test(`"${tls}" sends to a server with ${hasTls ?? 'no'} TLS whose certificate is trusted`, async (t) => {
      const server = await open(t, hasTls === undefined ? {} : { hasTls });
      const caFile = hasTls === undefined ? null : server.certificate;
      assert.equal((await deliver(messageAbout(), { port: server.port, tls, caFile })).kind, 'sent');
    });
  }

  for (const [tls, hasTls] of [
    ['starttls', 'starttls'],
    ['implicit', 'implicit'],
    ['optional', 'starttls'],
  ] as const) {
    test(`"${tls}" sends nothing to a server whose certificate nobody trusts`, async (t) => {
      const server = await open(t, { hasTls });
      const sent = await deliver(messageAbout(), { port: server.port, tls });
      assert.match(sent.kind === 'failed' ? sent.error : '', /self-signed certificate/);
      assert.equal(server.mails.length, 0);
    });
  }

  test('"starttls" sends nothing to a server that does not offer it', async (t) => {
    const server = await open(t);
    const sent = await deliver(messageAbout(), { port: server.port, tls: 'starttls' });
    assert.equal(sent.kind === 'failed' && !sent.isPermanent, true);
    assert.equal(server.mails.length, 0);
  });
});

describe('a login', () => {
  test('is made with the password from where it is', async (t) => {
    const seen: unknown[] = [];
    const server = await open(t, {
      hasTls: 'starttls',
      onAuth({ username, password: given }, _session, answer) {
        seen.push(username, given);
        answer(null, { user: username ?? '' });
      },
    });
    const smtp = { port: server.port, tls: 'starttls', caFile: server.certificate, login } as const;
    assert.equal((await deliver(messageAbout(), smtp)).kind, 'sent');
    assert.deepEqual(seen, ['runner', password]);
  });

  test('that is refused says so, without the password, also where the server repeats it', async (t) => {
    const server = await open(t, {
      hasTls: 'starttls',
      onAuth: ({ password: given }, _session, answer) =>
        answer(smtpRefusal(535, `Wrong password ${given} (${Buffer.from(given ?? '').toString('base64')})`)),
    });
    const smtp = { port: server.port, tls: 'starttls', caFile: server.certificate, login } as const;
    const sent = await deliver(messageAbout(), smtp);
    assert.ok(sent.kind === 'failed' && sent.isPermanent);
    assert.match(sent.error, /535/);
    assert.ok(!sent.error.includes(password), sent.error);
    assert.ok(!sent.error.includes(Buffer.from(password).toString('base64')), sent.error);
  });

  for (const name of ['NO_SUCH_VARIABLE', 'toString']) {
    test(`whose password is not there says where it should be: ${name}`, async () => {
      const sent = await deliver(messageAbout(), {
        login: { user: 'runner', password: { kind: 'variable', name } },
      });
      assert.deepEqual(sent, {
        kind: 'failed',
        error: `Cannot read the variable "${name}" of the runner's environment: it is not set`,
        isPermanent: false,
        retryAfterMs: null,
      });
    });
  }
});

describe('a server that', () => {
  const refusals: readonly [string, number, boolean][] = [
    ['wants to be asked later', 451, false],
    ['does not know the recipient', 550, true],
  ];
  for (const [name, code, isPermanent] of refusals) {
    test(`${name} is taken at its word`, async (t) => {
      const onRcptTo: MailServerWishes['onRcptTo'] = (_address, _session, answer) =>
        answer(smtpRefusal(code, 'Not this one'));
      const server = await open(t, { onRcptTo });
      const sent = await deliver(messageAbout(), { port: server.port });
      assert.ok(sent.kind === 'failed');
      assert.equal(sent.isPermanent, isPermanent);
      assert.match(sent.error, new RegExp(`${code} Not this one`));
    });
  }

  test('closes the connection fails', async (t) => {
    const port = await listen(t, (socket) => socket.destroy());
    assert.equal((await deliver(messageAbout(), { port })).kind, 'failed');
  });

  test('says nothing is given up after a while', async (t) => {
    const port = await listen(t, () => undefined);
    const sent = await deliver(messageAbout(), { port }, { limitMs: 50 });
    assert.match(sent.kind === 'failed' ? sent.error : '', /it took too long/);
  });

  test('never ends its answer is not listened to for ever', async (t) => {
    const port = await listen(t, (socket) => {
      const more = (): void => {
        while (socket.writable && socket.write(`220-${'x'.repeat(60_000)}\r\n`));
      };
      socket.on('drain', more);
      more();
    });
    assert.equal((await deliver(messageAbout(), { port })).kind, 'failed');
  });

  test('is not there fails', async (t) => {
    const server = await startMailServer();
    await server.close();
    t.diagnostic(`nobody listens at ${server.port}`);
    const sent = await deliver(messageAbout(), { port: server.port });
    assert.match(sent.kind === 'failed' ? sent.error : '', /ECONNREFUSED/);
  });
});

/** A server that does what the test says with each connection. */
async function listen(t: TestContext, serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
