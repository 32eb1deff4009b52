import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { test } from 'node:test';
import { ping } from '../../src/heartbeat/ping.ts';

/** What comes of a ping to a server that answers so, and the paths that it was asked for. */
async function pingTo(
  answer: RequestListener,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ readonly problem: string | null; readonly paths: readonly (string | undefined)[] }> {
  const paths: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    return { problem: await ping(`http://127.0.0.1:${port}/uuid/fail?state=fail`, signal), paths };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test('an answer with success is all that is wanted', async () => {
  const { problem, paths } = await pingTo((_, response) => response.end('OK'));
  assert.deepEqual([problem, paths], [null, ['/uuid/fail?state=fail']]);
});

test('an answer without an end is not read', async () => {
  const { problem } = await pingTo((_, response) => response.writeHead(200).write('x'.repeat(1_000_000)));
  assert.equal(problem, null);
});

test('a redirect is not followed', async () => {
  const { problem, paths } = await pingTo((_, response) =>
    response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  );
  assert.deepEqual([problem, paths.length], ['a redirect, which is not followed (302)', 1]);
});

test('an error is told by its status', async () => {
  const { problem } = await pingTo((_, response) => response.writeHead(503).end());
  assert.equal(problem, 'status 503');
});

test('a server that hangs up is told', async () => {
  const { problem } = await pingTo((request) => request.socket.destroy());
  assert.equal(problem, 'ECONNRESET');
});

test('a server that nobody reaches is told', async () => {
  assert.equal(await ping('http://127.0.0.1:1/', new AbortController().signal), 'ECONNREFUSED');
});

test('an abort ends a ping to a server that never answers', async () => {
  const abort = new AbortController();
  const { problem } = await pingTo(() => abort.abort(), abort.signal);
  assert.equal(problem, 'ABORT_ERR');
});
