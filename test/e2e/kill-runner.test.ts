import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { createProject, fixture, type HistoryLine, type TestProject } from '../support/runner-process.ts';

/** `KILLS=1000 npm test -- kill-runner` for a long night. */
const kills = Number(process.env['KILLS'] ?? 20);
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

interface Kind {
  readonly name: string;
  /** The task, given the witness's own command line. */
  readonly task: (witness: string) => string;
  /** The outcome that a run must have which the witness saw end with this status. */
  readonly outcome: (status: number) => Pick<HistoryLine, 'outcome'> & { readonly exitCode?: number };
}

const byStatus: Kind['outcome'] = (status) =>
  status === 0 ? { outcome: 'succeeded' } : { outcome: 'exited', exitCode: status };

const kinds: readonly Kind[] = [
  {
    name: 'shell command',
    task: (witness) => `sh: ${witness} $((RUNNER_RUN % 2 * 7)); exit $?`,
    outcome: byStatus,
  },
  {
    name: 'Node command with a grandchild',
    task: (witness) => `sh: ${process.execPath} ${fixture('tasks/hand-over.mjs')} ${witness} 0`,
    outcome: () => ({ outcome: 'succeeded' }),
  },
  {
    name: 'Python command that hands over and closes its descriptors',
    task: (witness) => `sh: python3 ${fixture('tasks/hand-over.py')} ${witness} 0`,
    outcome: () => ({ outcome: 'succeeded' }),
  },
  {
    name: 'Python command',
    task: (witness) => `sh: exec ${witness} $((RUNNER_RUN % 2 * 7))`,
    outcome: byStatus,
  },
];

for (const { name, task, outcome } of kinds) {
  test(`${name}: ${kills} times kill -9 of the runner, no overlap and no lost result`, async () => {
    const project = createProject();
    const record = join(project.folder, 'record');
    const witness = `python3 ${fixture('tasks/witness.py')} ${project.folder} ${record} 0.05`;
    await killAndRestart(project, [
      task(witness),
      '--name',
      'w',
      '--cooldown',
      '0s',
      '--failure-cooldown',
      '0s',
    ]);
    check(project, record, outcome);
    await project.close();
  });
}

test(`function: ${kills} times kill -9 of the runner, no overlap and no lost result`, async () => {
  const project = createProject();
  const record = join(project.folder, 'record');
  writeFileSync(
    join(project.folder, 'env'),
    `WITNESS_SECONDS=0.05\nWITNESS_NAME=${project.folder}\nWITNESS_RECORD=${record}\n`,
  );
  const environment = ['--env-file', join(project.folder, 'env')];
  const chain = [
    'tasks.witness',
    '--name',
    'w',
    '--cooldown',
    '0s',
    '--failure-cooldown',
    '0s',
    ...environment,
  ];
  await killAndRestart(project, [
    ...chain,
    '--cwd',
    fixture('tasks'),
    '--state-dir',
    join(project.folder, '.runner'),
  ]);
  check(project, record, (status) => ({ outcome: status === 0 ? 'succeeded' : 'threw' }));
  await project.close();
});

async function killAndRestart(project: TestProject, args: readonly string[]): Promise<void> {
  const random = randomFrom(seed);
  for (let kill = 0; kill < kills; kill += 1) {
    const runner = project.start(...args);
    // At a random moment of the run, of its end, of the restart: this wait is the test's subject, not a pause.
    if (random() < 0.7) await runner.next('run started');
    await after(random() * 80);
    runner.signal('SIGKILL');
    await runner.ended;
  }
  const last = project.start(...args, '--passes', '2');
  const { exitCode, stderr } = await last.ended;
  assert.ok(
    exitCode === 0 || exitCode === 1,
    `the last runner ended with ${exitCode}: ${stderr} (seed ${seed})`,
  );
}

function check(project: TestProject, record: string, outcome: Kind['outcome']): void {
  const lines = existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n') : [];
  assert.deepEqual(
    lines.filter((line) => line.startsWith('overlap')),
    [],
    `seed ${seed}`,
  );
  const history = new Map(project.history('w').map((line) => [line.run, line]));
  assert.deepEqual(
    [...history.values()].filter((line) => line.outcome === null),
    [],
    `seed ${seed}`,
  );
  let seen = 0;
  for (const line of lines.filter((text) => text.startsWith('end'))) {
    const [, run, status] = line.split(' ').map(Number);
    const entry = history.get(run ?? 0);
    const expected = outcome(status ?? 0);
    assert.equal(entry?.outcome, expected.outcome, `run ${run} (seed ${seed})`);
    assert.equal(entry.detail?.exitCode, expected.exitCode, `run ${run} (seed ${seed})`);
    seen += 1;
  }
  assert.ok(seen >= kills / 5, `only ${seen} runs were seen to end (seed ${seed})`);
}

function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
