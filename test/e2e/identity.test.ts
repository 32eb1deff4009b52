import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  makeGroup,
  makeUser,
  openNode,
  removeGroup,
  removeUser,
  skipUnlessRoot,
  type HostUser,
} from '../support/host-users.ts';
import { waitForFile, waitUntilGone, workerBelow } from '../support/processes.ts';
import { createProject, fixture, runnerFile, type TestProject } from '../support/runner-process.ts';

const home = '/nonexistent/runner-test';
let alice: HostUser;
let bob: HostUser;
let crew: ReturnType<typeof makeGroup>;
let staff: ReturnType<typeof makeGroup>;

before(() => {
  if (skipUnlessRoot !== false) return;
  crew = makeGroup();
  staff = makeGroup();
  alice = makeUser(home, [crew.name]);
  bob = makeUser(home);
  // The package of the tests lies in a folder of root's alone; that of a user does not.
  const folder = process.env['RUNNER_PACKAGE'] ?? '';
  chmodSync(folder, 0o755);
  openNode(folder);
});

after(() => {
  if (skipUnlessRoot !== false) return;
  for (const user of [alice, bob]) removeUser(user);
  for (const group of [crew, staff]) removeGroup(group.name);
});

/** A test that needs root, with a project that every user may enter, and a folder `shared` to which all may write. */
function identityTest(name: string, body: (project: TestProject) => Promise<void> | void): void {
  test(name, { skip: skipUnlessRoot }, async () => {
    const project = createProject();
    try {
      chmodSync(project.folder, 0o755);
      mkdirSync(sharedIn(project));
      chmodSync(sharedIn(project), 0o1777);
      await body(project);
    } finally {
      await project.close();
    }
  });
}

function sharedIn(project: TestProject): string {
  return join(project.folder, 'shared');
}

function configure(project: TestProject, chain: Record<string, unknown>): void {
  const quick = { cooldown: { success: '0s', failure: '0s' }, ...chain };
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains: { c: quick } }));
}

function installLibrary({ folder }: TestProject): void {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(runnerFile, '../..'), join(folder, 'node_modules/yourlabs-runner'));
}

/** Runs one pass of the chain, which must succeed, and gives what it wrote. */
async function runOnce(project: TestProject, ...args: string[]): Promise<string> {
  const { exitCode, stderr } = await project.start('c', '--passes', '1', ...args).ended;
  const { stdout } = project.command('logs', 'c', '--lines', '1000');
  assert.equal(exitCode, 0, `${stderr}${stdout}`);
  return stdout;
}

/** The lines of a log that are `name value`. */
function valuesIn(log: string): Readonly<Record<string, string>> {
  const entries = log.split('\n').map((line): [string, string] => {
    const [name = '', ...words] = line.split(' ');
    return [name, words.join(' ')];
  });
  return Object.fromEntries(entries);
}

function sorted(...ids: readonly number[]): string {
  return ids.toSorted((one, other) => one - other).join(' ');
}

const tellAll = `
  echo "uids $(grep ^Uid: /proc/$$/status | tr -s '\\t ' ' ')"
  echo "gids $(grep ^Gid: /proc/$$/status | tr -s '\\t ' ' ')"
  echo "groups $(id -G | tr ' ' '\\n' | sort -n | tr '\\n' ' ')"
  echo "privileges $(grep ^NoNewPrivs: /proc/$$/status | tr -s '\\t ' ' ')"
  echo "capabilities $(grep ^CapEff: /proc/$$/status | tr -s '\\t ' ' ')"
  echo "nice $(nice)"
  echo "ionice $(ionice -p $$)"
  echo "cpus $(grep ^Cpus_allowed_list: /proc/$$/status | tr -s '\\t ' ' ')"
  echo "umask $(umask)"
  echo "files $(ulimit -n) $(ulimit -H -n)"
  echo "data $(ulimit -d)"
  echo "processes $(grep '^Max processes' /proc/$$/limits | tr -s ' ')"
  echo "cpu $(ulimit -t) $(ulimit -H -t)"
  echo "cwd $(pwd)"
  env | sort | sed 's/^/env./; s/=/ /'`;

