import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { untilFolder } from '../support/log-folder.ts';
import { projectTest } from '../support/project-test.ts';
import { runnerFile, type TestProject } from '../support/runner-process.ts';

/** How headings are begun and ended on a terminal. */
const bold = new RegExp(`${String.fromCharCode(27)}\\[[01]m`, 'g');

function configure(project: TestProject, config: unknown): void {
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify(config));
}

function logsOf(project: TestProject): string {
  return join(project.folder, '.runner/logs');
}

/** What a command prints on a terminal. */
function onTerminal(project: TestProject, args: string): string {
  const line = `${process.execPath} ${runnerFile} ${args}`;
  return project.output('/usr/bin/script', ['-qec', line, '/dev/null']).stdout.replaceAll('\r\n', '\n');
}

/** A `runner logs -f`, and what it has printed. */
class Follower {
  text = '';
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();

  constructor(project: TestProject, program: string, ...args: string[]) {
    this.#child = spawn(program, args, { cwd: project.folder });
    this.#child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      this.text += piece;
      for (const look of this.#watchers) look();
    });
  }

  static intoPipe(project: TestProject, ...args: string[]): Follower {
    return new Follower(project, process.execPath, runnerFile, 'logs', '-f', ...args);
  }

  static onTerminal(project: TestProject, args: string): Follower {
    const line = `exec ${process.execPath} ${runnerFile} logs -f ${args}`;
    return new Follower(project, '/usr/bin/script', '-qefc', line, '/dev/null');
  }

  until(pattern: RegExp): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!pattern.test(this.text)) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

function bytesOnDisk(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).blocks * 512, 0);
}

