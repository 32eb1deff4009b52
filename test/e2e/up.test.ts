import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture } from '../support/runner-process.ts';
import { waitForFile, waitUntilGone } from '../support/processes.ts';
import { upTest, type UpProject } from '../support/up-project.ts';

const quick = { tasks: ['sh: :'], cooldown: '10ms' };

upTest(
  'runs all chains side by side; one that hangs, floods or crashes does not disturb the others',
  async (project) => {
    project.configure({
      hangs: { tasks: ['sleep 1000'] },
      floods: { tasks: ['sh: head -c 3000000 /dev/zero'], cooldown: '10ms' },
      crashes: { tasks: ['sh: kill -SEGV $$'], cooldown: { failure: '10ms' } },
      fails: { tasks: ['sh: exit 3'], cooldown: { failure: '10ms' } },
      quick,
    });
    const runner = await project.up();
    for (let runs = 0; runs < 20; runs += 1) await runner.next('run ended', ({ chain }) => chain === 'quick');
    const { chains } = await project.status();
    const outcomes = new Map(chains.map(({ chain, last }) => [String(chain), last?.outcome.kind]));
    assert.deepEqual(
      [outcomes.get('hangs'), outcomes.get('crashes'), outcomes.get('fails')],
      [undefined, 'killed', 'exited'],
    );
    assert.match(project.done('down --now'), /has ended/);
    assert.equal((await runner.ended).exitCode, 0);
  },
);

