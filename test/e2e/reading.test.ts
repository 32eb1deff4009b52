import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runnerFile, type TestProject } from '../support/runner-process.ts';
import { projectTest } from '../support/project-test.ts';

function configure(project: TestProject, config: unknown): void {
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify(config));
}

projectTest('a function learns of its run what a command learns from its environment', async (project) => {
  writeFileSync(
    join(project.folder, 'tasks.mjs'),
    `export function first({ signal, log, ...rest }) {
       log(JSON.stringify({ ...rest, isAborted: signal.aborted }));
     }`,
  );
  const say = 'echo "$RUNNER_CHAIN $RUNNER_TASK $RUNNER_RUN $RUNNER_PASS $RUNNER_FENCE"';
  const tasks = ['tasks.first', { run: ['/bin/sh', '-c', say], name: 'second' }];
  configure(project, { chains: { c: { tasks, cooldown: '0s' } } });
  await project.start('c', '--passes', '1').ended;
  await project.start('c', '--passes', '1').ended;
  const lines = readFileSync(join(project.folder, '.runner/logs/c.log'), 'utf8').trim().split('\n');
  const context = { run: 1, pass: 1, chain: 'c', task: 'first', fence: 1, isAborted: false };
  assert.deepEqual(JSON.parse(lines[0] ?? ''), context);
  assert.equal(lines[1], 'c second 2 1 1');
  assert.deepEqual(JSON.parse(lines[2] ?? ''), { ...context, run: 3, pass: 2, fence: 2 });
  assert.equal(lines[3], 'c second 4 2 2');
});

projectTest('logs -f goes on while the chain writes, and when its log is set aside', async (project) => {
  const say = 'echo "line $RUNNER_RUN"; head -c 1500 /dev/zero | tr "\\0" x; echo';
  configure(project, {
    chains: { c: { tasks: [`sh: ${say}`], cooldown: '20ms', log: { size: '1KB', keep: 50 } } },
  });
  const runner = project.start('c');
  await runner.next('run ended');
  const follower = spawn(process.execPath, [runnerFile, 'logs', 'c', '-f'], { cwd: project.folder });
  let text = '';
  await new Promise<void>((resolve) => {
    follower.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if ((text.match(/line \d+/g) ?? []).length >= 5) resolve();
    });
  });
  follower.kill();
  runner.signal('SIGTERM');
  await runner.ended;
  const numbers = [...text.matchAll(/line (\d+)/g)].map(([, number]) => Number(number));
  const [first = 0] = numbers;
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => first + index),
    'no line is missing, none comes twice',
  );
});

projectTest('history and logs tell chains apart, and say what there is instead', async (project) => {
  assert.match(project.command('history').stderr, /Nothing has run yet/);
  await project.start('sh: echo of-a', '--name', 'a', '--passes', '2', '--cooldown', '0s').ended;
  await project.start('sh: echo of-b', '--name', 'b', '--passes', '1').ended;
  assert.equal(project.history('a').length, 2);
  assert.equal(project.command('logs', 'b').stdout, 'of-b\n');
  assert.equal(project.command('logs', 'a', '--lines', '1').stdout, 'of-a\n');
  assert.equal(project.command('logs', 'a', '--run', '2').stdout, 'of-a\n');
  const unknown = project.command('history', 'c');
  assert.deepEqual(
    [unknown.exitCode, unknown.stderr],
    [64, 'No chain "c" has ever run here; there are: a, b\n'],
  );
  assert.match(project.command('logs', 'a', '--run', '9').stderr, /has no run 9 in its history/);
});

projectTest('a reader that goes away ends what it read, without a word', async (project) => {
  await project.start('sh: seq 1 50000', '--name', 'c', '--passes', '1').ended;
  for (const command of ['logs c --lines 50000', 'logs c --run 1', 'history c']) {
    const line = `${process.execPath} ${runnerFile} ${command} | head -c 1`;
    const { exitCode, stdout, stderr } = project.output('/bin/sh', ['-c', line]);
    assert.deepEqual([exitCode, stdout.length, stderr], [0, 1, ''], command);
  }
});

projectTest('check is 0 with the values in force, and 78 with all problems', async (project) => {
  const secret = 'hush-hush';
  const chain = { tasks: ['sh: true'], cooldown: '5m', env: { TOKEN: secret } };
  configure(project, { chains: { c: chain } });
  const good = project.command('check');
  assert.equal(good.exitCode, 0, good.stderr);
  assert.match(good.stdout, /cooldown\.success +5m +runner\.config\.json:1:/);
  assert.doesNotMatch(good.stdout + project.command('check', '--json').stdout, new RegExp(secret));
  configure(project, { chains: { c: { ...chain, cooldown: 5 }, d: { tasks: ['tasks.none'] } } });
  const bad = project.command('check');
  assert.equal(bad.exitCode, 78);
  assert.match(bad.stderr, /chains\.c\.cooldown[^]*chains\.d\.tasks[^]*2 problems; nothing was started/);
  assert.equal(project.command('run', 'c').exitCode, 78);
});

projectTest(
  'values of this host win over the configuration, and the command line over both',
  async (project) => {
    const hosts = { '*': { chains: { c: { cooldown: '7m' } } } };
    configure(project, { chains: { c: { tasks: ['sh: true'], cooldown: '5m' } }, hosts });
    assert.match(project.command('check').stdout, /cooldown\.success +7m +hosts\."\*"/);
    process.env['RUNNER_COOLDOWN_C'] = '9m';
    const byVariable = project.command('check').stdout;
    delete process.env['RUNNER_COOLDOWN_C'];
    assert.match(byVariable, /cooldown\.success +9m +RUNNER_COOLDOWN_C/);
    const runner = project.start('c', '--cooldown', '0s', '--passes', '1');
    assert.equal((await runner.ended).exitCode, 0);
  },
);

projectTest('a log folder that cannot be written is one line, not a stack', async (project) => {
  mkdirSync(join(project.folder, '.runner/logs/c.log'), { recursive: true });
  const { exitCode, stderr } = project.command('run', 'sh: true', '--name', 'c');
  assert.equal(exitCode, 74, stderr);
  assert.match(stderr, /^Cannot use the state: EISDIR: [^\n]*c\.log'; [^\n]*--state-dir\n$/);
});