identityTest(
  'a run has the user, the groups, the priorities, the limits and the environment of its chain',
  async (project) => {
    writeFileSync(join(project.folder, 'tell.sh'), tellAll);
    writeFileSync(join(project.folder, '.env'), 'FROM_FILE=yes\n');
    configure(project, {
      tasks: ['sh: . ../tell.sh'],
      user: alice.name,
      nice: -7,
      ionice: 'best-effort:6',
      cpus: 0,
      umask: '0137',
      limits: { files: 300, memory: '256MB', processes: 400, cpu: '50s' },
      cwd: 'shared',
      env: { ADDED: 'a  b=c' },
      envFile: '.env',
    });
    const values = valuesIn(await runOnce(project));
    const four = (id: number): string => Array.from({ length: 4 }, () => id).join(' ');
    assert.deepEqual(
      { ...values, 'env.PATH': '', '': '' },
      {
        uids: `Uid: ${four(alice.uid)}`,
        gids: `Gid: ${four(alice.gid)}`,
        groups: `${sorted(alice.gid, crew.gid)} `,
        privileges: 'NoNewPrivs: 1',
        capabilities: 'CapEff: 0000000000000000',
        nice: '-7',
        ionice: 'best-effort: prio 6',
        cpus: 'Cpus_allowed_list: 0',
        umask: '0137',
        files: '300 300',
        data: String(256 * 1024),
        processes: 'Max processes 400 400 processes ',
        cpu: '50 unlimited',
        cwd: sharedIn(project),
        'env.ADDED': 'a  b=c',
        'env.FROM_FILE': 'yes',
        'env.HOME': home,
        'env.LANG': process.env['LANG'],
        'env.LOGNAME': alice.name,
        'env.PATH': '',
        'env.PWD': sharedIn(project),
        'env.RUNNER_CHAIN': 'c',
        'env.RUNNER_FENCE': '1',
        'env.RUNNER_PASS': '1',
        'env.RUNNER_RUN': '1',
        'env.RUNNER_TASK': '. ../tell.sh',
        'env.SHELL': '/bin/sh',
        'env.USER': alice.name,
        '': '',
      },
    );
  },
);

identityTest('a group of its own is the first one, and those of the user stay', async (project) => {
  configure(project, { tasks: ['sh: id -g; id -G'], user: alice.uid, group: staff.name });
  const [first, all = ''] = (await runOnce(project)).split('\n');
  assert.equal(first, String(staff.gid));
  assert.equal(sorted(...all.split(' ').map(Number)), sorted(staff.gid, crew.gid, alice.gid));
});

identityTest('what is typed is stronger than the configuration', async (project) => {
  configure(project, { tasks: ['sh: id -un; id -G; nice'], user: alice.name, group: staff.name, nice: 3 });
  const log = await runOnce(project, '--user', bob.name, '--nice', '-2');
  assert.equal(log, `${bob.name}\n${bob.gid}\n-2\n`);
});

identityTest('root stays root only where that is written, or nothing is', async (project) => {
  configure(project, { tasks: ['sh: id -u; grep ^NoNewPrivs /proc/$$/status'], user: 'root' });
  assert.equal(await runOnce(project), '0\nNoNewPrivs:\t0\n');
});

identityTest('a function runs as its user, and its module is never imported as root', async (project) => {
  copyFileSync(fixture('tasks/whoami.mts'), join(project.folder, 'whoami.mts'));
  installLibrary(project);
  configure(project, {
    tasks: ['whoami.whoami'],
    user: alice.name,
    nice: 4,
    umask: '027',
    env: { SHARED: sharedIn(project) },
  });
  const said: unknown = JSON.parse(await runOnce(project));
  assert.deepEqual(said, {
    uid: alice.uid,
    gid: alice.gid,
    groups: [alice.gid, crew.gid].toSorted((one, other) => one - other),
    nice: 4,
    umask: 0o27,
    HOME: home,
    cwd: project.folder,
  });
  const imports = readdirSync(sharedIn(project));
  assert.equal(imports.length, 2, 'once to check it, and once by the worker');
  for (const name of imports) assert.match(name, new RegExp(`^imported-by-${alice.uid}-`));
  const { stdout } = project.command('check');
  assert.match(stdout, /timeout +1m +beside the function, whoami\.mts/);
});

