import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { postJson } from '../../src/alert/http-post.ts';
import type { Message } from '../../src/alert/message.ts';
import type { Sent } from '../../src/alert/sending.ts';
import { sendMail } from '../../src/alert/smtp.ts';
import type { ChannelTarget } from '../../src/core/channel.ts';
import { newChainState } from '../../src/core/initial.ts';
import { StoreError } from '../../src/ports.ts';
import { parseState } from '../../src/store/parse-state.ts';
import { startMailServer } from '../support/mail-server.ts';
import { fuzz, play } from './fuzz.ts';
import { hostileText, mutated, mutatedText, mutations } from './hostile.ts';
import { plainMessage } from './plain-message.ts';
import { unclear } from './unclear.ts';

function messageOf(title: string): Message {
  return { ...plainMessage(title), example: title };
}

function emailOf(port: number): Extract<ChannelTarget, { kind: 'email' }> {
  const smtp = { host: '127.0.0.1', port, tls: 'none' as const, caFile: null, login: null };
  return { kind: 'email', to: ['ops@example.org'], from: 'Runner <runner@example.org>', smtp };
}

function checkSent(sent: Sent): void {
  const text = sent.kind === 'sent' ? sent.answer : sent.error;
  assert.ok(text.length > 0);
  if (sent.kind === 'failed')
    assert.ok(sent.retryAfterMs === null || Number.isSafeInteger(sent.retryAfterMs));
}

/** A server that answers each connection with these bytes, or each line with the next of them, and hangs up at the end. */
async function listening(
  answers: () => readonly string[],
  isByLine: boolean,
): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    const left = [...answers()];
    // The client may be the first to hang up.
    socket.on('error', () => undefined);
    const answer = (): void => {
      const next = left.shift();
      if (next === undefined) socket.destroy();
      else if (left.length === 0 && !isByLine) socket.end(next);
      else socket.write(next);
    };
    if (isByLine) answer();
    socket.on('data', answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

const rightAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nRetry-After: 5\r\n\r\nok';
const webAnswers = fc.oneof(
  mutatedText(rightAnswer, [
    'HTTP/1.1 503 x\r\n',
    'Location: /x\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 99\r\n',
    '\r\n',
    '\0',
    'Content-Encoding: gzip\r\n',
  ]),
  fc
    .tuple(fc.integer({ min: 0, max: 999 }), hostileText, hostileText)
    .map(
      ([status, after, body]) =>
        `HTTP/1.1 ${status} x\r\nRetry-After: ${after}\r\nConnection: close\r\n\r\n${body}`,
    ),
  hostileText,
);
test('a webhook', async (t) => {
  let next = '';
  const { server, port } = await listening(() => [next], false);
  t.after(() => server.close());
  const never = new AbortController().signal;
  await play('answers of a web server', webAnswers, async (answer) => {
    next = answer;
    checkSent(await postJson({ url: `http://127.0.0.1:${port}/`, body: '{}', headers: {} }, never));
  });
});

const mailAnswers = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.constantFrom(
        '220 mail ready',
        '250 fine',
        '250-SIZE 5\r\n250 HELP',
        '354 go on',
        '221 bye',
      ),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.integer({ min: 0, max: 999 }), hostileText)
        .map(([code, text]) => `${code} ${text}`),
    },
    { weight: 1, arbitrary: hostileText },
  ),
  { maxLength: 6 },
);
test('a mail server', async (t) => {
  let next: readonly string[] = [];
  const { server, port } = await listening(() => next, true);
  t.after(() => server.close());
  await play('answers of a mail server', mailAnswers, async (answers) => {
    // It always ends by hanging up, so nobody waits for long.
    next = answers.map((answer) => `${answer}\r\n`);
    checkSent(await sendMail(emailOf(port), messageOf('a'), AbortSignal.timeout(2_000)));
  });
});

test('a mail', async (t) => {
  const taken: string[] = [];
  const server = await startMailServer({
    onData(stream, _session, answer) {
      let raw = '';
      stream.on('data', (piece: Buffer) => (raw += piece.toString('latin1')));
      stream.on('end', () => {
        taken.push(raw);
        answer(null, 'Taken');
      });
    },
  });
  t.after(() => server.close());
  await play('heads of mails', hostileText, async (title) => {
    const sent = await sendMail(emailOf(server.port), messageOf(title), new AbortController().signal);
    assert.equal(sent.kind, 'sent');
    const [head = ''] = (taken.pop() ?? '').split('\r\n\r\n');
    // A title adds no line of its own: what does not begin with a name that we write goes on with the line above.
    const names = head
      .split('\r\n')
      .flatMap((line) => (/^[ \t]/.test(line) ? [] : [line.split(':')[0]?.toLowerCase()]));
    assert.deepEqual(
      names.filter((name) => !knownHeads.has(name ?? '')),
      [],
    );
    assert.equal(new Set(names).size, names.length);
    assert.doesNotMatch(head.replaceAll('\r\n', ''), /[\r\n\0]/);
  });
});

const knownHeads = new Set([
  'auto-submitted',
  'x-auto-response-suppress',
  'from',
  'to',
  'subject',
  'message-id',
  'in-reply-to',
  'references',
  'date',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
]);

fuzz('stored states', mutations(), (changes) => {
  const text = String(JSON.stringify(mutated(newChainState, changes)));
  try {
    const state = parseState(text, 'chain "mail"');
    assert.ok(Number.isSafeInteger(state.lastRun) && state.lastRun >= 0);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    assert.equal(unclear(error.message), null);
  }
});
