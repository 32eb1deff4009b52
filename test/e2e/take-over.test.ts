import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { createProject, fixture, runnerFile } from '../support/runner-process.ts';

test('runner run --takeover lets the run in progress end, and takes the chain without an overlap', async () => {
  const project = createProject();
  const record = join(project.folder, 'record');
  const chain = [
    `sh: python3 ${fixture('tasks/witness.py')} ${project.folder} ${record} 0.3 0`,
    '--name',
    'w',
    '--cooldown',
    '0s',
  ];
  const first = project.start(...chain);
  await first.next('run started');
  const second = project.start(...chain, '--takeover', '--passes', '2');
  assert.equal((await first.ended).exitCode, 0);
  assert.equal((await second.ended).exitCode, 0);
  const outcomes = project.history('w').map(({ outcome }) => outcome);
  assert.ok(outcomes.length >= 3);
  assert.deepEqual(new Set(outcomes), new Set(['succeeded']));
  assert.doesNotMatch(readFileSync(record, 'utf8'), /overlap/);
  await project.close();
});

test('runner run --takeover gets a chain from runner up, which takes it back when that one has ended', async () => {
  const project = createProject();
  const chains = {
    m: { tasks: ['/bin/true'], cooldown: '20ms' },
    n: { tasks: ['/bin/true'], cooldown: '1h' },
  };
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains }));
  const up = spawn(process.execPath, [runnerFile, 'up', '--json'], {
    cwd: project.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: up.stdout })[Symbol.asyncIterator]();
  async function line(matches: RegExp): Promise<void> {
    for (;;) {
      const next: IteratorResult<string, unknown> = await lines.next();
      if (next.done === true) throw new Error(`The runner ended without ${String(matches)}`);
      if (matches.test(next.value)) return;
    }
  }
  await line(/"event":"up"/);
  const { exitCode, stderr } = project.command('run', 'm', '--takeover', '--passes', '1');
  assert.equal(exitCode, 0, stderr);
  await line(/"event":"drain asked","chain":"m"/);
  await line(/"event":"run ended","chain":"m"/);
  up.kill('SIGTERM');
  await new Promise((resolve) => up.on('exit', resolve));
  await project.close();
});