function residentBytes(pid: number | undefined): number {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

projectTest(
  'logs of several chains come in the order of their runs, each run under its heading',
  async (project) => {
    for (const [chain, text] of [
      ['b', 'first'],
      ['a', 'second'],
      ['b', 'third'],
    ] as const) {
      await project.start(`sh: echo ${text}`, '--name', chain, '--passes', '1', '--cooldown', '0s').ended;
    }
    await project.start('sh: printf fourth; exit 3', '--name', 'a', '--passes', '1').ended;
    assert.equal(project.command('logs').stdout, 'b │ first\na │ second\nb │ third\na │ fourth\n');
    assert.equal(project.command('logs', '--lines', '2').stdout, 'b │ third\na │ fourth\n');
    assert.equal(project.command('logs', 'b').stdout, 'first\nthird\n');
    assert.equal(project.command('logs', 'a', 'b', '--raw').stdout, 'first\nsecond\nthird\nfourth');
    assert.equal(project.command('logs', '--since', '1h').stdout.split('\n').length, 5);
    const shown = onTerminal(project, 'logs')
      .replaceAll(bold, '')
      .replaceAll(/\d{4}-\S+ \S+/g, 'DATE');
    assert.equal(
      shown.replaceAll(/ \(\d.*?\)$/gm, ''),
      '── b  run 1  echo first  DATE  succeeded\nfirst\n' +
        '── a  run 1  echo second  DATE  succeeded\nsecond\n' +
        '── b  run 2  echo third  DATE  succeeded\nthird\n' +
        '── a  run 2  printf fourth; exit 3  DATE  failed: exit status 3\nfourth',
    );
  },
);

projectTest('logs says what is wrong with what was asked', async (project) => {
  await project.start('sh: echo x', '--name', 'a', '--passes', '1').ended;
  const cases: readonly [string, RegExp][] = [
    [
      'logs --run 1',
      /^Cannot print run 1: name one chain and nothing else, as in "runner logs mail --run 1"\n$/,
    ],
    ['logs a b --run 1', /^Cannot print run 1: name one chain/],
    ['logs a c', /^No chain "c" has ever run here; there are: a\n$/],
    ['logs --since yesterday', /^Cannot read --since: found "yesterday", write /],
    ['logs a --runner', /^Cannot print the log of the runner and of chain "a" together/],
    [
      'logs --runner',
      /^No runner has been in the background here: there is no ".*\/\.runner\/runner\.log"\n$/,
    ],
  ];
  for (const [line, expected] of cases) {
    const { exitCode, stdout, stderr } = project.command(...line.split(' '));
    assert.match(stderr, expected);
    assert.deepEqual([exitCode, stdout], [64, '']);
  }
  assert.match(onTerminal(project, 'logs --raw'), /^Cannot print raw bytes on a terminal/);
});

projectTest('output does nothing to a terminal, in logs, history and the foreground', async (project) => {
  const evil = String.raw`sh: printf '\033]52;c;aGk=\007\033[2J\r\b\302\233x\n'; echo '‮'`;
  const run = onTerminal(project, `run "${evil.replaceAll('\\', '\\\\')}" --name c --passes 1`);
  const all = [run, ...['logs', 'logs c --run 1', 'history'].map((args) => onTerminal(project, args))];
  for (const text of all) {
    const withoutBold = text.replaceAll(bold, '');
    assert.doesNotMatch(withoutBold, /[^\P{Cc}\t\n]|\u202e/u);
  }
  assert.match(all[1] ?? '', /\\x1b\]52;c;aGk=\\x07\\x1b\[2J\\x0d\\x08\\x9bx\n\\u202e/);
});

projectTest(
  'logs -f follows all chains, their files that are set aside, and chains that are new',
  async (project) => {
    const task = 'sh: echo "line $RUNNER_RUN"; head -c 600 /dev/zero | tr "\\0" x; echo';
    const chain = { tasks: [task], cooldown: '10ms', log: { size: '1KB', keep: 20 } };
    configure(project, { chains: { a: chain, b: chain } });
    const a = project.start('a');
    await a.next('run ended');
    const follower = Follower.intoPipe(project);
    await follower.until(/a │ line 8\n/);
    const b = project.start('b');
    await follower.until(/b │ line 8\n/);
    for (const runner of [a, b]) runner.signal('SIGTERM');
    await Promise.all([a.ended, b.ended]);
    follower.end();
    for (const name of ['a', 'b']) {
      const numbers = [...follower.text.matchAll(new RegExp(`^${name} │ line (\\d+)$`, 'gm'))].map(([, n]) =>
        Number(n),
      );
      const expected = numbers.map((_, index) => (numbers[0] ?? 0) + index);
      assert.deepEqual(numbers, expected, 'no line is missing, none comes twice');
    }
    assert.match(follower.text, /^b │ line 1$/m);
  },
);

projectTest(
  'logs -f on a terminal has a heading where a run begins to write, and none for a silent one',
  async (project) => {
    const task =
      'sh: test $RUNNER_RUN = 2 || { echo "one of $RUNNER_RUN"; read _ < go; echo "two of $RUNNER_RUN"; }';
    assert.equal(project.shell('mkfifo go'), 0);
    const runner = project.start(task, '--name', 'c', '--cooldown', '1ms');
    await runner.next('output');
    const follower = Follower.onTerminal(project, 'c');
    await follower.until(/one of 1/);
    for (const number of [1, 3]) {
      project.shell('echo > go');
      await follower.until(new RegExp(`one of ${number + (number === 1 ? 2 : 1)}`));
    }
    follower.end();
    const text = follower.text.replaceAll(bold, '').replaceAll('\r\n', '\n');
    const shown = text.replaceAll(/^── c {2}run (\d).*$/gm, 'run $1');
    assert.ok(
      shown.startsWith('run 1\none of 1\ntwo of 1\nrun 3\none of 3\ntwo of 3\nrun 4\none of 4\n'),
      shown,
    );
    for (const signal of ['SIGTERM', 'SIGINT'] as const) runner.signal(signal);
    await runner.ended;
  },
);

projectTest('what was set aside is compressed and reads as before', async (project) => {
  assert.equal(project.shell('mkfifo go'), 0);
  const say = 'head -c 3000 /dev/urandom | base64 -w 76; echo "end of $RUNNER_RUN"';
  const task = `sh: test $RUNNER_RUN != 5 || read _ < go; ${say}`;
  configure(project, { chains: { c: { tasks: [task], cooldown: '0s', log: { size: '2KB', keep: 9 } } } });
  const runner = project.start('c');
  await runner.next('run started', ({ run }) => run === 5);
  const folder = logsOf(project);
  const isThere = (name: string): boolean => existsSync(join(folder, name));
  await untilFolder(folder, () =>
    [1, 2, 3, 4].every((n) => isThere(`c.log.${n}.gz`) && !isThere(`c.log.${n}`)),
  );
  for (const n of [1, 2, 3, 4]) {
    assert.match(project.command('logs', 'c', '--run', `${n}`).stdout, new RegExp(`\nend of ${n}\n$`));
  }
  const last = project.command('logs', 'c', '--lines', '120').stdout;
  assert.equal(last.split('\n').length, 121);
  assert.match(last, /end of 2\n[^]*end of 3\n[^]*end of 4\n$/);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) runner.signal(signal);
  await runner.ended;
});

