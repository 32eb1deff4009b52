import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { waitForFile } from '../support/processes.ts';
import { projectTest } from '../support/project-test.ts';
import { fixture, runnerFile, type TestProject } from '../support/runner-process.ts';

const kills = Number(process.env['KILLS'] ?? 12);

const tasks = `
  import { spawn } from 'node:child_process';
  import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
  import { createServer } from 'node:net';
  import { setTimeout as sleep } from 'node:timers/promises';

  export function tell({ chain, log }) {
    console.log('printed by ' + chain);
    log('logged by ' + chain);
    setTimeout(() => console.log('later by ' + chain), 1);
    appendFileSync('pids-' + chain, process.pid + '\\n');
  }

  export async function hang({ chain }) {
    appendFileSync('pids-' + chain, process.pid + '\\n');
    if (!existsSync('hung')) {
      writeFileSync('hung', '');
      await new Promise(() => setInterval(() => {}, 1_000));
    }
  }

  export async function long({ chain, signal, run }) {
    appendFileSync('pids-' + chain, process.pid + '\\n');
    if (run === 1) await new Promise(() => setInterval(() => {}, 1_000));
  }

  export async function witness({ chain, run, signal }) {
    const holder = createServer();
    try {
      await new Promise((resolve, reject) => {
        holder.on('error', reject);
        holder.listen('\\0' + process.cwd() + chain, resolve);
      });
    } catch {
      appendFileSync('record-' + chain, 'overlap ' + run + '\\n');
      throw new Error('overlap');
    }
    appendFileSync('record-' + chain, 'start ' + run + '\\n');
    await sleep(40, undefined, { signal });
    appendFileSync('record-' + chain, 'end ' + run + ' 0\\n');
    await new Promise((resolve) => holder.close(resolve));
  }

  export async function handOver({ chain, run }) {
    const words = [process.env.WITNESS, process.cwd() + chain, 'record-' + chain, '0.04', '0'];
    const child = spawn('python3', words, { detached: true, stdio: 'ignore', env: { ...process.env, RUNNER_RUN: run } });
    child.unref();
  }
`;

type Chains = Readonly<Record<string, object>>;

function writeChains(project: TestProject, chains: Chains): void {
  const usual = { isolation: 'shared', cooldown: '0s', env: { WITNESS: fixture('tasks/witness.py') } };
  const all = Object.entries(chains).map(([name, chain]) => [name, { ...usual, ...chain }] as const);
  writeFileSync(join(project.folder, 'tasks.mjs'), tasks);
  writeFileSync(
    join(project.folder, 'runner.config.json'),
    JSON.stringify({ chains: Object.fromEntries(all) }),
  );
}

function up(project: TestProject): ChildProcess {
  return spawn(process.execPath, [runnerFile, 'up'], { cwd: project.folder, stdio: 'ignore' });
}

async function end(runner: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(runner, 'exit');
  runner.kill(signal);
  await ended;
  return runner.exitCode;
}

/** Resolves when the file has so many lines, or one that fits. */
async function waitForLines(project: TestProject, name: string, count: number | RegExp): Promise<void> {
  const isThere = (): boolean => {
    const lines = linesOf(project, name);
    return typeof count === 'number' ? lines.length >= count : lines.some((line) => count.test(line));
  };
  const watcher = watch(project.folder);
  try {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (isThere()) resolve();
      };
      watcher.on('change', look);
      look();
    });
  } finally {
    watcher.close();
  }
}

