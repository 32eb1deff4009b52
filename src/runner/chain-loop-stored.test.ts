import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { momentAt } from '../../test/support/chain-facts.ts';
import { startStory } from '../../test/support/chain-story.ts';
import { settled } from '../../test/support/settled.ts';
import type { Ending } from '../core/outcome.ts';
import { toDurationMs } from '../core/units.ts';
import { unknownUsage } from '../core/usage.ts';

const killed: Ending = { kind: 'killed', signal: 'SIGSEGV' };

describe('a state that cannot be stored', () => {
  test('holds the next start back, and the chain goes on when it can be', async () => {
    const story = await startStory();
    await story.when((workers) => workers.succeeds());
    story.store.failure = 'the disk is full';
    await story.advance(10_000);
    assert.equal(story.started, 1);
    assert.equal(story.waitingFor, 'store fails');
    story.store.failure = null;
    await story.advance(1_000);
    assert.equal(story.started, 2);
  });

  test('is told at once, and once', async () => {
    const story = await startStory();
    await story.when((workers) => workers.succeeds());
    story.store.failure = 'the disk is full';
    await story.advance(10_000);
    assert.equal(story.toldKinds.filter((kind) => kind === 'store failed').length, 1);
    story.store.failure = null;
    await story.advance(1_000);
    assert.ok(story.toldKinds.includes('store works again'));
  });

  test('holds back what is told of it', async () => {
    const story = await startStory();
    story.store.failure = 'the disk is full';
    await story.when((workers) => workers.succeeds());
    assert.ok(!story.toldKinds.includes('run ended'));
    story.store.failure = null;
    await story.advance(1_000);
    assert.ok(story.toldKinds.includes('run ended'));
  });

  test('does not keep a run from being ended', async () => {
    const story = await startStory({ tasks: [{ timeoutMs: 5_000 }] });
    story.store.failure = 'the disk is full';
    await story.advance(15_000);
    assert.deepEqual(story.workers.steps, ['cancelled 1', 'killed 1']);
  });

  test('yet, because the disk is slow, does not keep a run from being killed', async () => {
    const story = await startStory();
    const goOn = story.slowDisk();
    await story.ask({ kind: 'chain stopped', at: story.clock.now(), by: 'ada', isNow: true });
    assert.deepEqual(story.workers.steps, ['killed 1']);
    goOn();
  });

  test('does not keep the chain from being stopped, when asked twice', async () => {
    const story = await startStory();
    story.store.failure = 'the disk is full';
    await story.when((workers) => workers.succeeds());
    await story.stop();
    assert.equal(story.end, null);
    await story.stop();
    assert.notEqual(story.end, null);
  });

  test('for a reason that no store names ends the loop', async () => {
    const story = await startStory();
    story.store.save = async () => {
      throw new TypeError('a bug');
    };
    await story.when((workers) => workers.succeeds());
    assert.ok(story.end instanceof TypeError);
    assert.equal(story.workers.released, 1);
  });
});

describe('a run whose runner died', () => {
  test('gets its true outcome from the journal', async () => {
    const story = await startStory({ tasks: [{ failure: 5_000 }] });
    await story.advance(2_000);
    story.workers.found = {
      kind: 'ended',
      ending: killed,
      at: momentAt(1_500, story.clock.now().wall),
      boot: story.clock.boot,
      durationMs: toDurationMs(1_500),
      usage: unknownUsage,
    };
    await story.start();
    assert.equal(story.workers.awaited?.number, 1);
    assert.deepEqual(story.outcomes, ['killed']);
    await story.advance(4_499);
    assert.equal(story.started, 1);
    await story.advance(1);
    assert.equal(story.started, 2);
  });

  test('is interrupted if it began and nobody knows its end', async () => {
    const story = await startStory();
    story.workers.found = { kind: 'began' };
    await story.start();
    assert.deepEqual(story.outcomes, ['interrupted']);
  });

  test('is made again at once if it never began', async () => {
    const story = await startStory();
    await story.start();
    assert.deepEqual(story.outcomes, ['withdrawn', null]);
    assert.deepEqual(story.startedTasks, ['task1', 'task1']);
  });

  test('holds the next run back while it goes on', async () => {
    const story = await startStory();
    story.workers.beginning = 'silent';
    await story.start();
    await story.when((workers) => workers.blockedBy([{ pid: 77, command: 'sleep 60' }]));
    await story.advance(86_400_000);
    assert.equal(story.started, 1);
    assert.equal(story.waitingFor, 'worker blocked');
  });

  test('has its whole timeout, however long it was intended before', async () => {
    const story = await startStory({ tasks: [{ timeoutMs: 60_000 }] });
    story.workers.beginning = 'silent';
    await story.advance(59_000);
    await story.start();
    await story.advance(59_999);
    assert.deepEqual(story.workers.steps, []);
    await story.advance(1);
    assert.deepEqual(story.workers.steps, ['cancelled 1']);
  });
});

test('a chain tells nothing before it is stored, and all in its order', async () => {
  const story = await startStory();
  await story.when((workers) => workers.succeeds());
  await settled();
  assert.deepEqual(story.toldKinds, [
    'run intended',
    'worker ready',
    'run started',
    'run ended',
    'pass ended',
  ]);
});
