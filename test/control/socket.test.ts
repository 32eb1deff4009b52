import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createControlClient } from '../../src/control/client.ts';
import { serveControl, type Answerer } from '../../src/control/serve.ts';
import { errorOf, serveInFolder, type ControlSocket } from '../support/control-socket.ts';
import { chain, RunnerStory } from '../support/runner-story.ts';
import { ScriptedControl } from '../support/scripted-control.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const silent: Answerer = { fetch: () => new Response('') };

function folderTest(name: string, body: (folder: string) => Promise<void>): void {
  test(name, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runner-socket-'));
    try {
      await body(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** A socket file that nobody listens at any more. */
function leaveSocket(path: string): void {
  const code = 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die $!';
  assert.equal(spawnSync('perl', ['-e', code, path]).status, 0);
}

describe('the control socket', () => {
  folderTest(
    'is for its owner alone from the first moment on, and the umask is what it was',
    async (folder) => {
      const umask = process.umask();
      const path = join(folder, 'runner.sock');
      const serving = serveControl(path, silent);
      // It is bound, and its event has not come yet: this is the first moment.
      const modes = [lstatSync(path).mode & 0o777, process.umask()];
      const server = await serving;
      server.close();
      assert.deepEqual(modes, [0o600, umask]);
    },
  );

  // Found by an upgrade: the state was closed, and a request over an old connection asked for it.
  folderTest('answers nobody who goes on to ask after it was closed', async (folder) => {
    const asked: string[] = [];
    const path = join(folder, 'runner.sock');
    const server = await serveControl(path, {
      fetch: (request) => {
        asked.push(new URL(request.url).pathname);
        return new Response('');
      },
    });
    const client = connect(path);
    client.write('GET /early HTTP/1.1\r\nHost: runner\r\n\r\nGET /late HTTP/1.1\r\nHost: runner\r\n');
    await once(client, 'data');
    server.close();
    client.on('error', () => undefined).write('\r\n');
    await once(client, 'close');
    assert.deepEqual(asked, ['/early']);
  });

  folderTest('is refused in a folder that others can enter, which is left as it is', async (folder) => {
    chmodSync(folder, 0o755);
    await assert.rejects(
      serveControl(join(folder, 'runner.sock'), silent),
      /others can enter it; run "chmod 700/,
    );
    assert.equal(statSync(folder).mode & 0o777, 0o755);
  });

  folderTest('is gone as soon as it is closed', async (folder) => {
    const path = join(folder, 'runner.sock');
    const server = await serveControl(path, silent);
    server.close();
    assert.equal(lstatSync(path, { throwIfNoEntry: false }), undefined);
  });

  folderTest('takes the place of one whose runner died', async (folder) => {
    const path = join(folder, 'runner.sock');
    leaveSocket(path);
    const server = await serveControl(path, { fetch: () => Response.json({ is: 'new' }) });
    const answer = await createControlClient(path).get('/');
    server.close();
    assert.deepEqual(answer.body, { is: 'new' });
  });

  folderTest('does not take the place of anything else', async (folder) => {
    const [file, link] = [join(folder, 'file'), join(folder, 'link')];
    writeFileSync(file, 'mine');
    symlinkSync(file, link);
    for (const path of [file, link, folder]) {
      await assert.rejects(serveControl(path, silent), /there is something else; move it away/);
    }
    assert.equal(statSync(file).size, 4);
  });

  test('does not take the place of one of another user', { skip: !isRoot }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runner-socket-'));
    const path = join(folder, 'runner.sock');
    leaveSocket(path);
    chownSync(path, nobody, nobody);
    await assert.rejects(serveControl(path, silent), /there is one of user 65534/);
    rmSync(folder, { recursive: true });
  });

  folderTest('is refused at a path that is too long for the system, with both lengths', async (folder) => {
    const longest = join(folder, 'x'.repeat(107 - folder.length - 1));
    const server = await serveControl(longest, silent);
    server.close();
    await assert.rejects(serveControl(`${longest}x`, silent), /has 108 bytes, of which the system takes 107/);
    const umlauts = join(folder, 'ü'.repeat(50));
    await assert.rejects(serveControl(umlauts, silent), /of which the system takes 107/);
  });

  test(
    'cannot be reached by another user, not even in a folder that was opened',
    { skip: !isRoot },
    async () => {
      // Not in the folder for temporary files, which may be closed to others itself.
      const folder = mkdtempSync('/var/tmp/runner-socket-');
      const path = join(folder, 'runner.sock');
      const server = await serveControl(path, silent);
      const inClosed = connectAsNobody(path);
      chmodSync(folder, 0o755);
      const inOpened = connectAsNobody(path);
      chmodSync(path, 0o666);
      const toOpened = connectAsNobody(path);
      server.close();
      rmSync(folder, { recursive: true });
      assert.deepEqual(
        [inClosed, inOpened, toOpened],
        ['Permission denied', 'Permission denied', 'connected'],
      );
    },
  );
});

function connectAsNobody(path: string): string {
  const user = ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups'];
  const code =
    'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); print connect(S, sockaddr_un($ARGV[0])) ? "connected" : $!';
  return spawnSync('setpriv', [...user, 'perl', '-e', code, path], { encoding: 'utf8' }).stdout;
}

/** A test of what clients may do to a runner that has a run in progress. */
function clientTest(name: string, body: (socket: ControlSocket, story: RunnerStory) => Promise<void>): void {
  test(name, async () => {
    const story = new RunnerStory();
    const socket = await serveInFolder(story.runner);
    try {
      await story.begin(chain('mail'));
      await body(socket, story);
      assert.equal((await socket.get('/v1/status')).status, 200);
      await story.host.when('mail', (workers) => workers.succeeds());
      await story.host.advance(1_000);
      assert.equal(story.host.chain('mail').started, 2);
      assert.deepEqual([story.end, socket.bugs], ['not yet', []]);
    } finally {
      socket.close();
    }
  });
}

function ended(client: Socket): Promise<string> {
  let text = '';
  client.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  return new Promise((resolve) => client.on('close', () => resolve(text)));
}

describe('a client', () => {
  const garbage = [
    '\0\0\0',
    'hello\r\n\r\n',
    'GET\r\n\r\n',
    'GET /v1/status HTTP/9.9\r\n\r\n',
    '\x16\x03\x01\x02',
  ];
  for (const text of garbage) {
    clientTest(`that talks garbage is sent away: ${JSON.stringify(text)}`, async (socket) => {
      const client = await socket.connect();
      client.write(text);
      client.end();
      assert.match(await ended(client), /^(HTTP\/1\.1 400 |$)/);
    });
  }

  clientTest('with a head that is too long is sent away', async (socket) => {
    const client = await socket.connect();
    client.write(`GET /v1/status HTTP/1.1\r\nhost: runner\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`);
    assert.match(await ended(client), /^HTTP\/1\.1 431 /);
  });

  clientTest('without a host is answered, or sent away', async (socket) => {
    const client = await socket.connect();
    client.write('GET /v1/status HTTP/1.0\r\n\r\n');
    assert.match(await ended(client), /^HTTP\/1\.1 (200|400) /);
  });

  clientTest('that goes after half a request changes nothing', async (socket, story) => {
    for (const half of [
      'POST /v1/chains/mail/pause',
      'POST /v1/drain HTTP/1.1\r\nhost: r\r\ncontent-length: 9\r\n\r\n{"by',
    ]) {
      const client = await socket.connect();
      client.write(half);
      client.end();
      await ended(client);
    }
    assert.deepEqual([story.chain('mail').pause, story.status().runner.isEnding], [null, false]);
  });

  clientTest('that announces a gigabyte is refused before it comes', async (socket) => {
    const client = await socket.connect();
    client.write('POST /v1/chains/mail/poke HTTP/1.1\r\nhost: runner\r\ncontent-length: 1000000000\r\n\r\n');
    const answer = await new Promise((resolve) => client.once('data', resolve));
    assert.match(String(answer), /^HTTP\/1\.1 413 /);
  });

  clientTest('that sends without an end is refused', async (socket) => {
    const client = await socket.connect();
    client.write('POST /v1/chains/mail/poke HTTP/1.1\r\nhost: runner\r\ntransfer-encoding: chunked\r\n\r\n');
    const answer = new Promise((resolve) => client.once('data', resolve));
    for (let count = 0; count < 20; count += 1) client.write(`1000\r\n${'x'.repeat(4_096)}\r\n`);
    assert.match(String(await answer), /^HTTP\/1\.1 413 /);
  });

  clientTest('that keeps a place without a word gives it up to others: 1 000 of them', async (socket) => {
    const clients: Socket[] = [];
    while (clients.length < 1_000) {
      clients.push(...(await Promise.all(Array.from({ length: 100 }, () => socket.connect()))));
      assert.equal((await socket.get('/v1/status')).status, 200);
    }
    assert.equal((await socket.post('/v1/chains/mail/poke')).status, 200);
    while (clients.filter((client) => client.closed).length < 700) await socket.get('/v1/status');
    for (const client of clients) client.destroy();
  });

  clientTest('that never reads gives its place up to others: 300 of them', async (socket) => {
    const clients = await Promise.all(Array.from({ length: 300 }, () => socket.connect()));
    for (const client of clients) {
      client.pause();
      client.write('GET /v1/openapi.json HTTP/1.1\r\nhost: runner\r\n\r\n'.repeat(10));
    }
    assert.equal((await socket.get('/v1/status')).status, 200);
    for (const client of clients) client.destroy();
  });

  clientTest('that waits for an answer keeps its place, whoever else comes', async (socket, story) => {
    let answer: (value: { kind: 'rejected'; problems: [] }) => void = () => undefined;
    story.load = () => new Promise((resolve) => (answer = resolve));
    const reloaded = socket.post('/v1/reload');
    while (story.loads === 0) await socket.get('/v1/status');
    const clients = await Promise.all(Array.from({ length: 300 }, () => socket.connect()));
    assert.equal((await socket.get('/v1/status')).status, 200);
    answer({ kind: 'rejected', problems: [] });
    assert.match(errorOf(await reloaded), /^422/);
    for (const client of clients) client.destroy();
  });

  clientTest('that says its request letter by letter is answered', async (socket) => {
    const client = await socket.connect();
    const text = ended(client);
    for (const letter of 'GET /v1/status HTTP/1.1\r\nhost: runner\r\nconnection: close\r\n\r\n') {
      client.write(letter);
      await socket.get('/v1/chains/mail');
    }
    assert.match(await text, /^HTTP\/1\.1 200 /);
  });
});

describe('the command', () => {
  const program = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

  /** Runs it to its end, against a runner that answers as it is told. */
  async function run(words: string, answer: (path: string) => Response | null): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'runner-socket-'));
    const server = await serveControl(join(folder, 'runner.sock'), {
      fetch(request, { incoming }) {
        const found = answer(new URL(request.url).pathname);
        if (found !== null) return found;
        // The runner dies before it answers.
        incoming.socket.destroy();
        return new Response('');
      },
    });
    try {
      const child = spawn(process.execPath, [program, ...words.split(' '), '--state-dir', folder]);
      let text = '';
      for await (const piece of child.stderr.setEncoding('utf8')) text += String(piece);
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
      return `${child.exitCode} ${text}`;
    } finally {
      server.close();
      rmSync(folder, { recursive: true });
    }
  }

  test('says that a runner of another version does not know a command, and what to do', async () => {
    const notKnown = { error: { code: 'NO_SUCH_PAGE', message: 'There is no POST /v1/chains/mail/skip' } };
    const said = await run('skip mail', () => Response.json(notKnown, { status: 404 }));
    assert.match(said, /^2 The runner that is up does not know this: .*"runner upgrade"/);
  });

  test('says that the runner was gone before it answered', async () => {
    assert.match(await run('poke mail', () => null), /^69 The runner was gone before it answered: look with/);
  });

  test('prints all of a long answer into a pipe', async () => {
    const control = new ScriptedControl();
    control.names = Array.from({ length: 3_000 }, (_, index) => `chain-${index}`);
    const socket = await serveInFolder(control);
    try {
      const child = spawn(process.execPath, [program, 'status', '--json', '--state-dir', socket.folder]);
      child.stderr.pipe(process.stderr);
      let text = '';
      for await (const piece of child.stdout.setEncoding('utf8')) text += String(piece);
      assert.ok(text.length > 500_000, `${text.length}`);
      assert.deepEqual(JSON.parse(text), JSON.parse((await socket.get('/v1/status')).text));
    } finally {
      socket.close();
    }
  });
});