identityTest('a mistake beside a function of another user is told with its place', (project) => {
  writeFileSync(
    join(project.folder, 'tasks.mjs'),
    `import { task } from 'yourlabs-runner';\nexport const send = task({ timeout: 5, onFailure: () => 1 }, () => 1);`,
  );
  installLibrary(project);
  configure(project, { tasks: ['tasks.send', 'tasks.sent'], user: alice.name });
  const { exitCode, stderr } = project.command('check');
  assert.equal(exitCode, 78);
  assert.match(stderr, /tasks\.mjs:2:8 {2}send\.timeout\n.*found the number 5/);
  assert.match(stderr, /tasks\.mjs:2:8 {2}send\.onFailure\n.*found the function "onFailure"/);
  assert.match(stderr, /it exports send, did you mean "send"\?/);
});

identityTest('a module of another user that ends, waits for ever or throws is told', (project) => {
  const modules = {
    ends: 'process.exit(0)',
    waits: 'await new Promise(() => {})',
    throws: '\nthrow new Error("no database")',
  };
  for (const [name, code] of Object.entries(modules)) {
    writeFileSync(join(project.folder, `${name}.mjs`), `${code}\nexport function run() {}`);
  }
  configure(project, { tasks: Object.keys(modules).map((name) => `${name}.run`), user: alice.name });
  const { stderr } = project.command('check');
  assert.match(stderr, /"ends\.mjs" as ".*": it ended its process with status 0, take "process\.exit" out/);
  assert.match(stderr, /"waits\.mjs" as ".*": its top level waits/);
  assert.match(stderr, /throws\.mjs:2:7\n.*"throws\.mjs" as ".*": no database/);
});

identityTest('what the user of a chain cannot get at is refused when it is checked', (project) => {
  writeFileSync(join(project.folder, 'private.sh'), '#!/bin/sh\n');
  chmodSync(join(project.folder, 'private.sh'), 0o700);
  mkdirSync(join(project.folder, 'closed'), { mode: 0o700 });
  writeFileSync(join(project.folder, 'tasks.mjs'), 'export function run() {}');
  chmodSync(join(project.folder, 'tasks.mjs'), 0o600);
  configure(project, { tasks: ['./private.sh', 'tasks.run'], user: alice.name });
  const { exitCode, stderr } = project.command('check');
  assert.equal(exitCode, 78);
  assert.match(stderr, /chains\.c\.tasks\[0\]\n.*may not run .*private\.sh, or a folder above it/);
  assert.match(stderr, /Cannot import "tasks\.mjs" as ".*": ".*" may not read .*tasks\.mjs/);
  configure(project, { tasks: ['sh: true'], user: alice.name, cwd: 'closed' });
  assert.match(project.command('check').stderr, /chains\.c\.cwd\n.*may not enter .*closed/);
});

identityTest('a runner that is not root is refused another user, and may name its own', (project) => {
  const as = (args: readonly string[]): ReturnType<TestProject['output']> => {
    const ids = [`--reuid=${bob.uid}`, `--regid=${bob.gid}`, `--groups=${bob.gid}`];
    const state = ['--state-dir', join(sharedIn(project), 'state')];
    return project.output('setpriv', [...ids, process.execPath, runnerFile, 'run', ...args, ...state]);
  };
  configure(project, { tasks: ['sh: id -un; nice'], user: alice.name, nice: -1 });
  const refused = as(['c', '--passes', '1']);
  assert.equal(refused.exitCode, 78);
  assert.match(
    refused.stderr,
    /chains\.c\.user\n.*this runner is user \d+, and only root can become another/,
  );
  assert.match(refused.stderr, /chains\.c\.nice\n.*only root can go below 0/);
  const own = as(['sh: id -un; nice', '--user', bob.name, '--nice', '5', '--passes', '1']);
  assert.equal(own.exitCode, 0, own.stderr);
  assert.match(own.stdout, new RegExp(`│ ${bob.name}\n.*│ 5\n`));
});

identityTest('a user that is removed while its chain runs gets no further run', async (project) => {
  const carol = makeUser(home);
  configure(project, { tasks: ['sh: true'], user: carol.name, cooldown: { success: '4s', failure: '1h' } });
  const runner = project.start('c');
  await runner.next('run ended');
  removeUser(carol);
  const { pid } = workerBelow(runner.child.pid ?? 0);
  process.kill(pid, 'SIGKILL');
  const { run, outcome } = await runner.next('run ended');
  const reason = `the user "${carol.name}" is not there any more`;
  assert.deepEqual([run, outcome], [2, { kind: 'not started', reason }]);
  runner.signal('SIGTERM');
  await runner.ended;
});

