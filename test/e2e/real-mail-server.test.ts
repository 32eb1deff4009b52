import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { plainText } from '../../src/alert/plain-text.ts';
import { createSend } from '../../src/alert/send.ts';
import { mask } from '../../src/core/mask.ts';
import { toDurationMs } from '../../src/core/units.ts';
import { channelTo } from '../support/channels.ts';
import { messageAbout } from '../support/messages.ts';
import { parseMail } from '../support/parsed-mail.ts';

const program = '/usr/sbin/exim4';

/** Exim with a configuration, a spool and a mailbox of its own. */
interface Exim {
  readonly port: number;
  /** The first mail of the mailbox. */
  mail(): Promise<string>;
}

const isRoot = userInfo().uid === 0;
// It delivers nothing as root, and without root as nobody else than who has started it.
const deliveredAs = isRoot ? ['user = nobody', 'group = nogroup'] : [];

function configurationIn(folder: string, port: number): string {
  const group = spawnSync('id', ['-gn'], { encoding: 'utf8' }).stdout.trim();
  const lines = [
    `exim_user = ${userInfo().username}`,
    `exim_group = ${group}`,
    `spool_directory = ${folder}/spool`,
    `log_file_path = ${folder}/log-%slog`,
    `pid_file_path = ${folder}/pid`,
    'primary_hostname = mail.test',
    'local_interfaces = 127.0.0.1',
    `daemon_smtp_ports = ${port}`,
    'tls_advertise_hosts =',
    'keep_environment =',
    ...(isRoot ? [] : ['deliver_drop_privilege = true']),
    'acl_smtp_rcpt = accept_all',
    'begin acl',
    'accept_all:',
    '  accept',
    'begin routers',
    'all:',
    '  driver = accept',
    '  transport = mailbox',
    'begin transports',
    'mailbox:',
    '  driver = appendfile',
    `  file = ${folder}/mail/box`,
    ...deliveredAs.map((line) => `  ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function startExim(t: TestContext): Promise<Exim> {
  const folder = mkdtempSync(join(tmpdir(), 'runner-exim-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'spool'));
  mkdirSync(join(folder, 'mail'));
  chmodSync(join(folder, 'mail'), 0o777);
  const port = await freePort();
  const configuration = join(folder, 'exim.conf');
  writeFileSync(configuration, configurationIn(folder, port), { mode: 0o644 });
  const child = spawn(program, ['-C', configuration, '-bdf'], { stdio: 'ignore' });
  const ended = once(child, 'close');
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  });
  while (child.exitCode === null && !(await answers(port))) await moment();
  assert.equal(child.exitCode, null, 'exim4 does not start');
  return { port, mail: () => mailIn(join(folder, 'mail', 'box')) };
}

/** The first mail, once it is there as a whole: the server answers before it delivers. */
async function mailIn(mailbox: string): Promise<string> {
  for (;;) {
    const text = existsSync(mailbox) ? readFileSync(mailbox, 'utf8') : '';
    if (text.endsWith('\n\n')) return text.replace(/^From .*\n/, '');
    await moment();
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

// A server of another make tells nobody how far it is.
function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

test('a real mail server takes a mail, and puts it into a mailbox as it was meant', async (t) => {
  const exim = await startExim(t);
  const smtp = { host: '127.0.0.1', port: exim.port, tls: 'none', caFile: null, login: null } as const;
  const target = { kind: 'email', to: ['ops@mail.test'], from: 'Runner <runner@mail.test>', smtp } as const;
  const message = messageAbout({ title: 'it’s "bad" 🚑', text: `.\n${'long '.repeat(400)}\nFrom here` });
  const send = createSend(mask, toDurationMs(30_000));
  const sent = await send(channelTo(target), message, new AbortController().signal);
  assert.match(sent.kind === 'sent' ? sent.answer : sent.error, /^250 OK id=/);
  const { headers, text, defects } = parseMail(await exim.mail());
  assert.deepEqual(defects, []);
  assert.deepEqual(headers['subject'], ['[runner] mail/send_mail fails: it’s "bad" 🚑']);
  assert.deepEqual(headers['message-id'], [`<${message.id}@web-1>`]);
  assert.equal(text.replaceAll('\r\n', '\n').trimEnd(), plainText(message).trimEnd());
});
