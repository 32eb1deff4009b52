import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startStory } from '../../test/support/chain-story.ts';
import { assertNextRunAfter, startCooling } from '../../test/support/cooling-story.ts';
import { settled } from '../../test/support/settled.ts';
import type { ChainRequest } from '../core/event.ts';
import { unknownUsage } from '../core/usage.ts';
import { toDurationMs } from '../core/units.ts';

const skip: ChainRequest = { kind: 'skip asked', by: 'ada' };
const drain: ChainRequest = { kind: 'drain asked' };
const outdated: ChainRequest = { kind: 'worker outdated', reason: 'its memory grew' };

describe('somebody who asks something', () => {
  test('is answered only once it is stored', async () => {
    const story = await startStory();
    const goOn = story.slowDisk();
    const asked = await story.pause();
    assert.deepEqual([asked.isAnswered, story.stored.pause], [false, null]);
    goOn();
    await settled();
    assert.equal(asked.isAnswered, true);
    assert.notEqual(story.stored.pause, null);
  });

  test('is not answered while nothing can be stored, and is as soon as it can be', async () => {
    const story = await startStory();
    story.store.failure = 'the disk is full';
    const asked = await story.pause();
    await story.advance(5_000);
    assert.equal(asked.isAnswered, false);
    assert.ok(!story.toldKinds.includes('paused'));
    story.store.failure = null;
    await story.advance(1_000);
    assert.equal(asked.isAnswered, true);
    assert.notEqual(story.stored.pause, null);
    assert.ok(story.toldKinds.includes('paused'));
  });

  test('is answered at once where nothing is to be stored', async () => {
    const story = await startStory();
    assert.equal((await story.ask(drain)).isAnswered, true);
    assert.equal((await story.resume()).isAnswered, true);
  });

  test('is answered after what somebody else asked in the same moment', async () => {
    const story = await startStory();
    story.store.failure = 'the disk is full';
    const asked = await Promise.all([story.poke(), story.ask(skip), story.poke()]);
    assert.deepEqual(
      asked.map(({ isAnswered }) => isAnswered),
      [false, false, false],
    );
    story.store.failure = null;
    await story.advance(1_000);
    assert.deepEqual(
      asked.map(({ isAnswered }) => isAnswered),
      [true, true, true],
    );
  });

  test('is answered also by a chain that finishes, and by one that has', async () => {
    const story = await startCooling();
    story.store.failure = 'the disk is full';
    const asked = await story.poke();
    assert.equal(asked.isAnswered, false);
    await story.stop();
    await story.stop();
    assert.notEqual(story.end, null);
    assert.equal(asked.isAnswered, true);
    assert.equal((await story.poke()).isAnswered, true);
  });
});

describe('a change of the definition', () => {
  test('during a run waits for its end', async () => {
    const story = await startStory({ tasks: [{ name: 'old' }] });
    await story.change([{ name: 'new', timeoutMs: 1_000 }]);
    await story.advance(60_000);
    assert.deepEqual([story.tasksInForce, story.workers.released, story.workers.steps], [['old'], 0, []]);
    await story.when((workers) => workers.succeeds());
    assert.deepEqual([story.tasksInForce, story.workers.released], [['new'], 1]);
    await assertNextRunAfter(story, 1_000);
    assert.deepEqual(story.startedTasks, ['old', 'new']);
    assert.equal(story.workers.definition?.tasks[0]?.name, 'new');
  });

  test('during a cooldown comes into force at once, and the cooldown is not cut', async () => {
    const story = await startCooling([{ name: 'old' }]);
    await story.change([{ name: 'new', successMs: 0 }]);
    assert.deepEqual(story.tasksInForce, ['new']);
    await assertNextRunAfter(story, 5_000);
    assert.deepEqual([story.startedTasks, story.workers.started], [['old', 'new'], 2]);
  });

  test('goes on with the same task', async () => {
    const story = await startCooling([{}, {}, {}]);
    await story.change([{ name: 'task0' }, { name: 'task1' }, { name: 'task2' }]);
    await story.advance(5_000);
    assert.deepEqual(story.startedTasks, ['task1', 'task2']);
  });

  test('deals with what a run left behind', async () => {
    const story = await startStory();
    await story.when((workers) => workers.leavesBehind());
    assert.deepEqual(story.workers.steps, []);
    await story.change([{}], { leftovers: 'kill' });
    assert.deepEqual(story.workers.steps, ['cancelled 1']);
    assert.equal(story.workers.released, 0);
    await story.when((workers) => workers.leftoversEnd());
    assert.equal(story.workers.released, 1);
  });

  test('takes the place of one that is not in force yet', async () => {
    const story = await startStory({ tasks: [{ name: 'old' }] });
    await story.change([{ name: 'never' }]);
    await story.change([{ name: 'new' }]);
    await story.when((workers) => workers.succeeds());
    await story.advance(1_000);
    assert.deepEqual(story.startedTasks, ['old', 'new']);
    assert.equal(story.toldKinds.filter((kind) => kind === 'definition changed').length, 1);
  });

  test('while a run of a dead runner goes on waits for its proof', async () => {
    const story = await startStory({ tasks: [{ name: 'old' }] });
    story.workers.beginning = 'silent';
    await story.start();
    await story.change([{ name: 'new' }]);
    assert.deepEqual(story.tasksInForce, ['old']);
    story.workers.found = { kind: 'began' };
    await story.when((workers) => workers.locked());
    assert.deepEqual([story.tasksInForce, story.outcomes], [['new'], ['interrupted']]);
  });
});

