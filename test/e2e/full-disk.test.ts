import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitForFile } from '../support/processes.ts';
import { projectTest } from '../support/project-test.ts';
import type { TestProject } from '../support/runner-process.ts';
import { onSmallDisk } from '../support/small-disk.ts';

/** What a small file system gives to a file at once. */
const pageBytes = 4_096;

/** Both say who they are, wait for the file `go`, and fail; `over` is there once the end of the run was to be written. */
const functionSource = `
  import { existsSync, renameSync, writeFileSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';
  export async function fails() {
    writeFileSync('begun.new', String(process.pid));
    renameSync('begun.new', 'begun');
    while (!existsSync('go')) await sleep(10);
    setTimeout(() => writeFileSync('over', ''), 1);
    console.log('This has no room in the log.');
    throw new Error('as it should');
  }
`;
const command = 'sh: echo $$ > begun.new; mv begun.new begun; until [ -e go ]; do sleep 0.01; done; exit 7';

projectTest('a command that ends on a full disk after its runner has died has its true outcome', (project) =>
  endOnFullDisk(project, command, 'exited'),
);

projectTest(
  'a function that ends on a full disk after its runner has died has its true outcome',
  (project) => {
    writeFileSync(join(project.folder, 'tasks.mjs'), functionSource);
    return endOnFullDisk(project, 'tasks.fails', 'threw');
  },
);

projectTest(
  'a runner on a full disk holds the next start back, and goes on by itself when there is room',
  (project) =>
    onSmallDisk(project, 'small', async (state) => {
      const args = ['sh: true', '--name', 'c', '--cooldown', '50ms', '--state-dir', state];
      const runner = project.start(...args);
      await runner.next('run ended');
      project.shell(`head -c 10000000 /dev/zero > ${state}/ballast`);
      const failed = await runner.next('store failed');
      assert.match(String(failed.reason), /free some space/);
      project.shell(`rm ${state}/ballast`);
      await runner.next('store works again');
      await runner.next('run ended');
      runner.signal('SIGTERM');
      assert.equal((await runner.ended).exitCode, 0);
    }),
);

async function endOnFullDisk(project: TestProject, task: string, outcome: string): Promise<void> {
  const { folder } = project;
  await onSmallDisk(project, 'small', async (state) => {
    const args = [task, '--name', 'c', '--failure-cooldown', '0s', '--state-dir', state];
    const runner = project.start(...args);
    await waitForFile(join(folder, 'begun'));
    const pid = readFileSync(join(folder, 'begun'), 'utf8').trim();
    fill(project, state);
    runner.signal('SIGKILL');
    await runner.ended;
    writeFileSync(join(folder, 'go'), '');
    // Until its worker has learnt the end of the run and was to write it down: there is no event for that.
    while (existsSync(`/proc/${pid}`) && !existsSync(join(folder, 'over')))
      await new Promise((resolve) => setTimeout(resolve, 5));
    rmSync(join(state, 'ballast'));
    await project.start(...args, '--passes', '1').ended;
    const said = project.command('history', 'c', '--json', '--state-dir', state).stdout;
    assert.match(said.split('\n')[0] ?? '', new RegExp(`"run":1,.*"outcome":"${outcome}"`));
  });
}

/** Leaves no room for one more byte in the journal, neither on the disk nor in the page that it has. */
function fill(project: TestProject, state: string): void {
  const journal = join(state, 'journal', 'c');
  appendFileSync(journal, '\n'.repeat(pageBytes - (statSync(journal).size % pageBytes)));
  project.shell(`dd if=/dev/zero of=${state}/ballast bs=${pageBytes}`);
}
