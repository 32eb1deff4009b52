import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { waitForFile } from '../support/processes.ts';
import { createProject, runnerFile, type TestProject } from '../support/runner-process.ts';

/** Prints what a service manager would be told, one message a line. */
const manager = `
import os, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print('listening', flush=True)
while True:
    print(listener.recv(4096).decode().replace('\\n', ' '), flush=True)
`;

function projectWith(chains: object): TestProject {
  const project = createProject();
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains }));
  return project;
}

/** A program whose lines can be waited for. */
function startReading(
  program: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): {
  readonly child: ChildProcess;
  line(matches: RegExp): Promise<string>;
} {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async line(matches) {
      for (;;) {
        const next: IteratorResult<string, unknown> = await lines.next();
        if (next.done === true) throw new Error(`${program} ended without a line like ${String(matches)}`);
        if (matches.test(next.value)) return next.value;
      }
    },
  };
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  return new Promise((resolve) => child.on('exit', resolve));
}

test('the unit that "runner service" prints is one that systemd takes', async () => {
  const project = projectWith({ mail: { tasks: ['/bin/true'], stopGrace: '2m' } });
  const { stdout, stderr, exitCode } = project.command('service', '--user', 'nobody', '--name', 'mail');
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^User=nobody$/m);
  assert.match(stdout, /^TimeoutStopSec=145$/m);
  assert.match(stderr, /\/etc\/systemd\/system\/mail\.service/);
  const unit = join(project.folder, 'mail.service');
  writeFileSync(unit, stdout);
  const verified = project.output('systemd-analyze', ['verify', unit]);
  assert.equal(verified.exitCode, 0, verified.stderr);
  await project.close();
});

test(
  'a service that would run as root is refused where others could change what it runs',
  { skip: process.getuid?.() !== 0 },
  async () => {
    const project = projectWith({ mail: { tasks: ['/bin/true'] } });
    project.shell('chown nobody runner.config.json');
    const { stdout, stderr, exitCode } = project.command('service', '--user', 'root');
    assert.equal(exitCode, 78);
    assert.equal(stdout, '');
    assert.match(stderr, /Cannot make a service that runs as root: .*runner\.config\.json.*--user/);
    await project.close();
  },
);

test('systemd is told when the runner is up, which process it is, and again and again that it lives', async () => {
  const project = projectWith({ mail: { tasks: ['/bin/true'], cooldown: '1h' } });
  const socket = join(project.folder, 'notify');
  const systemd = startReading('python3', ['-c', manager, socket], { cwd: project.folder });
  await systemd.line(/listening/);
  const env = { ...process.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: '400000' };
  const runner = startReading(process.execPath, [runnerFile, 'up'], { cwd: project.folder, env });
  assert.match(await systemd.line(/READY=1/), new RegExp(`MAINPID=${runner.child.pid}\\b`));
  await systemd.line(/WATCHDOG=1/);
  await systemd.line(/WATCHDOG=1/);
  runner.child.kill('SIGTERM');
  assert.equal(await ended(runner.child), 0);
  systemd.child.kill('SIGKILL');
  await ended(systemd.child);
  await project.close();
});

test(
  'as the main process of a container it clears away what ends, hands SIGTERM on and ends as the runner does',
  { skip: process.getuid?.() !== 0 },
  async () => {
    // The task leaves a process without a parent, and its worker is killed: nobody but PID 1 can clear that away.
    const orphan = `sh: setsid sh -c "trap '' TERM; sleep 0.2; echo gone > gone" & kill -9 $(sed 's/.*) . //; s/ .*//' /proc/$$/stat)`;
    const project = projectWith({ mail: { tasks: [orphan], cooldown: '1h' } });
    const words = [
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      process.execPath,
      runnerFile,
      'up',
      '--json',
    ];
    const container = startReading('unshare', words, { cwd: project.folder });
    await container.line(/"event":"up"/);
    await container.line(/"event":"run ended"/);
    const init = below(container.child.pid ?? 0)[0] ?? 0;
    await waitForFile(join(project.folder, 'gone'));
    // There is no event for it: without anybody who clears them away this never ends.
    while (zombiesIn(init).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    process.kill(init, 'SIGTERM');
    assert.equal(await ended(container.child), 0);
    await project.close();
  },
);

function below(parent: number): readonly number[] {
  return processTable()
    .filter((entry) => entry.parent === parent)
    .map(({ pid }) => pid);
}

/** The zombies in the pid namespace of a process. */
function zombiesIn(first: number): readonly number[] {
  const table = processTable();
  const found: number[] = [];
  const toVisit = [first];
  for (let pid = toVisit.pop(); pid !== undefined; pid = toVisit.pop()) {
    for (const child of table.filter(({ parent }) => parent === pid)) {
      if (child.state === 'Z') found.push(child.pid);
      toVisit.push(child.pid);
    }
  }
  return found;
}

function processTable(): readonly {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
}[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readStat(name);
      const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return stat === '' ? [] : [{ pid: Number(name), parent: Number(parent), state }];
    });
}

function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It ended in between.
    return '';
  }
}
