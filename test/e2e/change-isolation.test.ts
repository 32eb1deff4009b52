import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { upTest, type UpProject } from '../support/up-project.ts';

/** While a run lasts it holds an abstract socket, which the kernel gives to one at a time. It ends when told to. */
const tasks = `
  import { appendFileSync, existsSync } from 'node:fs';
  import { createServer } from 'node:net';
  import { setTimeout as sleep } from 'node:timers/promises';

  export async function witness({ chain, run }) {
    const tell = (what) => {
      const where = process.env.RUNNER_SHARED === undefined ? 'own' : 'shared';
      appendFileSync('record-' + chain, [what, run, where, process.pid].join(' ') + '\\n');
    };
    const holder = createServer();
    try {
      await new Promise((resolve, reject) => {
        holder.on('error', reject);
        holder.listen('\\0' + process.cwd() + chain, resolve);
      });
    } catch {
      tell('overlap');
      throw new Error('overlap');
    }
    tell('start');
    while (!existsSync('go') && !existsSync('go-' + chain + '-' + run)) await sleep(10);
    await new Promise((resolve) => holder.close(resolve));
    tell('end');
  }
`;

/** A line that the witness wrote. */
interface Line {
  readonly what: string;
  readonly run: number;
  readonly where: string;
  readonly pid: string;
}

const changes = [
  ['chain', 'shared'],
  ['shared', 'chain'],
  ['chain', 'run'],
  ['shared', 'run'],
  ['run', 'shared'],
] as const;

for (const [from, to] of changes) {
  upTest(
    `a chain goes from isolation "${from}" to "${to}" after its run in progress, and nothing overlaps`,
    async (project) => {
      writeFileSync(join(project.folder, 'tasks.mjs'), tasks);
      configure(project, from);
      const runner = await project.up();
      const [first] = await started(project, 'subject', 1);
      await started(project, 'neighbour', 1);
      configure(project, to);
      project.done('reload');
      const during = await project.chainReached('subject', ({ run }) => run?.number === 1);
      assert.equal(String(during.worker?.pid), first?.pid, 'the run in progress goes on where it is');
      letGo(project, 'subject', 1);
      const [second] = await started(project, 'subject', 2);
      letGo(project, 'subject', 2);
      const [third] = await started(project, 'subject', 3);
      assert.deepEqual(
        [first?.where, second?.where, third?.where],
        [from, to, to].map((isolation) => (isolation === 'shared' ? 'shared' : 'own')),
      );
      assert.notEqual(second?.pid, first?.pid);
      assert.equal(third?.pid === second?.pid, to !== 'run');
      writeFileSync(join(project.folder, 'go'), '');
      project.done('drain');
      assert.equal((await runner.ended).exitCode, 0);
      checkRecord(project, 'subject');
      checkRecord(project, 'neighbour');
    },
  );
}

/** The neighbour is in a shared worker all the time, with a run in progress. */
function configure(project: UpProject, isolation: string): void {
  const chain = { tasks: ['tasks.witness'], cooldown: { success: '0s', failure: '0s' } };
  const neighbour = { ...chain, isolation: 'shared', cooldown: '1h' };
  project.configure({ subject: { ...chain, isolation }, neighbour });
}

function letGo(project: UpProject, chain: string, run: number): void {
  writeFileSync(join(project.folder, `go-${chain}-${run}`), '');
}

/** The line of the start of a run, as soon as it is there; an overlap ends the wait as well. */
async function started(project: UpProject, chain: string, run: number): Promise<readonly Line[]> {
  await project.chainReached(chain, () =>
    linesOf(project, chain).some((line) => line.what === 'overlap' || line.run === run),
  );
  return linesOf(project, chain).filter((line) => line.run === run);
}

/** Each run began after the end of the one before, and ended in the process in which it began. */
function checkRecord(project: UpProject, chain: string): void {
  const lines = linesOf(project, chain);
  const runs = lines.length / 2;
  const expected = Array.from({ length: runs }, (_, index) => [`start ${index + 1}`, `end ${index + 1}`]);
  assert.deepEqual(
    lines.map(({ what, run }) => `${what} ${run}`),
    expected.flat(),
  );
  for (const { what, run, pid } of lines) {
    const start = lines.find((line) => line.what === 'start' && line.run === run);
    assert.equal(pid, start?.pid, `${what} ${run}`);
  }
  // One that was only intended when the runner was to end never began.
  const began = project.history(chain).filter(({ outcome }) => outcome !== 'withdrawn');
  const history = began.map(({ run, outcome }) => `${run} ${outcome}`);
  const succeeded = Array.from({ length: runs }, (_, index) => `${index + 1} succeeded`);
  assert.deepEqual(history, succeeded);
}

function linesOf(project: UpProject, chain: string): readonly Line[] {
  const path = join(project.folder, `record-${chain}`);
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => {
    const [what = '', run = '', where = '', pid = ''] = line.split(' ');
    return { what, run: Number(run), where, pid };
  });
}