identityTest(
  'a priority that the system gives in words only is noticed before a task runs',
  async (project) => {
    configure(project, { tasks: [`sh: echo > ${sharedIn(project)}/has-run`], user: alice.name, nice: -5 });
    // Without this capability `nice` prints a warning, and runs the command with the priority that it has.
    const powerless = ['--inh-caps=-sys_nice', '--bounding-set=-sys_nice'];
    const { exitCode, stdout } = project.output('setpriv', [
      ...powerless,
      process.execPath,
      runnerFile,
      'run',
      'c',
      '--passes',
      '1',
      '--json',
    ]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /Cannot run as configured: it runs with nice 0 instead of -5/);
    assert.deepEqual(readdirSync(sharedIn(project)), []);
    assert.equal(project.history('c')[0]?.outcome, 'not started');
  },
);

identityTest('a task of another user can write to /dev/stdout, after a rotation as well', async (project) => {
  const write = 'head -c 2000 /dev/zero | tr "\\\\0" x; echo; echo "run $RUNNER_RUN" >> /dev/stdout';
  configure(project, {
    tasks: [`sh: ${write}`],
    user: alice.name,
    log: { size: '1KB', keep: 9, compress: false },
  });
  assert.equal((await project.start('c', '--passes', '3').ended).exitCode, 0);
  for (const run of [1, 2, 3]) {
    assert.match(project.command('logs', 'c', '--run', String(run)).stdout, new RegExp(`x\nrun ${run}\n$`));
  }
  const logs = join(project.folder, '.runner/logs');
  assert.equal(statSync(logs).mode & 0o777, 0o700);
  const files = readdirSync(logs).filter((name) => /^c\.log(?:\.\d+)?$/.test(name));
  assert.ok(files.length > 1, 'the log was set aside');
  for (const name of files) {
    const { uid, mode } = statSync(join(logs, name));
    assert.deepEqual([uid, mode & 0o777], [alice.uid, 0o600], name);
  }
});

identityTest('a log goes to the next user of its chain', async (project) => {
  for (const user of [alice, bob]) {
    configure(project, { tasks: ['sh: id -un >> /dev/stdout'], user: user.name });
    assert.match(await runOnce(project), new RegExp(`${user.name}\n$`));
  }
  configure(project, { tasks: ['sh: echo root >> /dev/stdout'] });
  assert.equal(await runOnce(project), `${alice.name}\n${bob.name}\nroot\n`);
  assert.equal(statSync(join(project.folder, '.runner/logs/c.log')).uid, 0);
});

identityTest('a task of another user cannot get at the state of the runner', async (project) => {
  const state = join(project.folder, '.runner');
  const files = ['state.db', 'locks/c.lock', 'journal/c', 'logs/c.log'].map((name) => join(state, name));
  const probe = ['', ...files].map(
    (file) => `for o in -r -w -x; do [ $o ${state}${file.slice(state.length)} ] && echo "$o ${file}"; done`,
  );
  const reopen = 'for n in 97; do (: >> /proc/self/fd/$n) 2>/dev/null && echo "writes to $n"; done';
  configure(project, { tasks: [`sh: ${probe.join('; ')}; ${reopen}; echo end`], user: alice.name });
  assert.equal(await runOnce(project), 'end\n');
});

identityTest('a set-uid program is powerless, unless the chain allows it', async (project) => {
  copyFileSync('/usr/bin/id', join(project.folder, 'id'));
  chmodSync(join(project.folder, 'id'), 0o4755);
  configure(project, { tasks: ['sh: ./id -u'], user: alice.name });
  assert.equal(await runOnce(project), `${alice.uid}\n`);
  configure(project, { tasks: ['sh: ./id -u'], user: alice.name, noNewPrivileges: false });
  assert.equal(await runOnce(project), `${alice.uid}\n0\n`);
});