upTest('each command of a chain says what the chain does then', async (project) => {
  project.configure({ mail: { tasks: ['sh: :'], cooldown: '1h' }, long: { tasks: ['sleep 1000'] } });
  const runner = await project.up();
  await runner.next('run ended', ({ chain }) => chain === 'mail');
  await project.chainReached('long', ({ state }) => state === 'running');
  assert.match(project.done('pause mail --for 2h'), /^mail: paused by \w+, just now, for another 2h\n/);
  assert.match(project.done('pause mail --until 2999-01-01'), /^mail: paused by/);
  assert.match(
    project.done('resume mail'),
    /^mail: cooling down, the next run comes in (1h|59m5\ds) of 1h\n/,
  );
  assert.match(project.done('skip mail'), /the next run is left out/);
  assert.match(project.done('poke mail'), /^mail: /);
  await runner.next('run skipped');
  assert.match(project.done('stop mail'), /^mail: stopped by \w+, just now\n/);
  assert.match(project.done('start mail'), /^mail: cooling down, the next run comes in (1h|59m5\ds) of 1h\n/);
  assert.match(project.done('restart mail'), /its next run gets a new one/);
  assert.match(project.done('restart long'), /its next run gets a new worker/);
  assert.match(project.done('kill-run long'), /run 1 is being ended/);
  assert.match(project.done('poke mail --json'), /^\{"chain":"mail"/);
  const refused: readonly (readonly [string, number, RegExp])[] = [
    ['poke mial', 64, /No such chain "mial": there are mail, long/],
    ['pause mail --for 1h --until 18:30', 64, /cannot be used with/],
    ['pause mail --for nonsense', 64, /Cannot read "for"/],
    ['pause mail --until 2020-01-01', 64, /Cannot read --until/],
    ['status mial', 64, /No such chain "mial"/],
  ];
  for (const [line, exitCode, text] of refused) {
    const said = project.say(line);
    assert.match(said.text, text);
    assert.equal(said.exitCode, exitCode, line);
  }
  project.done('stop mail');
  assert.deepEqual(project.say('pause mail'), {
    exitCode: 2,
    text: 'Chain "mail" is stopped: start it first with "runner start mail"\n',
  });
});

upTest('where no runner is up each command says so', async (project) => {
  project.configure({ quick });
  for (const line of ['status', 'status --watch', 'poke quick', 'reload', 'upgrade', 'drain', 'down']) {
    const { exitCode, text } = project.say(line);
    assert.match(text, /^No runner is up here: .* start one with "runner up"/);
    assert.equal(exitCode, 69);
  }
});

upTest('goes into the background when it is up, and says why when it is not', async (project) => {
  writeFileSync(join(project.folder, 'runner.config.json'), '{ "chains": { "a": { "tasks": [] } } }');
  const bad = project.say('up --detach');
  assert.match(bad.text, /chains\.a\.tasks[^]*the runner in the background did not start/);
  assert.equal(bad.exitCode, 78);
  project.configure({ quick });
  assert.match(project.done('up --detach'), /^up as process \d+; it writes to .*runner\.log\n$/);
  const { runner } = await project.status();
  const second = project.say('up --detach');
  assert.match(second.text, new RegExp(`Cannot start: a runner is up here already, process ${runner.pid} `));
  assert.equal(second.exitCode, 75);
  assert.match(project.done('drain'), /has ended/);
  assert.match(
    readFileSync(join(project.folder, '.runner/runner.log'), 'utf8'),
    /ends this runner after the runs/,
  );
  await waitUntilGone([runner.pid]);
});

upTest(
  'a state folder whose socket would have too long a path is refused before anything is made',
  async (project) => {
    project.configure({ quick });
    const folder = join(project.folder, 'x'.repeat(100));
    const { exitCode, text } = project.say(`up --state-dir ${folder}`);
    assert.match(text, /its path has \d+ bytes, of which the system takes 107; name a shorter folder/);
    assert.deepEqual([exitCode, existsSync(folder)], [73, false]);
  },
);

upTest('a pause, a stop and a poke survive kill -9 of the runner', async (project) => {
  project.configure({ a: { ...quick, cooldown: '1h' }, b: { ...quick, cooldown: '1h' } });
  const first = await project.up();
  await first.next('run ended', ({ chain }) => chain === 'a');
  await project.reached(({ chains }) => chains.every(({ state }) => state === 'cooling down'));
  project.done('pause a --for 2h');
  project.done('stop b');
  first.signal('SIGKILL');
  await first.ended;
  await project.up();
  assert.match(project.done('status a'), /^a: paused by \w+, .* for another (2h|1h59m5\ds)\n/);
  assert.match(project.done('status b'), /^b: stopped by/);
});

upTest(
  'a reload with an error keeps the old configuration; without one it is carried out',
  async (project) => {
    project.configure({ a: quick, b: { ...quick, cooldown: '1h' }, c: quick });
    await project.up();
    const before = await project.chainReached('b', ({ state }) => state === 'cooling down');
    project.configure({ a: quick, b: { tasks: ['sh: :'], cooldown: 'soon' } });
    const bad = project.say('reload');
    assert.match(bad.text, /chains\.b\.cooldown[^]*the old configuration stays in force/);
    assert.equal(bad.exitCode, 78);
    assert.deepEqual((await project.status()).chains.length, 3);
    project.configure({ a: { ...quick, cooldown: '1h' }, b: { ...quick, cooldown: '1h' }, d: quick });
    const plan = 'a: changed (tasks), in force after its run in progress\nb: untouched\nd: new, begins now\n';
    assert.equal(project.done('reload --dry-run'), `${plan}c: removed, ends after its run in progress\n`);
    assert.equal((await project.status()).chains.length, 3);
    project.done('reload');
    const { chains } = await project.reached(
      (status) =>
        status.chains.length === 3 && status.chains.every(({ state }) => state !== 'worker starting'),
    );
    assert.deepEqual(chains.map(({ chain }) => String(chain)).toSorted(), ['a', 'b', 'd']);
    const after = chains.find(({ chain }) => chain === before.chain);
    assert.deepEqual(after?.worker, before.worker);
  },
);

upTest('SIGHUP reloads, and takes in the changed code of a function', async (project) => {
  const tasks = join(project.folder, 'tasks.ts');
  const record = join(project.folder, 'record');
  const write = (word: string): void =>
    writeFileSync(
      tasks,
      `import { appendFileSync } from 'node:fs';\nexport function say(): void { appendFileSync('${record}', '${word}\\n'); }\n`,
    );
  write('old');
  project.configure({
    fn: { tasks: ['tasks.say'], cooldown: '10ms' },
    other: { tasks: ['sh: :'], cooldown: '1h' },
  });
  const runner = await project.up();
  await runner.next('run ended', ({ chain }) => chain === 'fn');
  const other = await project.chainReached('other', ({ state }) => state === 'cooling down');
  write('new');
  runner.signal('SIGHUP');
  await runner.next('definition changed', ({ chain }) => chain === 'fn');
  await runner.next('run ended', ({ chain }) => chain === 'fn');
  await runner.next('run ended', ({ chain }) => chain === 'fn');
  assert.equal(readFileSync(record, 'utf8').trim().split('\n').at(-1), 'new');
  const { chains } = await project.status();
  assert.deepEqual(chains.find(({ chain }) => chain === 'other')?.worker, other.worker);
});

/** A chain that a witness of overlap runs, for `seconds`. */
function witnessed(project: UpProject, name: string, seconds: number): object {
  const record = join(project.folder, `record-${name}`);
  const witness = `python3 ${fixture('tasks/witness.py')} ${project.folder}-${name} ${record} ${seconds}`;
  return { tasks: [`sh: ${witness} $((RUNNER_RUN % 2 * 7)); exit $?`], cooldown: '20ms' };
}

function recordOf(project: UpProject, name: string): readonly string[] {
  const path = join(project.folder, `record-${name}`);
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

upTest('an upgrade ends no run and overlaps none; each chain goes on in the new runner', async (project) => {
  const names = ['a', 'b', 'c', 'd'];
  project.configure({
    ...Object.fromEntries(names.map((name) => [name, witnessed(project, name, 0.3)])),
    cooling: { tasks: ['sh: :'], cooldown: '1h' },
    paused: quick,
  });
  const first = await project.up();
  await project.chainReached('cooling', ({ state }) => state === 'cooling down');
  project.done('pause paused');
  for (const name of names) await waitForFile(join(project.folder, `record-${name}`));
  const said = project.done('upgrade');
  assert.match(said, /^runner \d+\.\d+\.\d+ is up as process \d+ and takes the chains over\n/);
  // Its outputs are those of the new runner, too: they are not closed.
  if (first.child.exitCode === null) await once(first.child, 'exit');
  assert.equal(first.child.exitCode, 0);
  const { runner, chains } = await project.reached((status) =>
    status.chains.every(({ state, heldBy }) => heldBy === null && state !== 'waiting'),
  );
  assert.notEqual(runner.pid, first.child.pid);
  const cooling = chains.find(({ chain }) => chain === 'cooling');
  assert.ok((cooling?.cooldown?.remainingMs ?? 0) > 3_500_000);
  assert.equal(chains.find(({ chain }) => chain === 'paused')?.state, 'paused');
  const runs = (await project.status()).chains.map(({ last }) => last?.run ?? 0);
  await project.reached((status) =>
    status.chains.every(
      ({ chain, last }, index) => !names.includes(chain) || (last?.run ?? 0) > (runs[index] ?? 0),
    ),
  );
  project.done('down');
  for (const name of names) {
    const record = recordOf(project, name);
    assert.deepEqual(
      record.filter((line) => line.startsWith('overlap')),
      [],
    );
    assert.equal(
      record.filter((line) => line.startsWith('start')).length,
      record.filter((line) => line.startsWith('end')).length,
    );
    const history = project.history(name);
    assert.deepEqual(
      history.filter(({ outcome }) => outcome !== 'succeeded' && outcome !== 'exited'),
      [],
    );
  }
});

upTest('an upgrade whose new runner refuses to start changes nothing', async (project) => {
  project.configure({ long: { tasks: ['sleep 1000'] } });
  const runner = await project.up();
  await runner.next('run started');
  writeFileSync(join(project.folder, 'runner.config.json'), '{ "chains": {} ');
  const { exitCode, text } = project.say('upgrade');
  assert.match(text, /runner\.config\.json/);
  assert.equal(exitCode, 78);
  const { runner: figures, chains } = await project.status();
  assert.deepEqual([figures.pid, figures.isEnding, chains[0]?.run?.number], [runner.child.pid, false, 1]);
});

upTest('a runner that is stopped by SIGSTOP is not taken over, unless by force', async (project) => {
  project.configure({ long: { tasks: ['sleep 1000'] }, quick });
  const first = await project.up();
  await first.next('run started', ({ chain }) => chain === 'long');
  first.signal('SIGSTOP');
  const asked = project.say('up --takeover');
  assert.match(
    asked.text,
    /Cannot take the chains over from process \d+ .*: it does not answer\. "runner up --force" kills it/,
  );
  assert.equal(asked.exitCode, 75);
  first.signal('SIGCONT');
  await first.next('run ended', ({ chain }) => chain === 'quick');
  await first.next('run ended', ({ chain }) => chain === 'quick');
  // What was asked while it was stopped may have made it leave its seat for a moment.
  await project.reached(({ runner }) => runner.pid === first.child.pid && runner.successor === null);
  first.signal('SIGSTOP');
  await project.up('--force');
  assert.equal((await first.ended).signal, 'SIGKILL');
  const long = await project.chainReached('long', ({ state }) => state === 'worker blocked');
  assert.match(JSON.stringify(long.inTheWay), /sleep 1000/);
});

upTest('kill -9 of the runner with 20 busy chains: every true result, no overlap', async (project) => {
  const names = Array.from({ length: 20 }, (_, index) => `w${index}`);
  project.configure(Object.fromEntries(names.map((name) => [name, witnessed(project, name, 0.1)])));
  const first = await project.up();
  await project.reached(({ chains }) => chains.every(({ last }) => last !== null));
  first.signal('SIGKILL');
  await first.ended;
  const second = await project.up();
  await project.reached(({ chains }) => chains.every(({ last, run }) => last !== null && run !== null));
  project.done('drain');
  assert.equal((await second.ended).exitCode, 0);
  for (const name of names) {
    const record = recordOf(project, name);
    assert.deepEqual(
      record.filter((line) => line.startsWith('overlap')),
      [],
      name,
    );
    const results = new Map(project.history(name).map((line) => [line.run, line]));
    for (const line of record.filter((text) => text.startsWith('end'))) {
      const [, run = 0, status = 0] = line.split(' ').map(Number);
      assert.equal(results.get(run)?.outcome, status === 0 ? 'succeeded' : 'exited', `${name} run ${run}`);
    }
    assert.deepEqual(
      [...results.values()].filter(({ outcome }) => outcome === null),
      [],
      name,
    );
  }
});

upTest('SIGTERM lets runs end, and a second one kills them', async (project) => {
  project.configure({ long: { tasks: ['sh: trap "" TERM; while :; do sleep 0.05; done'] } });
  const runner = await project.up();
  await runner.next('run started');
  runner.signal('SIGTERM');
  await runner.next('stop asked');
  runner.signal('SIGTERM');
  assert.equal((await runner.ended).exitCode, 0);
  assert.deepEqual(
    project.history('long').map(({ outcome }) => outcome),
    ['stopped'],
  );
});