describe('a worker that is outdated', () => {
  test('during a run is replaced after it', async () => {
    const story = await startStory();
    await story.ask(outdated);
    await story.advance(60_000);
    assert.deepEqual([story.workers.released, story.workers.steps], [0, []]);
    await story.when((workers) => workers.succeeds());
    assert.deepEqual([story.workers.released, story.workers.started], [1, 1]);
    await assertNextRunAfter(story, 1_000);
    assert.equal(story.workers.started, 2);
    await story.when((workers) => workers.succeeds());
    await story.advance(1_000);
    assert.deepEqual([story.workers.started, story.workers.released, story.started], [2, 1, 3]);
  });

  test('is replaced at once where it has no run', async () => {
    const story = await startCooling();
    await story.ask(outdated);
    assert.equal(story.workers.released, 1);
  });

  test('is replaced also while a run waits for it', async () => {
    const story = await startCooling();
    await story.ask(outdated);
    story.workers.beginning = 'locked';
    await story.advance(5_000);
    story.workers.beginning = 'ready';
    await story.ask(outdated);
    assert.deepEqual([story.workers.started, story.workers.released], [3, 2]);
    assert.deepEqual([story.started, story.waitingFor], [2, 'running']);
  });

  test('stays while it is held by what a run left behind', async () => {
    const story = await startStory();
    await story.when((workers) => workers.leavesBehind());
    await story.ask(outdated);
    assert.equal(story.workers.released, 0);
    await story.when((workers) => workers.leftoversEnd());
    assert.equal(story.workers.released, 1);
  });

  test('is not heard any more once it was let go', async () => {
    const story = await startStory();
    await story.ask(outdated);
    await story.when((workers) => workers.succeeds());
    await story.advance(1_000);
    const here = { at: story.clock.now(), boot: story.clock.boot, chance: 0 };
    const [first] = story.workers.posts;
    first?.({ kind: 'worker lost', reason: 'it was let go', retryAt: here.at.monotonic, ...here });
    first?.({
      kind: 'run ended',
      run: 2,
      ending: { kind: 'succeeded' },
      durationMs: null,
      usage: unknownUsage,
      isOver: true,
      leftovers: [],
      ...here,
    });
    await settled();
    assert.deepEqual([story.waitingFor, story.workers.started], ['running', 2]);
    assert.deepEqual(story.outcomes, ['succeeded', null]);
  });
});

describe('a poke', () => {
  test('ends the cooldown, and no other one', async () => {
    const story = await startCooling();
    await story.poke();
    assert.equal(story.started, 2);
    await story.when((workers) => workers.succeeds());
    await assertNextRunAfter(story, 5_000);
  });

  test('during a run leaves out the cooldown after it, however often it is asked', async () => {
    const story = await startStory({ tasks: [{ successMs: 5_000 }] });
    await story.poke();
    await story.poke();
    assert.equal(story.started, 1);
    await story.when((workers) => workers.succeeds());
    assert.equal(story.started, 2);
    await story.when((workers) => workers.succeeds());
    await assertNextRunAfter(story, 5_000);
  });

  test('while a worker starts for a run makes no second one', async () => {
    const story = await startCooling();
    await story.ask(outdated);
    story.workers.beginning = 'silent';
    await story.poke();
    await story.poke();
    assert.equal(story.waitingFor, 'worker starting');
    await story.when((workers) => workers.begins());
    await story.when((workers) => workers.succeeds());
    await assertNextRunAfter(story, 5_000);
    assert.equal(story.started, 3);
  });

  test('does not resume a paused chain, and counts when somebody does', async () => {
    const story = await startCooling();
    await story.pause();
    await story.poke();
    await story.advance(1_000);
    assert.deepEqual([story.started, story.waitingFor], [1, 'paused']);
    await story.resume();
    assert.equal(story.started, 2);
  });

  test('outlives the runner', async () => {
    const story = await startStory({ tasks: [{ successMs: 5_000 }] });
    await story.poke();
    story.workers.found = {
      kind: 'ended',
      ending: { kind: 'succeeded' },
      at: story.clock.now(),
      boot: story.clock.boot,
      durationMs: toDurationMs(1),
      usage: unknownUsage,
    };
    await story.start('kept');
    assert.deepEqual([story.outcomes, story.started], [['succeeded', null], 2]);
  });
});

