import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gate, holderNamed } from '../../test/support/memory-host.ts';
import { channelTo } from '../../test/support/channels.ts';
import { chain, RunnerStory } from '../../test/support/runner-story.ts';
import { settled } from '../../test/support/settled.ts';

const by = 'ada';

describe('a runner', () => {
  test('runs its chains side by side', async () => {
    const { host, ...story } = await new RunnerStory().begin(chain('mail'), chain('bills'));
    assert.deepEqual([host.chain('mail').started, host.chain('bills').started], [1, 1]);
    assert.equal(story.end, 'not yet');
  });

  test('knows no chain called as what objects have by themselves', async () => {
    const { runner } = await new RunnerStory().begin(chain('mail'));
    for (const name of ['__proto__', 'constructor', 'toString', '']) {
      assert.deepEqual(await runner.ask(name, { kind: 'poke', by }), {
        kind: 'no such chain',
        known: ['mail'],
      });
    }
  });

  test('fails when there is a bug in the loop of one of its chains', async () => {
    const story = new RunnerStory();
    story.host.chain('mail').workers.start = () => {
      throw new TypeError('a bug');
    };
    await story.begin(chain('mail'), chain('bills'));
    assert.ok(story.end instanceof TypeError);
  });

  test('says of a chain that the runner before still has that it is being given', async () => {
    const story = new RunnerStory();
    story.host.chain('mail').holder = holderNamed(77);
    story.predecessor = { pid: 77, ended: new Promise(() => undefined), stop: () => undefined };
    await story.begin(chain('mail'));
    assert.equal(story.chain('mail').heldBy?.isGiving, true);
  });
});

