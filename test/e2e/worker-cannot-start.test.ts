import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeUser, removeUser, skipUnlessRoot } from '../support/host-users.ts';
import { waitUntilGone } from '../support/processes.ts';
import { createUpProject, upTest, type UpProject } from '../support/up-project.ts';

const subject = { tasks: ['sh: :'], cooldown: { success: '1h', failure: '0s' } };
const quick = { tasks: ['sh: :'], cooldown: '10ms' };

const kinds = [
  ['a worker of its own', subject],
  ['a shared worker', { ...subject, tasks: ['tasks.sync'], isolation: 'shared' }],
] as const;

for (const [name, chain] of kinds) {
  upTest(
    `status says why ${name} cannot start when its folder is gone, and the chain goes on when it is back`,
    async (project) => {
      const work = join(project.folder, 'work');
      mkdirSync(work);
      writeFileSync(join(project.folder, 'tasks.mjs'), 'export function sync() {}\n');
      project.configure({ subject: { ...chain, cwd: 'work' }, quick });
      await cannotStart(project, {
        spoil: () => rmdirSync(work),
        reason: `the folder "${work}" is not there`,
        mend: () => mkdirSync(work),
      });
    },
  );
}

test(
  'status says that a worker cannot start when its user is gone, and the chain goes on when it is back',
  { skip: skipUnlessRoot },
  async () => {
    const user = makeUser('/nonexistent/runner-test');
    const there = new Set([user]);
    const project = createUpProject();
    try {
      chmodSync(project.folder, 0o755);
      project.configure({ subject: { ...subject, user: user.name }, quick });
      await cannotStart(project, {
        spoil: () => {
          removeUser(user);
          there.delete(user);
        },
        reason: `the user "${user.name}" is not there any more`,
        mend: () => {
          makeUserAgain(project, user);
          there.add(user);
        },
      });
    } finally {
      await project.close();
      for (const one of there) removeUser(one);
    }
  },
);

function makeUserAgain(
  project: UpProject,
  { name, uid }: { readonly name: string; readonly uid: number },
): void {
  const home = '--no-create-home --home-dir /nonexistent/runner-test --shell /bin/sh';
  assert.equal(project.shell(`useradd --system --user-group --uid ${uid} ${home} ${name}`), 0);
}

/** Spoils the start of a worker while the chain cools down and has none; then all is told, and the others go on. */
async function cannotStart(
  project: UpProject,
  { spoil, reason, mend }: { readonly spoil: () => void; readonly reason: string; readonly mend: () => void },
): Promise<void> {
  const runner = await project.up();
  const { worker } = await project.chainReached('subject', ({ state }) => state === 'cooling down');
  const pid = worker?.pid ?? assert.fail('the chain has no worker');
  process.kill(pid, 'SIGKILL');
  await waitUntilGone([pid]);
  spoil();
  project.done('poke subject');
  const status = await project.chainReached('subject', ({ state }) => state === 'worker cannot start');
  assert.equal(status.reason, reason);
  assert.deepEqual(status.last?.outcome, { kind: 'not started', reason });
  const inText = await printed(project, 'status subject', 'cannot start');
  assert.equal(inText.split('\n')[0], `subject: its worker cannot start: ${reason}`);
  const inTable = await printed(project, 'status', 'cannot start');
  assert.match(inTable, /^subject +cannot start +\S+ +its worker cannot start: the /m);
  const inJson = await printed(project, 'status subject --json', '"worker cannot start"');
  assert.ok(inJson.includes(`"reason":${JSON.stringify(reason)}`), inJson);
  const { run: seen } = await runner.next('run ended', ({ chain }) => chain === 'quick');
  await runner.next('run ended', ({ chain, run }) => chain === 'quick' && Number(run) > Number(seen));
  mend();
  const isMended = ({
    last,
  }: {
    readonly last: { readonly outcome: { readonly kind: string } } | null;
  }): boolean => last?.outcome.kind === 'succeeded';
  await project.chainReached('subject', isMended);
  assert.equal(project.history('subject').at(-1)?.outcome, 'succeeded');
}

/** What a command prints, as soon as it holds this: between two tries to start a worker a chain does something. */
async function printed(project: UpProject, line: string, part: string): Promise<string> {
  for (;;) {
    const text = project.done(line);
    if (text.includes(part)) return text;
  }
}
