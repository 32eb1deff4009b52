import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { join } from 'node:path';
import { openState } from '../../src/store/open-state.ts';
import { insertIncident, insertKind, insertNotice } from '../support/incident-rows.ts';
import { projectTest } from '../support/project-test.ts';
import { upTest, type UpProject } from '../support/up-project.ts';

/** A port at which nobody listens right now. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What a server over TCP says. */
function read(url: string, host?: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    const asked = request(url, { agent: false, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

upTest('metrics and readiness are there over TCP, and after an upgrade as well', async (project) => {
  project.configure({ mail: { tasks: ['sh: :'], cooldown: '1h' } });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/metrics`;
  const runner = await project.up('--metrics', String(port));
  await runner.next('run ended');
  const metrics = await read(url);
  assert.match(metrics.text, /^runner_runs_total\{chain="mail",task=":",outcome="succeeded"\} 1$/m);
  assert.equal((await read(url.replace('metrics', 'readyz'))).status, 200);
  await project.up('--takeover', '--metrics', `127.0.0.1:${port}`);
  await runner.ended;
  assert.equal((await read(url)).status, 200);
  const refused = project.say(`up --force --metrics 127.0.0.1:x`);
  assert.deepEqual([refused.exitCode, /Cannot read --metrics: found/.test(refused.text)], [64, true]);
});

upTest('a reload serves metrics somewhere else, under other names, or not at all', async (project) => {
  configureMetrics(project, null);
  const runner = await project.up();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/metrics`;
  configureMetrics(project, { listen: `127.0.0.1:${port}` });
  const planned = project.done('reload --dry-run');
  assert.match(planned, /^metrics: changed, in force at once\nmail: untouched$/m);
  await assert.rejects(read(url), /ECONNREFUSED/);
  assert.equal(project.done('reload'), planned);
  assert.equal((await read(url)).status, 200);
  assert.equal((await read(url, 'web-1.example.com')).status, 421);
  reloadWith(project, { listen: `127.0.0.1:${port}`, names: ['web-1.example.com'] });
  assert.equal((await read(url, 'web-1.example.com')).status, 200);
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  configureMetrics(project, { listen: `127.0.0.1:${portOf(other)}` });
  const refused = project.say('reload');
  other.close();
  assert.equal(refused.exitCode, 2);
  assert.match(refused.text, /another program listens there.*; the old configuration stays in force/);
  assert.equal((await read(url, 'web-1.example.com')).status, 200);
  reloadWith(project, null);
  await assert.rejects(read(url), /ECONNREFUSED/);
  runner.signal('SIGTERM');
  await runner.ended;
});

function configureMetrics({ folder }: UpProject, metrics: object | null): void {
  const chains = { mail: { tasks: ['sh: :'], cooldown: '1h' } };
  const config = metrics === null ? { chains } : { chains, metrics };
  writeFileSync(join(folder, 'runner.config.json'), JSON.stringify(config));
}

function reloadWith(project: UpProject, metrics: object | null): void {
  configureMetrics(project, metrics);
  project.done('reload');
}

upTest('a heartbeat reaches its service, and a run does not wait for one that hangs', async (project) => {
  const paths: string[] = [];
  const server = createServer((asked, response) => {
    paths.push(asked.url ?? '');
    if (asked.url?.startsWith('/hangs') !== true) response.end('OK');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${portOf(server)}`;
  try {
    project.configure({
      mail: { tasks: ['sh: :'], cooldown: '1h', heartbeat: { healthchecks: `${base}/uuid` } },
      sync: {
        tasks: ['sh: exit 1'],
        cooldown: { failure: '1h' },
        heartbeat: { cronitor: `${base}/p/key/sync` },
      },
      hanging: { tasks: ['sh: :'], cooldown: '10ms', heartbeat: { success: `${base}/hangs` } },
    });
    const runner = await project.up();
    await project.chainReached('hanging', ({ last }) => (last?.run ?? 0) >= 5);
    await project.reached(() => paths.includes('/uuid') && paths.includes('/p/key/sync?state=fail'));
    assert.equal(paths.filter((path) => path === '/hangs').length, 1);
    runner.signal('SIGTERM');
    await runner.ended;
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

projectTest('incidents can be read while nothing runs', async (project) => {
  await project.start('sh: :', '--name', 'mail', '--passes', '1').ended;
  const database = await openState(join(project.folder, '.runner', 'state.db'));
  const id = insertIncident(database, { task: 'sendMail\u001B[2J', failures: 42 });
  insertKind(database, id, {
    title: 'exit status 3: a long title that does not fit into eighty columns at all',
    text: 'no route\u001B[2J',
  });
  insertNotice(database, {
    deliveries: { ops: { state: 'sent' }, chat: { state: 'expired', error: 'status 503' } },
  });
  const healed = insertIncident(database, { firstRun: 90, openedAt: 1, healedAt: 7_200_001 });
  database.close();
  const list = project.command('incidents').stdout;
  assert.match(list, new RegExp(`^${id} +\\d{4}-.* OPEN +mail +sendMail.* 42 +exit status 3`, 'm'));
  assert.match(list, new RegExp(`^${healed} +\\d{4}-.* 2h +mail`, 'm'));
  const tooLong = list.split('\n').filter((line) => line.length > 80);
  assert.deepEqual(tooLong, []);
  assert.doesNotMatch(project.command('incidents', '--open').stdout, new RegExp(`^${healed} `, 'm'));
  const one = project.command('incident', String(id)).stdout;
  for (const part of [
    /OPEN/,
    /Kind 1: exit status 3: a long title/,
    /\| no route\\x1b\[2J/,
    /ops: sent/,
    /chat: expired .*: status 503/,
    /runner logs mail --run 7/,
    /runner mute mail --for 2h/,
  ]) {
    assert.match(one, part);
  }
  assert.equal(one.includes('\u001B'), false);
  const json = project.command('incident', String(id), '--json').stdout;
  assert.match(json, /"failures":42.*"deliveries":\[/);
  const none = project.command('incident', '999');
  assert.deepEqual(
    [none.exitCode, none.stderr.trim()],
    [64, 'No incident 999: "runner incidents" lists those that are kept'],
  );
});
