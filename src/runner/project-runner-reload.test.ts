import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gate } from '../../test/support/memory-host.ts';
import { channelTo } from '../../test/support/channels.ts';
import { chain, RunnerStory } from '../../test/support/runner-story.ts';
import { settled } from '../../test/support/settled.ts';

const by = 'ada';

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
