import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { RequestListener } from 'node:http';
import { openState } from '../../src/store/open-state.ts';
import { startMailServer, smtpRefusal } from '../support/mail-server.ts';
import { incidentNotice, storeNotice, type NoticeWishes } from '../support/stored-notices.ts';
import { runnerFile } from '../support/runner-process.ts';
import { createUpProject, type UpProject } from '../support/up-project.ts';
import { startWebServer, type WebServer } from '../support/web-server.ts';

const chains = { mail: { tasks: ['sh: true'], cooldown: '1h' } };

function open(t: TestContext, channels: object): UpProject {
  const project = createUpProject();
  t.after(() => project.close());
  configure(project, channels);
  return project;
}

function configure({ folder }: UpProject, channels: object): void {
  writeFileSync(join(folder, 'runner.config.json'), JSON.stringify({ chains, alerts: { channels } }));
}

async function serve(t: TestContext, answer: RequestListener): Promise<WebServer> {
  const server = await startWebServer(answer);
  t.after(() => server.close());
  return server;
}

/** Stores a notice of just now, as a chain's loop does. */
async function store({ folder }: UpProject, wishes: NoticeWishes = {}): Promise<void> {
  const database = await openState(join(folder, '.runner', 'state.db'));
  storeNotice(database, incidentNotice({ atMs: Date.now() - Date.UTC(2026, 10, 24), ...wishes }));
  database.close();
}

interface Listed {
  readonly name: string;
  readonly waiting: number;
  readonly sent: number;
}

function list(project: UpProject): readonly Listed[] {
  return project
    .done('alert list --json')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Listed => JSON.parse(line) as Listed);
}

function idsOf({ asked }: WebServer): readonly unknown[] {
  return asked.map(({ headers }) => headers['x-runner-id']);
}

const fine: RequestListener = (_request, response) => void response.end('ok');

test('a runner that is up tells what waits, once, also what others have stored', async (t) => {
  const server = await serve(t, fine);
  const project = open(t, { hook: { webhook: { url: server.url } } });
  project.done('run mail --passes 1');
  await store(project);
  const first = server.next();
  const runner = await project.up();
  await first;
  const second = server.next();
  await store(project, { firstRun: 18 });
  await second;
  runner.signal('SIGTERM');
  assert.equal((await runner.ended).exitCode, 0);
  assert.equal(new Set(idsOf(server)).size, 2);
  assert.equal(server.asked.length, 2);
  assert.deepEqual(
    list(project).map(({ waiting, sent }) => [waiting, sent]),
    [[0, 2]],
  );
});

test('a chain in the foreground tells what waits before it ends', async (t) => {
  const server = await serve(t, fine);
  const project = open(t, { hook: { webhook: { url: server.url } } });
  const runner = project.start('mail', '--passes', '1');
  await runner.ended;
  await store(project);
  const other = project.start('sh: true', '--name', 'other', '--passes', '1');
  assert.equal((await other.ended).exitCode, 0);
  assert.equal(server.asked.length, 1);
});

test('a runner that is killed after it has sent, and before it knows, sends once more by the same name', async (t) => {
  let runner = {
    signal: (_signal: NodeJS.Signals): void => undefined,
    ended: Promise.resolve<unknown>(null),
  };
  let requests = 0;
  const server = await serve(t, (request, response) => {
    requests += 1;
    if (requests === 1) runner.signal('SIGKILL');
    else fine(request, response);
  });
  const project = open(t, { hook: { webhook: { url: server.url } } });
  project.done('run mail --passes 1');
  runner = await project.up();
  await store(project);
  await runner.ended;
  const again = server.next();
  const next = await project.up();
  await again;
  next.signal('SIGTERM');
  await next.ended;
  const ids = idsOf(server);
  assert.equal(ids.length, 2);
  assert.equal(ids[0], ids[1]);
  assert.deepEqual(
    list(project).map(({ waiting, sent }) => [waiting, sent]),
    [[0, 1]],
  );
});