describe('a reload', () => {
  test('begins what is new, changes what is different after its run, and ends what is gone after its run', async () => {
    const story = await new RunnerStory().begin(chain('same'), chain('changed'), chain('gone'));
    const answer = await story.reload(chain('same'), chain('changed', { name: 'other' }), chain('new'));
    assert.deepEqual(answer, {
      kind: 'carried out',
      plan: [
        { chain: 'same', what: 'untouched', different: [] },
        { chain: 'changed', what: 'changed', different: ['tasks'] },
        { chain: 'new', what: 'new', different: [] },
        { chain: 'gone', what: 'removed', different: [] },
      ],
      settings: [],
    });
    assert.equal(story.host.chain('new').started, 1);
    assert.deepEqual([story.chain('changed').task, story.chain('gone').state], ['task1', 'running']);
    await story.host.when('changed', (workers) => workers.succeeds());
    await story.host.when('gone', (workers) => workers.succeeds());
    assert.equal(story.chain('changed').task, 'other');
    assert.deepEqual(Object.keys(story.states()), ['same', 'changed', 'new']);
  });

  test('leaves an untouched chain its worker, its run and its cooldown', async () => {
    const story = await new RunnerStory().begin(chain('mail', { successMs: 10_000 }));
    await story.host.when('mail', (workers) => workers.succeeds());
    await story.host.advance(4_000);
    await story.reload(chain('mail', { successMs: 10_000 }));
    assert.equal(story.chain('mail').cooldown?.remainingMs, 6_000);
    assert.equal(story.host.chain('mail').workers.started, 1);
  });

  test('takes other channels, and other names for the code of chains that it leaves untouched', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    await story.reload(chain('mail', {}, { codeVersion: 'abc' }));
    assert.deepEqual(story.channels, [[]]);
    assert.equal(
      story.host.told.some(({ told }) => told.kind === 'definition changed'),
      false,
    );
  });

  test('that is a dry run changes nothing', async () => {
    const story = await new RunnerStory().begin(chain('mail'), chain('gone'));
    story.load = async () => ({
      kind: 'loaded',
      definitions: [chain('mail', { name: 'other' }), chain('new')],
      channels: [],
      metrics: null,
    });
    const before = story.status();
    const answer = await story.runner.reload({ by, isDryRun: true });
    assert.equal(answer.kind, 'planned');
    assert.deepEqual(story.status(), before);
  });

  test('moves the place where monitoring looks, unless it is a dry run', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    const metrics = { address: { host: '127.0.0.1', port: 9_464 }, names: [] };
    story.load = async () => ({ kind: 'loaded', definitions: [chain('mail')], channels: [], metrics });
    await story.runner.reload({ by, isDryRun: true });
    assert.equal(story.watched, null);
    await story.runner.reload({ by, isDryRun: false });
    assert.equal(story.watched, metrics);
  });

  test('names what is different besides the chains, once', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    const metrics = { address: { host: '127.0.0.1', port: 9_464 }, names: [] };
    const channels = [channelTo({ kind: 'slack', url: { kind: 'text', text: 'https://example.com' } })];
    story.load = async () => ({ kind: 'loaded', definitions: [chain('mail')], channels, metrics });
    const settings = [];
    for (const isDryRun of [true, false, false]) {
      const answer = await story.runner.reload({ by, isDryRun });
      settings.push('settings' in answer ? answer.settings : answer);
    }
    assert.deepEqual(settings, [['alerts.channels', 'metrics'], ['alerts.channels', 'metrics'], []]);
    assert.match(story.notes[0] ?? '', /1 untouched, 0 removed, alerts\.channels changed, metrics changed$/);
  });

  test('that cannot move it changes nothing, and says why', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    story.watchProblem = 'the port is taken';
    const answer = await story.reload(chain('mail'), chain('new'));
    const reason = 'the port is taken; the old configuration stays in force';
    assert.deepEqual(answer, { kind: 'refused', reason });
    assert.deepEqual([story.states(), story.channels], [{ mail: 'running' }, []]);
  });

  test('that is rejected changes nothing, and names the problems', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    const problems = [{ at: 'runner.config.yaml:1:1', path: null, message: 'No' }];
    story.load = async () => ({ kind: 'rejected', problems });
    const before = story.status();
    assert.deepEqual(await story.runner.reload({ by, isDryRun: false }), { kind: 'rejected', problems });
    assert.deepEqual(story.status(), before);
  });

  test('that adds a chain again whose run goes on since a reload took it out keeps it', async () => {
    const story = await new RunnerStory().begin(chain('mail'), chain('bills'));
    await story.reload(chain('bills'));
    await story.reload(chain('mail', { name: 'other' }), chain('bills'));
    assert.equal(story.chain('mail').state, 'running');
    await story.host.when('mail', (workers) => workers.succeeds());
    await story.host.advance(1_000);
    assert.deepEqual(
      story.host.chain('mail').workers.runs.map(({ task }) => task),
      ['task1', 'other'],
    );
  });

  test('finds a chain that was stopped and taken out stopped when it adds it again', async () => {
    const story = await new RunnerStory().begin(chain('mail'), chain('bills'));
    await story.host.when('mail', (workers) => workers.succeeds());
    await story.runner.ask('mail', { kind: 'stop', by, isNow: false });
    await settled();
    await story.reload(chain('bills'));
    assert.deepEqual(Object.keys(story.states()), ['bills']);
    await story.reload(chain('mail'), chain('bills'));
    assert.equal(story.chain('mail').state, 'stopped');
  });

  test('1 000 times leaves nothing behind, and takes no turn', async () => {
    const story = await new RunnerStory().begin(
      chain('a', { successMs: 5_000 }),
      chain('b', { successMs: 5_000 }),
    );
    await story.host.when('a', (workers) => workers.succeeds());
    await story.host.when('b', (workers) => workers.succeeds());
    for (let count = 0; count < 500; count += 1) {
      await story.reload(chain('a', { successMs: 5_000 }));
      await story.reload(chain('a', { successMs: 5_000 }), chain('b', { successMs: 5_000 }));
    }
    assert.deepEqual(story.states(), { a: 'cooling down', b: 'cooling down' });
    assert.deepEqual([story.host.timers, story.host.chain('a').open, story.host.chain('b').open], [2, 1, 1]);
    await story.host.advance(4_999);
    assert.deepEqual([story.host.chain('a').started, story.host.chain('b').started], [1, 1]);
    await story.host.advance(1);
    assert.deepEqual([story.host.chain('a').started, story.host.chain('b').started], [2, 2]);
  });

  test('asked 1 000 times while one is being loaded loads once more', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    const { closed, open } = gate();
    story.load = () =>
      closed.then(() => ({
        kind: 'loaded',
        definitions: [chain('mail'), chain('new')],
        channels: [],
        metrics: null,
      }));
    const first = story.runner.reload({ by, isDryRun: false });
    await settled();
    const others = Array.from({ length: 1_000 }, () => story.runner.reload({ by, isDryRun: false }));
    open();
    await Promise.all([first, ...others]);
    await settled();
    assert.deepEqual([story.loads, story.host.chain('new').started], [2, 1]);
  });

  test('goes on after one whose load failed with a bug', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    story.load = () => Promise.reject(new TypeError('a bug'));
    await assert.rejects(story.runner.reload({ by, isDryRun: false }), /a bug/);
    await story.reload(chain('mail'), chain('new'));
    assert.equal(story.chain('new').state, 'running');
  });

  test('brings nothing back to a runner that was told to end while it loaded', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    const { closed, open } = gate();
    story.load = () =>
      closed.then(() => ({
        kind: 'loaded',
        definitions: [chain('mail', { name: 'other' }), chain('new')],
        channels: [],
        metrics: null,
      }));
    const answer = story.runner.reload({ by, isDryRun: false });
    await settled();
    story.runner.end('drain', by);
    open();
    assert.equal((await answer).kind, 'refused');
    await story.host.when('mail', (workers) => workers.succeeds());
    assert.deepEqual([story.end, story.host.chain('new').started], ['finished', 0]);
  });
});

