import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startStory, type ChainStory } from '../../test/support/chain-story.ts';
import { assertNextRunAfter, startCooling } from '../../test/support/cooling-story.ts';
import type { ChainRequest } from '../core/event.ts';

const drain: ChainRequest = { kind: 'drain asked' };

function chainStopped(story: ChainStory, isNow: boolean): ChainRequest {
  return { kind: 'chain stopped', at: story.clock.now(), by: 'ada', isNow };
}

describe('a drain', () => {
  test('finishes after the run in progress and not before', async () => {
    const story = await startStory();
    await story.ask(drain);
    await story.advance(86_400_000);
    assert.deepEqual([story.end, story.workers.steps], [null, []]);
    await story.when((workers) => workers.succeeds());
    assert.notEqual(story.end, null);
    assert.deepEqual([story.outcomes, story.workers.released], [['succeeded'], 1]);
  });

  test('leaves the cooldown to the next runner', async () => {
    const story = await startCooling();
    await story.advance(1_000);
    await story.ask(drain);
    assert.notEqual(story.end, null);
    await story.start('kept');
    await assertNextRunAfter(story, 4_000);
  });

  test('leaves the timeout of the run in force', async () => {
    const story = await startStory({ tasks: [{ timeoutMs: 60_000 }] });
    await story.ask(drain);
    await story.advance(60_000);
    assert.deepEqual(story.workers.steps, ['cancelled 1']);
  });

  test('leaves alone what a run left behind', async () => {
    const story = await startStory();
    await story.when((workers) => workers.leavesBehind());
    await story.ask(drain);
    assert.notEqual(story.end, null);
    assert.deepEqual(story.workers.steps, []);
  });
});

describe('a chain that somebody stopped', () => {
  test('stays stopped over restarts, until somebody starts it', async () => {
    const story = await startCooling();
    await story.ask(chainStopped(story, false));
    assert.notEqual(story.end, null);
    await story.start('kept');
    assert.notEqual(story.end, null);
    await story.advance(1_000);
    await story.start('stop ends');
    assert.equal(story.stored.stopped, null);
    await assertNextRunAfter(story, 4_000);
  });

  test('lets the run in progress end, for its grace', async () => {
    const story = await startStory();
    await story.ask(chainStopped(story, false));
    assert.deepEqual([story.end, story.workers.steps], [null, ['asked 1']]);
    await story.when((workers) => workers.succeeds());
    assert.notEqual(story.end, null);
    assert.notEqual(story.stored.stopped, null);
  });

  test('has its run killed where somebody cannot wait', async () => {
    const story = await startStory();
    await story.ask(chainStopped(story, true));
    assert.deepEqual(story.workers.steps, ['killed 1']);
  });

  test('still has the run of a dead runner proven over', async () => {
    const story = await startStory();
    await story.ask(chainStopped(story, false));
    story.workers.found = { kind: 'began' };
    await story.start('kept');
    assert.deepEqual(story.outcomes, ['interrupted']);
    assert.notEqual(story.end, null);
    assert.deepEqual([story.started, story.stored.run], [1, null]);
  });
});

describe('an operator', () => {
  function end(story: ChainStory, step: 'cancelled' | 'killed'): ChainRequest {
    return { kind: 'end asked', step, at: story.clock.now().monotonic, by: 'ada' };
  }

  test('ends the run in progress, and no other', async () => {
    const story = await startStory({ tasks: [{}, {}] });
    await story.ask(end(story, 'cancelled'));
    assert.deepEqual(story.workers.steps, ['cancelled 1']);
    await story.advance(10_000);
    assert.deepEqual(story.workers.steps, ['cancelled 1', 'killed 1']);
    await story.when((workers) => workers.isKilledBy('SIGKILL'));
    assert.deepEqual(story.outcomes, ['stopped']);
    await assertNextRunAfter(story, 1_000);
    await story.advance(60_000);
    assert.deepEqual(story.startedTasks, ['task1', 'task1']);
    assert.deepEqual(story.workers.steps, ['cancelled 1', 'killed 1']);
  });

  test('may not want to wait', async () => {
    const story = await startStory();
    await story.ask(end(story, 'cancelled'));
    await story.ask(end(story, 'killed'));
    assert.deepEqual(story.workers.steps, ['cancelled 1', 'killed 1']);
  });

  test('ends what a run left behind, and a stop waits for that', async () => {
    const story = await startStory();
    await story.when((workers) => workers.leavesBehind());
    await story.ask(end(story, 'cancelled'));
    assert.deepEqual(story.workers.steps, ['cancelled 1']);
    await story.stop();
    assert.equal(story.end, null);
    await story.when((workers) => workers.leftoversEnd());
    assert.notEqual(story.end, null);
    assert.deepEqual(story.outcomes, ['succeeded']);
  });

  test('ends a run also while nothing can be stored', async () => {
    const story = await startStory();
    story.store.failure = 'the disk is full';
    await story.ask(end(story, 'cancelled'));
    assert.deepEqual(story.workers.steps, ['cancelled 1']);
  });

  test('has nothing to end between two runs', async () => {
    const story = await startCooling();
    await story.ask(end(story, 'killed'));
    await story.advance(60_000);
    assert.deepEqual([story.started, story.workers.steps], [2, []]);
  });
});