/** What is not collected yet counts as well: Node 24 lets more than 200 MB gather, whatever the length of the output. */
const usualPeakBytes = 350_000_000;

projectTest(
  'one line of 100 MB neither fills the memory nor the disk, nor holds the task up',
  async (project) => {
    const task = 'sh: echo begin; head -c 100000000 /dev/zero | tr "\\0" x; sleep 0.6; echo; echo end';
    configure(project, { chains: { c: { tasks: [task], log: { size: '1MB' } } } });
    const runner = project.start('c', '--cooldown', '1h');
    await runner.next('run ended');
    const memory = residentBytes(runner.child.pid);
    assert.ok(memory < usualPeakBytes, `the runner had ${memory} bytes in memory`);
    assert.ok(bytesOnDisk(logsOf(project)) < 4_000_000);
    for (const args of ['logs c', 'logs c --run 1']) {
      assert.match(onTerminal(project, args), /x\n\.\.\. \d+ bytes left out \.\.\.\nx+\nend\n$/);
    }
    runner.signal('SIGTERM');
  },
);

projectTest(
  'output at full speed leaves its begin and its end, and little else, on the disk',
  async (project) => {
    const { bavail, bsize } = statfsSync(project.folder);
    if (bavail * bsize < 8e9) return;
    const task = 'sh: echo begin; yes "$(printf %01000d 7)" | head -c 2500000000; sleep 0.6; echo end';
    configure(project, { chains: { c: { tasks: [task], cooldown: '1h', log: { size: '1MB', keep: 2 } } } });
    const runner = project.start('c');
    const ended = await runner.next('run ended');
    assert.equal(ended.outcome?.kind, 'succeeded');
    const memory = residentBytes(runner.child.pid);
    assert.ok(memory < usualPeakBytes, `the runner had ${memory} bytes in memory`);
    const bytes = bytesOnDisk(logsOf(project));
    assert.ok(bytes < 4_000_000, `the logs take ${bytes} bytes`);
    const text = project.command('logs', 'c', '--run', '1').stdout;
    assert.match(text, /^begin\n0{999}7\n/);
    assert.match(text, /\.\.\. \d+ bytes left out \.\.\./);
    assert.match(text, /\n0{999}7\n[07]*end\n$/);
    assert.ok(text.length < 4_000_000);
    runner.signal('SIGTERM');
  },
);

projectTest(
  'a log that is removed while a chain runs does not stop it, and the next run is in a new one',
  async (project) => {
    const runner = project.start('sh: echo "line $RUNNER_RUN"', '--name', 'c', '--cooldown', '20ms');
    await runner.next('run ended');
    rmSync(join(logsOf(project), 'c.log'));
    const log = join(logsOf(project), 'c.log');
    await untilFolder(logsOf(project), () => (statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 0);
    const { text } = await runner.next('output', (event) =>
      readFileSync(log, 'utf8').includes(event.text ?? '?'),
    );
    runner.signal('SIGTERM');
    assert.equal((await runner.ended).exitCode, 0);
    assert.match(project.command('logs', 'c').stdout, new RegExp(`^${text}$`, 'm'));
  },
);

projectTest('the log of a runner in the background is shown, and followed', async (project) => {
  await project.start('sh: echo x', '--name', 'a', '--passes', '1').ended;
  const log = join(project.folder, '.runner/runner.log');
  writeFileSync(log, 'one\ntwo\nthree\n');
  assert.equal(project.command('logs', '--runner', '--lines', '2').stdout, 'two\nthree\n');
  const follower = Follower.intoPipe(project, '--runner', '--lines', '1');
  await follower.until(/three\n/);
  appendFileSync(log, 'four\n');
  await follower.until(/four\n/);
  writeFileSync(log, '');
  appendFileSync(log, 'five\n');
  await follower.until(/five\n/);
  follower.end();
  assert.equal(follower.text, 'three\nfour\nfive\n');
});