describe('the end of a runner', () => {
  test('by a drain comes after the runs in progress, however long they take', async () => {
    const story = await new RunnerStory().begin(chain('busy'), chain('idle'));
    await story.host.when('idle', (workers) => workers.succeeds());
    story.runner.end('drain', by);
    await story.host.advance(86_400_000);
    assert.deepEqual([story.end, story.states()], ['not yet', { busy: 'running' }]);
    await story.host.when('busy', (workers) => workers.succeeds());
    assert.deepEqual([story.end, story.host.timers], ['finished', 0]);
  });

  test('by a stop ends a run after its grace', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    story.runner.end('stop', by);
    await story.host.advance(30_000);
    assert.deepEqual(story.host.chain('mail').workers.steps, ['asked 1', 'cancelled 1']);
  });

  for (const before of [[], ['drain'], ['stop'], ['drain', 'stop']] as const) {
    test(`by a stop now kills the runs at once, after ${before.join(' and ') || 'nothing'}`, async () => {
      const story = await new RunnerStory().begin(chain('mail'));
      for (const how of before) story.runner.end(how, by);
      await settled();
      story.runner.end('stop now', by);
      await settled();
      assert.equal(story.host.chain('mail').workers.steps.at(-1), 'killed 1');
    });
  }

  test('never becomes more patient', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    story.runner.end('stop', by);
    story.runner.end('stop', by);
    story.runner.end('drain', by);
    await settled();
    assert.deepEqual(
      [story.notes, story.host.chain('mail').workers.steps],
      [['ada stops this runner'], ['asked 1']],
    );
  });

  test('refuses to begin anything more', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    story.runner.end('drain', by);
    assert.equal((await story.runner.reload({ by, isDryRun: false })).kind, 'refused');
    assert.equal((await story.runner.upgrade(by)).kind, 'refused');
    assert.equal((await story.runner.ask('mail', { kind: 'start', by })).kind, 'refused');
  });

  test('comes at once where there is no chain', async () => {
    const story = await new RunnerStory().begin();
    story.runner.end('drain', by);
    await settled();
    assert.equal(story.end, 'finished');
  });

  test('waits for the runner before, which a stop stops as well', async () => {
    const story = new RunnerStory();
    const { closed, open } = gate();
    let stops = 0;
    story.host.chain('mail').holder = holderNamed(77);
    story.predecessor = { pid: 77, ended: closed, stop: () => void (stops += 1) };
    await story.begin(chain('mail'));
    story.runner.end('stop', by);
    await settled();
    assert.deepEqual([story.end, stops], ['not yet', 1]);
    story.runner.end('stop now', by);
    await settled();
    assert.deepEqual([story.end, stops], ['not yet', 2]);
    open();
    await settled();
    assert.equal(story.end, 'finished');
  });
});

