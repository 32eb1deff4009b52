import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntilGone } from '../support/processes.ts';
import { runnerFile } from '../support/runner-process.ts';
import { onSmallDisk } from '../support/small-disk.ts';
import { upTest, type UpProject } from '../support/up-project.ts';

const long = { tasks: ['sleep 1000'] };
const idle = { tasks: ['sh: :'], cooldown: '1h' };

upTest('status says of each chain why it does not run, in 80 columns without colours', async (project) => {
  writeFileSync(
    join(project.folder, 'tasks.ts'),
    "if (process.env['RUNNER_CHAIN'] !== undefined) throw new Error('no database');\nexport function sync(): void {}\n",
  );
  project.configure({
    running: long,
    cooling: idle,
    failing: { tasks: ['sh: exit 3'], cooldown: { failure: '1h' } },
    paused: idle,
    stopped: idle,
    left: { tasks: ['sh: setsid sleep 1000 >/dev/null 2>&1 & exit 0'] },
    broken: { tasks: ['tasks.sync'], cooldown: { failure: '1h' } },
    elsewhere: long,
    blocked: long,
  });
  const dead = await project.up('blocked');
  await dead.next('run started');
  dead.signal('SIGKILL');
  await dead.ended;
  const other = project.start('elsewhere');
  await other.next('run started');
  await project.up();
  await project.reached(({ chains }) => {
    const states = Object.fromEntries(chains.map(({ chain, state }) => [String(chain), state]));
    const waits = ['cooling', 'paused', 'stopped'].every((name) => states[name] === 'cooling down');
    const failed = ['broken', 'failing'].every((name) => states[name] === 'cooling down');
    return waits && failed && states['left'] === 'left behind';
  });
  project.done('pause paused --for 2h');
  project.done('stop stopped');
  const lines = project.done('status').trimEnd().split('\n');
  assert.deepEqual(
    lines.filter((line) => line.length > 80 || line.includes('\u001B')),
    [],
  );
  const pid = other.child.pid ?? 0;
  const expected: Readonly<Record<string, RegExp>> = {
    running: /^running +running +sleep 1000 +run 1 for /,
    cooling: /^cooling +cooling down +: +in (1h|59m\d+s) of 1h$/,
    failing: /^failing +cooling down +exit 3 +in (1h|59m\d+s), after a failure: ex/,
    paused: /^paused +paused +: +paused by \w+, /,
    stopped: /^stopped +stopped +: +stopped by \w+, /,
    left: /^left +left behind +setsid sleep.* waits for \d+ \(/,
    broken: /^broken +cooling down +sync +in (1h|59m\d+s), after a failure: co/,
    elsewhere: new RegExp(`^elsewhere +elsewhere +sleep 1000 +process ${pid} runs it`),
    blocked: /^blocked +blocked +sleep 1000 +waits for \d+ \(/,
  };
  for (const [name, line] of Object.entries(expected)) {
    assert.match(lines.find((text) => text.startsWith(`${name} `)) ?? '', line);
  }
  const heading = lines.findIndex((line) => /^chain +state +task/.test(line));
  const order = lines.slice(heading + 1).map((line) => line.split(' ')[0]);
  assert.deepEqual(
    new Set(order.slice(0, 5)),
    new Set(['blocked', 'broken', 'elsewhere', 'failing', 'left']),
  );
  assert.deepEqual(order.slice(5, 7), ['paused', 'stopped']);
  assert.match(project.done('status left'), /waits for \d+ \((setsid )?sleep 1000\), left behind by run 1/);
  assert.match(project.done('status blocked'), /waits for \d+ \(.*sleep 1000\), an earlier run that goes on/);
  assert.match(project.done('status broken'), /no database/);
  assert.match(project.done('status failing'), /failed once/);
});

upTest('status says that the disk is full, and the chain goes on when there is room', (project) =>
  onSmallDisk(project, '.runner', async (state) => {
    project.configure({ quick: { tasks: ['sh: :'], cooldown: '50ms' } });
    await project.up();
    await project.chainReached('quick', ({ last }) => last !== null);
    project.shell(`head -c 10000000 /dev/zero > ${state}/ballast`);
    const full = await project.chainReached('quick', ({ state: word }) => word === 'store fails');
    assert.match(project.done('status'), /quick +cannot store +: +its state cannot be stored/);
    project.shell(`rm ${state}/ballast`);
    await project.chainReached('quick', ({ last }) => (last?.run ?? 0) > (full.last?.run ?? 0) + 1);
    project.done('down');
  }),
);

/** Starts a command of runner in a terminal of its own. */
function inTerminal(
  project: UpProject,
  line: string,
): { readonly pid: number; until(text: RegExp): Promise<string> } {
  const command = `stty cols 100 rows 24; exec ${process.execPath} ${runnerFile} ${line}`;
  const child = spawn('script', ['-qfec', command, '/dev/null'], {
    cwd: project.folder,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let text = '';
  let look = (): void => undefined;
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    look();
  });
  return {
    pid: child.pid ?? 0,
    until: (wanted) =>
      new Promise((resolve) => {
        look = () => {
          if (wanted.test(text)) resolve(text);
        };
        look();
      }),
  };
}

upTest(
  'status --watch shows what changes without clearing the screen, also over a restart',
  async (project) => {
    project.configure({ quick: idle });
    const first = await project.up();
    await project.chainReached('quick', ({ state }) => state === 'cooling down');
    const terminal = inTerminal(project, 'status --watch');
    await terminal.until(/quick +cooling down/);
    project.done('pause quick');
    await terminal.until(/quick +paused/);
    first.signal('SIGKILL');
    await first.ended;
    await terminal.until(/No runner is up here/);
    await project.up();
    project.done('resume quick');
    const text = await terminal.until(/No runner is up here[^]*quick +cooling down/);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(text, /\u001B(c|\[2J|\[3J|\[H)/);
    process.kill(terminal.pid, 'SIGKILL');
  },
);

upTest('a terminal that closes stops the runner, and lets its run in progress end', async (project) => {
  const record = join(project.folder, 'record');
  project.configure({ slow: { tasks: [`sh: sleep 0.5; echo done >> ${record}`], cooldown: '1h' } });
  const terminal = inTerminal(project, 'up');
  await project.chainReached('slow', ({ run }) => run?.stage === 'running');
  const { runner } = await project.status();
  process.kill(terminal.pid, 'SIGKILL');
  await waitUntilGone([runner.pid]);
  assert.ok(existsSync(record));
  assert.equal(readFileSync(record, 'utf8'), 'done\n');
  assert.deepEqual(
    project.history('slow').map(({ outcome }) => outcome),
    ['succeeded'],
  );
});