test('a channel that hangs delays neither a chain nor the end of the runner', async (t) => {
  const server = await serve(t, () => undefined);
  const project = open(t, { hook: { webhook: { url: server.url } } });
  project.done('run mail --passes 1');
  await store(project);
  const asked = server.next();
  const runner = await project.up();
  await asked;
  project.done('poke mail');
  await project.chainReached('mail', ({ last }) => (last?.run ?? 0) >= 2);
  runner.signal('SIGTERM');
  assert.equal((await runner.ended).exitCode, 0);
  assert.deepEqual(
    list(project).map(({ waiting }) => waiting),
    [1],
  );
});

test('a reload brings other channels into force', async (t) => {
  const server = await serve(t, fine);
  const project = open(t, {});
  const runner = await project.up();
  configure(project, { hook: { webhook: { url: server.url } } });
  project.done('reload');
  const asked = server.next();
  await store(project);
  await asked;
  runner.signal('SIGTERM');
  await runner.ended;
});

test('alert test sends a real message by each channel, and says what came of it', async (t) => {
  const [good, bad] = [
    await serve(t, fine),
    await serve(t, (_request, response) => void response.writeHead(404).end()),
  ];
  const project = open(t, {
    good: { webhook: { url: good.url } },
    bad: { webhook: { url: `${bad.url}/canary-path` } },
    file: { command: 'cat > told.json' },
  });
  const { exitCode, stdout } = await said(project, 'alert', 'test', '--json');
  assert.equal(exitCode, 1);
  const lines = stdout.trim().split('\n');
  assert.deepEqual(
    lines.map((line): unknown => JSON.parse(line)),
    [
      { channel: 'good', isSent: true, text: 'HTTP 200: ok' },
      { channel: 'bad', isSent: false, text: `${new URL(bad.url).host}: HTTP 404` },
      { channel: 'file', isSent: true, text: 'exit status 0' },
    ],
  );
  assert.match(readFileSync(join(project.folder, 'told.json'), 'utf8'), /This is a test of the channel file/);
  assert.equal((await said(project, 'alert', 'test', 'good')).exitCode, 0);
  assert.match((await said(project, 'alert', 'test', 'godo')).stderr, /Cannot find a channel "godo"/);
});

test('a secret is in nothing that is stored or printed', async (t) => {
  const canary = 'canary-5b3f-password';
  process.env['CANARY_PASSWORD'] = canary;
  t.after(() => delete process.env['CANARY_PASSWORD']);
  const server = await startMailServer({
    onAuth: ({ password }, _session, answer) => answer(smtpRefusal(535, `No such password: ${password}`)),
    allowInsecureAuth: true,
  });
  t.after(() => server.close());
  const smtp = { host: 'localhost', port: server.port, user: 'runner', password: { env: 'CANARY_PASSWORD' } };
  const project = open(t, { ops: { email: { to: ['a@b.example'], from: 'c@d.example', smtp } } });
  project.done('run mail --passes 1');
  await store(project);
  const runner = await project.up();
  const printed: string[] = [];
  const note = await runner.next('note', ({ text }) => text?.includes('cannot be sent') === true);
  printed.push(JSON.stringify(note));
  runner.signal('SIGTERM');
  printed.push((await runner.ended).stderr);
  for (const line of ['check', 'check --json', 'alert list', 'alert list --json', 'status', 'alert test']) {
    const { stdout, stderr } = await said(project, ...line.split(' '));
    printed.push(stdout, stderr);
  }
  assert.match(printed.join('\n'), /535/);
  for (const path of filesBelow(project.folder)) printed.push(readFileSync(path, 'latin1'));
  assert.ok(!printed.join('\n').includes(canary));
});

interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command beside the servers of this process, which a synchronous wait would hold up. */
function said({ folder }: UpProject, ...words: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile(process.execPath, [runnerFile, ...words], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