describe('a hand-over', () => {
  test('gives the chains one by one, each after its run, and ends the runner', async () => {
    const story = await new RunnerStory().begin(chain('idle'), chain('busy'));
    await story.host.when('idle', (workers) => workers.succeeds());
    const released: string[] = [];
    const given = story.runner.handOver(
      { pid: 200 },
      (name) => released.push(name),
      new AbortController().signal,
    );
    await settled();
    assert.deepEqual([released, story.isSeated, story.status().runner.successor], [['idle'], false, 200]);
    await story.host.when('busy', (workers) => workers.succeeds());
    assert.deepEqual([await given, released, story.end], ['given', ['idle', 'busy'], 'finished']);
  });

  test('is taken back when the successor is gone, and no turn is lost', async () => {
    const story = await new RunnerStory().begin(chain('idle', { successMs: 10_000 }), chain('busy'));
    await story.host.when('idle', (workers) => workers.succeeds());
    const gone = new AbortController();
    const given = story.runner.handOver({ pid: 200 }, () => undefined, gone.signal);
    await settled();
    gone.abort();
    assert.equal(await given, 'taken back');
    await settled();
    assert.deepEqual([story.isSeated, story.status().runner.successor], [true, null]);
    assert.deepEqual(story.states(), { idle: 'cooling down', busy: 'running' });
    await story.host.when('busy', (workers) => workers.succeeds());
    await story.host.advance(10_000);
    assert.deepEqual([story.host.chain('idle').started, story.host.chain('busy').started], [2, 2]);
    story.runner.end('drain', by);
    await story.host.when('idle', (workers) => workers.succeeds());
    await story.host.when('busy', (workers) => workers.succeeds());
    assert.equal(story.end, 'finished');
  });

  test('is not taken back from a third runner that has the seat by then', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    const gone = new AbortController();
    const given = story.runner.handOver({ pid: 200 }, () => undefined, gone.signal);
    story.isSeatLost = true;
    gone.abort();
    await settled();
    await story.host.when('mail', (workers) => workers.succeeds());
    assert.deepEqual([await given, story.end], ['given', 'finished']);
  });

  test('is not taken back by a runner that was stopped meanwhile', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    const gone = new AbortController();
    void story.runner.handOver({ pid: 200 }, () => undefined, gone.signal);
    await settled();
    story.runner.end('stop', by);
    gone.abort();
    await settled();
    await story.host.when('mail', (workers) => workers.succeeds());
    assert.deepEqual([story.end, story.host.chain('mail').open], ['finished', 0]);
  });

  test('is refused to a second one, until it was taken back', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    const gone = new AbortController();
    const first = story.runner.handOver({ pid: 200 }, () => undefined, gone.signal);
    assert.equal(
      story.runner.handOver({ pid: 300 }, () => undefined, gone.signal),
      null,
    );
    gone.abort();
    await first;
    assert.notEqual(
      story.runner.handOver({ pid: 300 }, () => undefined, new AbortController().signal),
      null,
    );
  });

  test('gives a runner that drains what it still has', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    story.runner.end('drain', by);
    const released: string[] = [];
    const given = story.runner.handOver(
      { pid: 200 },
      (name) => released.push(name),
      new AbortController().signal,
    );
    await settled();
    await story.host.when('mail', (workers) => workers.succeeds());
    assert.deepEqual([await given, released, story.end], ['given', ['mail'], 'finished']);
  });

  test('gives a stopped chain at once, and it is stopped in the new runner', async () => {
    const first = await new RunnerStory().begin(chain('mail'));
    await first.host.when('mail', (workers) => workers.succeeds());
    await first.runner.ask('mail', { kind: 'stop', by, isNow: false });
    const signal = new AbortController().signal;
    assert.equal(await first.runner.handOver({ pid: 200 }, () => undefined, signal), 'given');
    const second = await new RunnerStory(first.host).begin(chain('mail'));
    assert.deepEqual([second.chain('mail').state, second.chain('mail').stopped?.by], ['stopped', 'ada']);
  });
});

describe('an upgrade', () => {
  test('that fails is told, and the runner goes on', async () => {
    const story = await new RunnerStory().begin(chain('mail'));
    story.successor = async () => ({ kind: 'failed', text: 'No config' });
    assert.deepEqual(await story.runner.upgrade(by), { kind: 'failed', text: 'No config' });
    assert.deepEqual([story.end, story.chain('mail').state], ['not yet', 'running']);
  });
});
