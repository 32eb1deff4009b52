import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { serveWatch, warningOf, type WatchServer } from '../../src/control/serve-watch.ts';
import { createWatchSite } from '../../src/control/watch-api.ts';
import type { RunnerControl, RunnerStatus } from '../../src/control-port.ts';
import type { ChainStatus } from '../../src/core/status.ts';
import { toFence } from '../../src/core/units.ts';
import { apiSchema } from '../support/api-schema.ts';
import { serveInFolder } from '../support/control-socket.ts';
import { ScriptedControl } from '../support/scripted-control.ts';

const anyPort = { host: '127.0.0.1', port: 0 };

/** A runner whose one chain is like this. */
function controlWith(changed: Partial<ChainStatus>, isEnding = false): Pick<RunnerControl, 'status'> {
  const { runner, chains } = new ScriptedControl().status();
  const status: RunnerStatus = {
    runner: { ...runner, isEnding },
    chains: chains.map((chain) => ({ ...chain, state: 'running', fence: toFence(1), ...changed })),
  };
  return { status: () => status };
}

async function serve(
  control: Pick<RunnerControl, 'status'> = controlWith({}),
  metrics: () => Promise<string> = () => Promise.resolve('runner_chains 1\n'),
): Promise<WatchServer> {
  const site = createWatchSite(control, { metrics, bug: () => undefined });
  return serveWatch({ address: anyPort, names: ['web-1', 'Prom.example.com'] }, site);
}

/** Sends these lines of a request; the whole answer. */
async function send(at: string, ...lines: readonly string[]): Promise<string> {
  const socket = connect(Number(at.split(':')[1]), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  socket.write([...lines, 'Connection: close', '', ''].join('\r\n'));
  await once(socket, 'close');
  return text;
}

test('a request that does not name this host is refused, and gets nothing to read', async () => {
  const server = await serve();
  try {
    for (const lines of [
      ['GET /metrics HTTP/1.1', 'Host: evil.example'],
      ['GET /metrics HTTP/1.1', 'Host: evil.example:9464'],
      ['GET /metrics HTTP/1.1', 'Host: localhost.evil.example'],
      ['GET /metrics HTTP/1.0'],
      ['GET /metrics HTTP/1.1', 'Host: localhost', 'Host: evil.example'],
      ['GET http://evil.example/metrics HTTP/1.1', 'Host: localhost'],
      ['GET http://localhost/metrics HTTP/1.1', 'Host: localhost'],
      ['GET /metrics HTTP/1.1', 'Host: user@localhost'],
    ]) {
      const answer = await send(server.at, ...lines);
      assert.match(answer, /^HTTP\/1\.1 (421|400) /, lines.join(' | '));
      assert.doesNotMatch(answer, /runner_chains/);
    }
  } finally {
    server.close();
  }
});

test('a request that names this host by an address or a name of it is answered', async () => {
  const server = await serve();
  try {
    const hosts = [
      'localhost',
      'LOCALHOST:9464',
      '127.0.0.1:1',
      '[::1]:9464',
      '10.1.2.3',
      'web-1',
      'prom.example.com:80',
    ];
    for (const host of hosts) {
      const answer = await send(server.at, 'GET /metrics HTTP/1.1', `Host: ${host}`);
      assert.match(answer, /^HTTP\/1\.1 200 [^]*text\/plain; version=0\.0\.4[^]*runner_chains 1\n/, host);
    }
  } finally {
    server.close();
  }
});

test('over TCP there is nothing of the control API', async () => {
  const server = await serve();
  try {
    for (const line of [
      'GET /v1/status HTTP/1.1',
      'POST /v1/down HTTP/1.1',
      'POST /metrics HTTP/1.1',
      'GET / HTTP/1.1',
    ]) {
      assert.match(await send(server.at, line, 'Host: localhost'), /^HTTP\/1\.1 404 /, line);
    }
  } finally {
    server.close();
  }
});

test('a bug in the metrics says nothing of itself, and the server goes on', async () => {
  const server = await serve(controlWith({}), () => Promise.reject(new Error('secret')));
  try {
    const answer = await send(server.at, 'GET /metrics HTTP/1.1', 'Host: localhost');
    assert.match(answer, /^HTTP\/1\.1 500 /);
    assert.doesNotMatch(answer, /secret/);
    assert.match(
      await send(server.at, 'GET /healthz HTTP/1.1', 'Host: localhost'),
      /^HTTP\/1\.1 200 [^]*"ok"/,
    );
  } finally {
    server.close();
  }
});

test('a port that is in use is told of, with what to do', async () => {
  const server = await serve();
  try {
    const address = { host: '127.0.0.1', port: Number(server.at.split(':')[1]) };
    const site = createWatchSite(controlWith({}), {
      metrics: () => Promise.resolve(''),
      bug: () => undefined,
    });
    await assert.rejects(
      serveWatch({ address, names: [] }, site),
      /another program listens there; .* --metrics/,
    );
  } finally {
    server.close();
  }
});

test('people are warned of an address that others can reach', () => {
  const warnings = ['127.0.0.1', '::1', '0.0.0.0', '10.0.0.1'].map((host) =>
    warningOf({ address: { host, port: 9464 }, names: [] }),
  );
  assert.deepEqual(warnings.slice(0, 2), [null, null]);
  assert.match(warnings[2] ?? '', /at 0\.0\.0\.0:9464 can be read by all who reach this host/);
  assert.match(warnings[3] ?? '', /10\.0\.0\.1:9464/);
});

for (const [what, control, status, reason] of [
  ['whose chains run', controlWith({}), 200, null],
  ['whose chain somebody has paused', controlWith({ state: 'paused' }), 200, null],
  ['whose chain another process has', controlWith({ state: 'held elsewhere', fence: null }), 200, null],
  ['whose chain was stopped', controlWith({ state: 'stopped' }), 200, null],
  ['that ends', controlWith({}, true), 503, 'the runner is ending'],
  [
    'that has not taken a chain yet',
    controlWith({ state: 'waiting', fence: null }),
    503,
    'chain mail: it is being taken',
  ],
  [
    'whose disk is full',
    controlWith({ state: 'store fails', reason: 'the disk is full' }),
    503,
    'chain mail: its state cannot be stored: the disk is full',
  ],
  [
    'whose chain cannot begin',
    controlWith({ state: 'cannot begin', reason: 'EMFILE' }),
    503,
    'chain mail: it cannot begin: EMFILE',
  ],
] as const) {
  test(`a runner ${what} is ${status === 200 ? 'ready' : 'not ready'}`, async () => {
    const site = createWatchSite(control, { metrics: () => Promise.resolve(''), bug: () => undefined });
    const answer = await site.request('/readyz');
    const body: unknown = await answer.json();
    assert.deepEqual(
      [answer.status, body],
      [status, { isReady: reason === null, reasons: reason === null ? [] : [reason] }],
    );
  });
}

test('the control socket has them as well, as its document says', async () => {
  const schema = apiSchema();
  const socket = await serveInFolder(new ScriptedControl(), { metrics: () => Promise.resolve('a 1\n') });
  try {
    assert.equal((await socket.get('/metrics')).text, 'a 1\n');
    assert.equal(schema.problemWith('GET /healthz', await socket.get('/healthz')), null);
    const ready = await socket.get('/readyz');
    assert.equal(ready.status, 503);
    assert.equal(schema.problemWith('GET /readyz', ready), null);
  } finally {
    socket.close();
  }
});