describe('a skip', () => {
  test('leaves out exactly one run, and its cooldown is waited for', async () => {
    const story = await startCooling([{}, { successMs: 3_000 }, {}]);
    await story.ask(skip);
    await story.advance(5_000);
    assert.deepEqual([story.started, story.waitingFor], [1, 'cooling down']);
    await assertNextRunAfter(story, 3_000);
    assert.deepEqual(story.startedTasks, ['task1', 'task3']);
    await story.when((workers) => workers.succeeds());
    await story.advance(5_000);
    assert.deepEqual(story.startedTasks, ['task1', 'task3', 'task1']);
    assert.deepEqual(story.outcomes, ['succeeded', 'succeeded', null]);
  });

  test('during a run leaves out the one after it', async () => {
    const story = await startStory({ tasks: [{}, {}, {}] });
    await story.ask(skip);
    await story.when((workers) => workers.succeeds());
    await story.advance(2_000);
    assert.deepEqual(story.startedTasks, ['task1', 'task3']);
  });

  test('waits for the end of a pause', async () => {
    const story = await startCooling([{}, {}]);
    await story.pause(20_000);
    await story.ask(skip);
    await story.advance(19_999);
    assert.equal(story.stored.isSkippingNext, true);
    await story.advance(1);
    assert.equal(story.stored.isSkippingNext, false);
    assert.deepEqual(story.toldKinds.slice(-3), ['resumed', 'run skipped', 'pass ended']);
  });
});

describe('a pause', () => {
  test('during a run lets it end, and nothing follows until somebody resumes the chain', async () => {
    const story = await startStory();
    await story.pause();
    assert.equal(story.waitingFor, 'running');
    await story.when((workers) => workers.succeeds());
    await story.advance(86_400_000);
    assert.deepEqual([story.started, story.waitingFor, story.workers.steps], [1, 'paused', []]);
    await story.resume();
    assert.equal(story.started, 2);
  });

  test('leaves the rest of the cooldown to be waited for', async () => {
    const story = await startCooling();
    await story.pause();
    await story.advance(2_000);
    await story.resume();
    await assertNextRunAfter(story, 3_000);
  });

  test('with an end is over by itself', async () => {
    const story = await startCooling();
    await story.pause(60_000);
    await assertNextRunAfter(story, 60_000);
    assert.ok(story.toldKinds.includes('resumed'));
    assert.equal(story.stored.pause, null);
  });

  test('with an end before that of the cooldown cuts nothing', async () => {
    const story = await startCooling();
    await story.pause(1_000);
    await assertNextRunAfter(story, 5_000);
  });

  test('goes on over a restart, and so does what is left of one with an end', async () => {
    for (const holds of ['kept', 'stop ends'] as const) {
      const story = await startCooling();
      await story.pause(60_000);
      await story.advance(20_000);
      await story.start(holds);
      assert.equal(story.waitingFor, 'paused');
      await assertNextRunAfter(story, 40_000);
    }
  });

  test('without an end goes on over a restart and a reboot', async () => {
    const story = await startCooling();
    await story.pause();
    await story.stop();
    story.clock.reboot();
    await story.start('kept');
    await story.advance(86_400_000);
    assert.deepEqual([story.started, story.waitingFor], [1, 'paused']);
  });

  test('is over after a restart that resumes', async () => {
    const story = await startCooling();
    await story.pause();
    await story.start('both end');
    await assertNextRunAfter(story, 5_000);
  });

  // A bug of the first days: a run that waited for its worker began in a paused chain.
  test('withdraws a run that has not started, and it is made when the chain is resumed', async () => {
    const story = await startCooling();
    await story.ask(outdated);
    story.workers.beginning = 'silent';
    await story.advance(5_000);
    assert.equal(story.waitingFor, 'worker starting');
    await story.pause();
    assert.equal(story.waitingFor, 'paused');
    await story.when((workers) => workers.begins());
    assert.equal(story.started, 1);
    await story.resume();
    assert.equal(story.started, 2);
    assert.deepEqual(story.outcomes, ['succeeded', 'withdrawn', null]);
  });
});
