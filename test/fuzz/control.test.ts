import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BadRequest,
  chainCommands,
  mostLines,
  readBody,
  readChainRequest,
  readCount,
  readSwitch,
} from '../../src/control/request-body.ts';
import { errorOf, serveInFolder } from '../support/control-socket.ts';
import { ScriptedControl } from '../support/scripted-control.ts';
import { fuzz, play } from './fuzz.ts';
import { hostileText, hostileValue, mutated, mutatedText, mutations } from './hostile.ts';
import { unclear } from './unclear.ts';

const right = { by: 'ada', for: '2h', until: '2099-01-01T00:00:00Z', now: true, pid: 5, dryRun: false };
const bodies = fc.oneof(
  mutations().map((changes) => String(JSON.stringify(mutated(right, changes)))),
  fc
    .tuple(fc.subarray(Object.entries(right)), hostileValue, fc.nat(5))
    .map(([entries, value, at]) =>
      JSON.stringify(
        Object.fromEntries(entries.map(([key, one], index) => [key, index === at ? value : one])),
      ),
    ),
  mutatedText(JSON.stringify(right), ['{', '}', ',', '"', '\\', 'null', '1e999', '__proto__']),
  hostileText,
);

function checkRefusal(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    assert.equal(unclear(error.message), null);
  }
}

fuzz(
  'bodies of requests',
  fc.tuple(bodies, fc.constantFrom(...chainCommands), hostileText),
  ([body, command, text]) => {
    checkRefusal(() => {
      const request = readChainRequest(command, body);
      assert.equal(request.kind, command);
      assert.doesNotMatch(request.by, /\p{Cc}|^$/u);
      const numbers = Object.values(request).filter((value) => typeof value === 'number');
      assert.ok(numbers.every((value) => Number.isSafeInteger(value) && value > 0));
    });
    checkRefusal(() =>
      assert.equal(typeof readBody(body, ['dryRun', 'now', 'pid']).flag('dryRun'), 'boolean'),
    );
    checkRefusal(() => assert.ok(readCount(text, 'limit', mostLines) >= 1));
    checkRefusal(() => assert.equal(typeof readSwitch(text, 'open'), 'boolean'));
  },
);

const paths = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '/v1/status',
      '/v1/chains/mail',
      '/v1/chains/mail/poke',
      '/v1/chains/mail/log?lines=5',
      '/v1/history?limit=5',
      '/v1/incidents/1',
      '/v1/reload',
      '/v1/handover',
      '/metrics',
      '/healthz',
    ),
  },
  { weight: 1, arbitrary: hostileText.map((text) => `/v1/chains/${text}/pause`) },
  { weight: 1, arbitrary: hostileText.map((text) => `/v1/history?limit=${text}&chain=%ZZ`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '//host/x',
      '/../../etc/passwd',
      '/v1/chains/..%2f..%2fetc/log',
      '*',
      'http://evil.example/v1/status',
      '/v1/chains/%00/log',
      '/v1/chains/%E0%A4%A/log',
      '',
      '/%2e%2e/',
    ),
  },
);
/** A request as bytes: nearly right, and then changed in any place, or cut off. */
const requests = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'POST', 'PUT', 'DELETE', 'CONNECT', 'TRACE', 'get', 'PRI', 'G\0T'),
    path: paths,
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', 'HTTP'),
    headers: fc.array(
      fc.oneof(
        fc.constantFrom(
          'Host: runner',
          'Host: a\r\nHost: b',
          'Content-Length: -1',
          'Content-Length: 5, 6',
          'Content-Length: 99999999',
          'Transfer-Encoding: chunked',
          'Transfer-Encoding: gzip, chunked',
          'Expect: 100-continue',
          'Upgrade: websocket\r\nConnection: Upgrade',
          'Content-Type: text/plain',
          'Connection: close',
          ': x',
          ' folded',
          'X: \u0001',
          'Accept-Encoding: \u00ff',
        ),
        hostileText.map((text) => `X-Any: ${text}`),
      ),
      { maxLength: 4 },
    ),
    body: bodies,
    hasLength: fc.boolean(),
    cut: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  })
  .map(({ method, path, version, headers, body, hasLength, cut }) => {
    const length = hasLength ? [`Content-Length: ${Buffer.byteLength(body)}`] : [];
    const head = [`${method} ${path} ${version}`, 'Host: runner', ...headers, ...length].join('\r\n');
    const bytes = Buffer.from(`${head}\r\n\r\n${body}`);
    return bytes.subarray(0, Math.ceil(bytes.length * cut));
  });

test('the control socket', async (t) => {
  const control = new ScriptedControl();
  const socket = await serveInFolder(control);
  t.after(() => socket.close());
  await play('requests at the socket', requests, async (bytes) => {
    const client = connect(socket.path);
    const pieces: Buffer[] = [];
    client.on('data', (piece: Buffer) => pieces.push(piece));
    // The server may hang up while there is more to say.
    client.on('error', () => undefined);
    const closed = once(client, 'close');
    client.end(bytes);
    await closed;
    const text = Buffer.concat(pieces).toString();
    assert.ok(text === '' || /^HTTP\/1\.1 [1-5]\d\d /.test(text), text.slice(0, 100));
    assert.doesNotMatch(text, /^HTTP\/1\.1 500 /);
    for (const [, message = ''] of text.matchAll(
      /\{"error":\{"code":"\w+","message":("(?:[^"\\]|\\.)*")\}\}/g,
    )) {
      assert.equal(unclear(String(JSON.parse(message))), null);
    }
    assert.deepEqual(socket.bugs, []);
  });
  // It answers all the same.
  assert.equal(errorOf(await socket.get('/v1/status')), '200');
});
