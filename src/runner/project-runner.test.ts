import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gate, holderNamed } from '../../test/support/memory-host.ts';
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
