import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitForFile } from '../support/processes.ts';
import { projectTest } from '../support/project-test.ts';
import type { TestProject } from '../support/runner-process.ts';

const tasks = `
  import { existsSync, writeFileSync } from 'node:fs';
  const kept = [];

  export function tellProcess() {
    console.log(process.pid);
  }

  export function keepMemory() {
    kept.push(Buffer.alloc(100 * 2 ** 20, 1));
    console.log(process.pid);
  }

  export function burn() {
    const memory = Buffer.alloc(50 * 2 ** 20, 1);
    const before = process.cpuUsage();
    for (;;) {
      const { user, system } = process.cpuUsage(before);
      if (user + system > 200_000) return memory.length;
    }
  }

  export function endSlowly() {
    process.once('exit', () => {
      const endsMs = performance.now() + 600;
      while (performance.now() < endsMs);
    });
    tellProcess();
  }
  export async function untilReleased() {
    writeFileSync('begun', '');
    while (!existsSync('release')) await new Promise((resolve) => setTimeout(resolve, 5));
    burn();
  }
`;

const burningCommand = `python3 -c '
import time
memory = b"1" * (50 * 2**20)
while time.process_time() < 0.2: pass
'`;

/** Writes a chain with these options, whose tasks are those above. */
function writeChain(project: TestProject, task: string, options: object): void {
  const chain = { tasks: [task], cooldown: '0s', ...options };
  writeFileSync(join(project.folder, 'tasks.mjs'), tasks);
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains: { c: chain } }));
}

/** Runs a chain whose task prints its process, and gives these. */
async function processesOf(project: TestProject, passes: number): Promise<readonly string[]> {
  const runner = project.start('c', '--passes', String(passes));
  const blocked = runner.next('worker blocked').then(
    () => true,
    () => false,
  );
  const { exitCode, stderr } = await runner.ended;
  assert.equal(exitCode, 0, stderr);
  assert.equal(await blocked, false, 'a new worker found the lock taken by the old one');
  return readFileSync(join(project.folder, '.runner', 'logs', 'c.log'), 'utf8')
    .trim()
    .split('\n');
}

/** Numbers processes in the order in which they were seen. */
function numbered(processes: readonly string[]): readonly number[] {
  const order = [...new Set(processes)];
  return processes.map((pid) => order.indexOf(pid) + 1);
}

projectTest('a worker is kept from run to run where nothing limits it', async (project) => {
  writeChain(project, 'tasks.tellProcess', {});
  assert.deepEqual(numbered(await processesOf(project, 3)), [1, 1, 1]);
});

projectTest('a worker is replaced after so many runs', async (project) => {
  writeChain(project, 'tasks.tellProcess', { recycle: { runs: 2 } });
  assert.deepEqual(numbered(await processesOf(project, 5)), [1, 1, 2, 2, 3]);
});

projectTest('a worker is replaced when it has grown too large', async (project) => {
  writeChain(project, 'tasks.keepMemory', { recycle: { memory: '230MB' } });
  assert.deepEqual(numbered(await processesOf(project, 5)), [1, 1, 2, 2, 3]);
});

projectTest('a worker that takes its time to end is waited for', async (project) => {
  writeChain(project, 'tasks.endSlowly', { recycle: { runs: 1 } });
  assert.deepEqual(numbered(await processesOf(project, 3)), [1, 2, 3]);
});

projectTest('a worker is replaced when it is old', async (project) => {
  writeChain(project, 'tasks.tellProcess', { recycle: { age: '1ms' } });
  assert.deepEqual(numbered(await processesOf(project, 3)), [1, 2, 3]);
});

projectTest('with isolation "run" each run has a worker of its own', async (project) => {
  writeChain(project, 'tasks.tellProcess', { isolation: 'run' });
  assert.deepEqual(numbered(await processesOf(project, 4)), [1, 2, 3, 4]);
});

for (const [name, task] of [
  ['command', burningCommand],
  ['function', 'tasks.burn'],
] as const) {
  projectTest(`the CPU time and the memory of a ${name} are recorded`, async (project) => {
    writeChain(project, task, {});
    assert.equal((await project.start('c', '--passes', '2').ended).exitCode, 0);
    for (const { cpuMs, durationMs, memoryKib } of project.history('c')) {
      assert.ok(cpuMs !== null && cpuMs >= 200, `${cpuMs} ms of CPU`);
      // One thread works, and Node's own helpers beside it: on a busy machine both figures grow.
      assert.ok(
        durationMs !== null && cpuMs <= 2 * durationMs + 100,
        `${cpuMs} ms of CPU in ${durationMs} ms`,
      );
      assert.ok(memoryKib !== null && memoryKib >= 50 * 1_024, `${memoryKib} KiB`);
      assert.ok(memoryKib < 300 * 1_024, `${memoryKib} KiB`);
    }
  });
}

projectTest('what a run took is known also when its runner died before it ended', async (project) => {
  writeChain(project, 'tasks.untilReleased', {});
  const runner = project.start('c');
  await waitForFile(join(project.folder, 'begun'));
  runner.signal('SIGKILL');
  await runner.ended;
  writeFileSync(join(project.folder, 'release'), '');
  assert.equal((await project.start('c', '--passes', '1').ended).exitCode, 0);
  const [taken] = project.history('c');
  assert.equal(taken?.outcome, 'succeeded');
  assert.ok(taken.cpuMs !== null && taken.cpuMs >= 200, `${taken.cpuMs} ms of CPU`);
});