identityTest('no program that is still root sees the environment of the chain', async (project) => {
  const prefix = join(sharedIn(project), 'linked');
  configure(project, {
    tasks: ['sh: true'],
    user: alice.name,
    nice: 1,
    limits: { files: 300 },
    // The dynamic linker writes such a file for each program that it starts with these variables.
    env: { LD_DEBUG: 'libs', LD_DEBUG_OUTPUT: prefix },
  });
  await runOnce(project);
  const owners = readdirSync(sharedIn(project)).map((name) => statSync(join(sharedIn(project), name)).uid);
  assert.deepEqual([...new Set(owners)], [alice.uid]);
});

identityTest('a command that is busy for too long is ended, and its worker goes on', async (project) => {
  configure(project, {
    // In time the worker itself gets that signal.
    tasks: ['sh: while [ $RUNNER_RUN = 1 ]; do :; done; kill -XCPU $PPID'],
    limits: { cpu: '1s' },
  });
  const runner = project.start('c', '--passes', '2');
  const first = await runner.next('run ended');
  assert.deepEqual(first.outcome, { kind: 'killed', signal: 'SIGXCPU' });
  const second = await runner.next('run ended');
  assert.equal(second.outcome?.kind, 'succeeded');
  await runner.ended;
});

identityTest('a command that wants too much memory does not get it', async (project) => {
  configure(project, {
    tasks: [`sh: perl -e '$x = "a" x 100_000_000'; [ $? != 0 ] && echo refused`],
    limits: { memory: '64MB' },
  });
  assert.match(await runOnce(project), /refused\n$/);
});

identityTest('the whole tree of a run of another user is ended by its timeout', async (project) => {
  const [away, main] = [join(sharedIn(project), 'away'), join(sharedIn(project), 'main')];
  configure(project, {
    tasks: [
      `sh: trap "" TERM; setsid sh -c 'trap "" TERM; echo $$ > ${away}; exec sleep 300' &
       until [ -s ${away} ]; do sleep 0.02; done; echo $$ > ${main}; while :; do sleep 1; done`,
    ],
    user: alice.name,
    timeout: '5s',
    killGrace: '300ms',
  });
  const runner = project.start('c', '--passes', '1');
  await waitForFile(main);
  assert.equal((await runner.next('run ended')).outcome?.kind, 'timed out');
  await waitUntilGone([away, main].map((file) => Number(readFileSync(file, 'utf8'))));
  await runner.ended;
});

identityTest(
  'a run of another user that outlived its runner is named, waited for and known',
  async (project) => {
    const [ready, go] = [join(sharedIn(project), 'ready'), join(sharedIn(project), 'go')];
    configure(project, {
      tasks: [`sh: echo > ${ready}; until [ -e ${go} ]; do sleep 0.02; done; exit 7`],
      user: alice.name,
    });
    const first = project.start('c');
    await waitForFile(ready);
    first.signal('SIGKILL');
    await first.ended;
    const second = project.start('c', '--passes', '1');
    const blocked = await second.next('worker blocked');
    assert.match(JSON.stringify(blocked), /until/);
    writeFileSync(go, '');
    const ended = await second.next('run ended');
    assert.deepEqual([ended.run, ended.outcome], [1, { kind: 'exited', exitCode: 7 }]);
    await second.ended;
  },
);

identityTest('a check says which chains need root, and as whom each runs', (project) => {
  const chains = {
    mail: { tasks: ['sh: true'], user: alice.name, nice: -3 },
    plain: { tasks: ['sh: true'] },
  };
  writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains }));
  const { stdout } = project.command('check');
  assert.match(
    stdout,
    new RegExp(`Only a runner that is root can run mail \\(user ${alice.name}, nice -3\\)\n`),
  );
  assert.match(stdout, new RegExp(`mail +user +${alice.name} \\(${alice.uid}\\) +runner\\.config\\.json:1:`));
  assert.match(stdout, /plain +user +that of the runner +default/);
  const json = project.command('check', '--json').stdout;
  assert.match(json, new RegExp(`"needsRoot":\\["user ${alice.name}","nice -3"\\]`));
});

identityTest('the work to become another user is done once a worker, not once a run', async (project) => {
  configure(project, { tasks: ['sh: echo $PPID'], user: alice.name, nice: 1 });
  assert.equal((await project.start('c', '--passes', '20').ended).exitCode, 0);
  const workers = new Set(
    readFileSync(join(project.folder, '.runner/logs/c.log'), 'utf8').trim().split('\n'),
  );
  assert.equal(workers.size, 1);
});
