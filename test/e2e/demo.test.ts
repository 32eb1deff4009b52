import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { processesBelow } from '../support/processes.ts';
import {
  createProject,
  runnerFile,
  type HistoryLine,
  type RunnerProcess,
  type TestProject,
} from '../support/runner-process.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** `examples/mail` in a project of its own, with its server. */
interface MailProject {
  readonly project: TestProject;
  writeMails(...args: string[]): void;
  /** Runs the chain with cooldowns that nobody notices. */
  start(...args: string[]): RunnerProcess;
  summary(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

test('the mail example loses no mail and delivers none twice, through failures and recoveries', async () => {
  const mail = await createMailProject();
  try {
    mail.writeMails('14');
    mail.writeMails('1', 'nobody@quick.example');
    const { exitCode, stderr } = await mail.start('--passes', '8').ended;
    assert.equal(exitCode, 0, stderr);
    const {
      'deferred at first': deferred,
      'sent again, which the server noticed': again,
      ...counts
    } = mail.summary();
    assert.deepEqual(counts, {
      queued: 15,
      'delivered, as the server counts': 14,
      'delivered, as the queue counts': 14,
      refused: 1,
      waiting: 0,
      lost: 0,
      'delivered twice': 0,
    });
    assert.equal(deferred, 4);
    assert.ok(Number(again) > 0);
    assert.deepEqual(outcomesOf(mail.project.history('mail')), new Set(['succeeded', 'threw']));
    assert.ok(hasRecovery(mail.project.history('mail')));
  } finally {
    await mail.close();
  }
});

test('the mail example loses no mail and delivers none twice when all is killed while it sends', async () => {
  const mail = await createMailProject();
  try {
    mail.writeMails('12');
    const killed = mail.start();
    for (let line = 1; line <= 4; line += 1) await killed.next('output');
    for (const pid of processesBelow(killed.child.pid ?? 0, '')) process.kill(pid, 'SIGKILL');
    killed.signal('SIGKILL');
    await killed.ended;
    const { exitCode, stderr } = await mail.start('--passes', '8').ended;
    assert.equal(exitCode, 0, stderr);
    const { queued, waiting, lost, 'delivered twice': twice } = mail.summary();
    assert.deepEqual({ queued, waiting, lost, twice }, { queued: 12, waiting: 0, lost: 0, twice: 0 });
    assert.ok(outcomesOf(mail.project.history('mail')).has('interrupted'));
  } finally {
    await mail.close();
  }
});

async function createMailProject(): Promise<MailProject> {
  const project = createProject();
  cpSync(join(root, 'examples', 'mail'), project.folder, {
    recursive: true,
    filter: (path) => !/\.db|\.runner/.test(path),
  });
  linkPackages(join(project.folder, 'node_modules'));
  const jiti = join(root, 'node_modules', '.bin', 'jiti');
  const server = spawn(process.execPath, [jiti, 'server.ts'], {
    cwd: project.folder,
    env: { ...process.env, SMTP_PORT: '0', JITI_FS_CACHE: 'false' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'close');
  const line = await firstLine(server.stdout);
  writeFileSync(join(project.folder, 'env'), `SMTP_URL=${line}\n`);

  function script(...args: string[]): string {
    const { exitCode, stdout, stderr } = project.output(process.execPath, [jiti, ...args]);
    assert.equal(exitCode, 0, stdout + stderr);
    return stdout;
  }

  return {
    project,
    writeMails: (...args) => void script('write-mails.ts', ...args),
    start: (...args) =>
      project.start('mail', '--cooldown', '10ms', '--failure-cooldown', '10ms', '--env-file', 'env', ...args),
    summary: () => readCounts(script('summary.ts', '--json')),
    async close() {
      server.kill();
      await Promise.all([ended, project.close()]);
    },
  };
}

/** The packages of the example: ours as users get it, the others from here. */
function linkPackages(folder: string): void {
  const others = ['nodemailer', 'smtp-server', '@photostructure/sqlite'];
  mkdirSync(join(folder, '@photostructure'), { recursive: true });
  symlinkSync(dirname(dirname(runnerFile)), join(folder, 'yourlabs-runner'));
  for (const name of others) symlinkSync(join(root, 'node_modules', name), join(folder, name));
}

async function firstLine(stream: AsyncIterable<Buffer>): Promise<string> {
  for await (const chunk of stream) return String(chunk).trim();
  throw new Error('The mail server has ended');
}

function readCounts(text: string): Readonly<Record<string, number>> {
  const counts: unknown = JSON.parse(text);
  assert.ok(typeof counts === 'object' && counts !== null);
  return Object.fromEntries(Object.entries(counts).map(([what, count]) => [what, Number(count)]));
}

function outcomesOf(history: readonly HistoryLine[]): Set<string | null> {
  return new Set(history.map(({ outcome }) => outcome));
}

function hasRecovery(history: readonly HistoryLine[]): boolean {
  return history.some(
    ({ task, run, outcome }) =>
      outcome === 'threw' &&
      history.some((later) => later.task === task && later.run > run && later.outcome === 'succeeded'),
  );
}