function linesOf(project: TestProject, name: string): readonly string[] {
  const path = join(project.folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** Outcomes of runs that began: one that was only intended when the runner was to end is withdrawn. */
function othersThanSuccess(project: TestProject, chain: string): readonly unknown[] {
  const outcomes = project.history(chain).map(({ outcome }) => outcome);
  return outcomes.filter((outcome) => outcome !== 'succeeded' && outcome !== 'withdrawn');
}

projectTest('chains share a worker, and each has its own log', async (project) => {
  writeChains(project, { one: { tasks: ['tasks.tell'] }, two: { tasks: ['tasks.tell'] } });
  const runner = up(project);
  for (const chain of ['one', 'two']) await waitForLines(project, `pids-${chain}`, 3);
  assert.equal(await end(runner, 'SIGTERM'), 0);
  const pids = new Set(['one', 'two'].flatMap((chain) => linesOf(project, `pids-${chain}`)));
  assert.equal(pids.size, 1);
  for (const chain of ['one', 'two']) {
    const lines = new Set(linesOf(project, `.runner/logs/${chain}.log`));
    assert.deepEqual([...lines].toSorted(), [
      `later by ${chain}`,
      `logged by ${chain}`,
      `printed by ${chain}`,
    ]);
    assert.deepEqual(othersThanSuccess(project, chain), []);
  }
});

projectTest('a run that has to be killed takes the worker with it, and all go on', async (project) => {
  writeChains(project, {
    hangs: {
      tasks: ['tasks.hang'],
      timeout: '300ms',
      killGrace: '100ms',
      cooldown: { failure: '0s', success: '0s' },
    },
    long: { tasks: ['tasks.long'], cooldown: { failure: '0s', success: '0s' } },
  });
  const runner = up(project);
  await waitForFile(join(project.folder, 'hung'));
  for (const chain of ['hangs', 'long']) await waitForLines(project, `pids-${chain}`, 3);
  assert.equal(await end(runner, 'SIGTERM'), 0);
  const [hung, next] = project.history('hangs');
  assert.deepEqual([hung?.outcome, next?.outcome], ['timed out', 'succeeded']);
  const [interrupted, again] = project.history('long');
  assert.deepEqual([interrupted?.outcome, again?.outcome], ['interrupted', 'succeeded']);
});

for (const task of ['witness', 'handOver']) {
  projectTest(
    `${task}: ${kills} times kill -9 of the runner, and no chain overlaps itself`,
    async (project) => {
      const names = ['a', 'b', 'c'];
      const chain = { tasks: [`tasks.${task}`], cooldown: { success: '0s', failure: '0s' } };
      writeChains(project, Object.fromEntries(names.map((name) => [name, chain])));
      for (let kill = 0; kill < kills; kill += 1) {
        const runner = up(project);
        const before = linesOf(project, 'record-a').length;
        if (kill % 3 !== 0) await waitForLines(project, 'record-a', before + 2);
        // At a random moment of the runs, of their end, of the restart: this wait is the test's subject, not a pause.
        await after(Math.random() * 200);
        await end(runner, 'SIGKILL');
      }
      const last = up(project);
      for (const name of names) {
        await waitForLines(project, `record-${name}`, linesOf(project, `record-${name}`).length + 4);
      }
      assert.equal(await end(last, 'SIGTERM'), 0);
      // The stop aborts the signal of the runs in progress.
      const expected = ['succeeded', 'withdrawn', 'stopped'];
      for (const name of names) {
        const record = linesOf(project, `record-${name}`);
        assert.deepEqual(
          record.filter((line) => line.startsWith('overlap')),
          [],
        );
        assert.ok(record.filter((line) => line.startsWith('end')).length > kills / 4);
        const outcomes = new Set(project.history(name).map(({ outcome }) => outcome));
        assert.deepEqual(
          [...outcomes].filter((one) => !expected.includes(String(one))),
          [],
        );
      }
    },
  );
}

projectTest(
  'a reload gives chains with new code a new worker, and leaves no other behind',
  async (project) => {
    writeChains(project, { one: { tasks: ['tasks.tell'] }, two: { tasks: ['tasks.tell'] } });
    const runner = up(project);
    for (const chain of ['one', 'two']) await waitForLines(project, `pids-${chain}`, 2);
    const before = new Set(['one', 'two'].flatMap((chain) => linesOf(project, `pids-${chain}`)));
    writeFileSync(join(project.folder, 'tasks.mjs'), tasks.replace('printed by', 'now printed by'));
    assert.equal(project.command('reload').exitCode, 0);
    for (const chain of ['one', 'two'])
      await waitForLines(project, `.runner/logs/${chain}.log`, /now printed/);
    assert.equal(await end(runner, 'SIGTERM'), 0);
    const pids = ['one', 'two'].flatMap((chain) => linesOf(project, `pids-${chain}`));
    assert.ok(pids.some((pid) => !before.has(pid)));
    for (const chain of ['one', 'two']) {
      assert.deepEqual(othersThanSuccess(project, chain), []);
    }
  },
);
