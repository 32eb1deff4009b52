import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backOff } from '../../test/support/chain-definition.ts';
import { momentAt } from '../../test/support/chain-facts.ts';
import { startStory } from '../../test/support/chain-story.ts';
import { settled } from '../../test/support/settled.ts';

describe('a chain', () => {
  test('starts its first run at once', async () => {
    const story = await startStory();
    assert.equal(story.started, 1);
    assert.equal(story.waitingFor, 'running');
  });

  test('has stored the intent before a run starts', async () => {
    const story = await startStory();
    assert.deepEqual(story.outcomes, [null]);
    assert.equal(story.store.stateOf(story.definition.name)?.run?.number, 1);
  });

  test('lets the store take its time only before a long wait that nobody else waits for', async () => {
    const story = await startStory({ tasks: [{ successMs: 10_000 }, { successMs: 9_999 }] });
    const { store } = story;
    const mayWait: boolean[] = [];
    const save = store.save.bind(store);
    store.save = (saving) => {
      mayWait.push(saving.mayWait);
      return save(saving);
    };
    await story.when((workers) => workers.succeeds());
    assert.deepEqual(mayWait.splice(0), [true], 'the end of a run');
    await story.pause();
    await story.resume();
    assert.deepEqual(mayWait.splice(0), [false, false], 'what was asked for');
    await story.poke();
    assert.ok(
      mayWait.splice(0).every((may) => !may),
      'the start of a run',
    );
    await story.when((workers) => workers.succeeds());
    assert.deepEqual(mayWait, [false], 'the end of a run with a short cooldown');
  });

  test('runs its tasks in turn, each after the cooldown of the one before', async () => {
    const story = await startStory({ tasks: [{ successMs: 5_000 }, { successMs: 100 }] });
    await story.when((workers) => workers.succeeds());
    await story.advance(4_999);
    assert.deepEqual(story.startedTasks, ['task1']);
    assert.equal(story.waitingFor, 'cooling down');
    await story.advance(1);
    await story.when((workers) => workers.succeeds());
    await story.advance(100);
    assert.deepEqual(story.startedTasks, ['task1', 'task2', 'task1']);
  });

  test('counts the cooldown from the end of the run', async () => {
    const story = await startStory({ tasks: [{ successMs: 5_000 }] });
    await story.advance(60_000);
    await story.when((workers) => workers.succeeds());
    await story.advance(4_999);
    assert.equal(story.started, 1);
    await story.advance(1);
    assert.equal(story.started, 2);
  });

  test('runs back to back with a cooldown of nothing', async () => {
    const story = await startStory({ tasks: [{ successMs: 0 }] });
    await story.when((workers) => workers.succeeds());
    assert.equal(story.started, 2);
  });

  test('keeps one worker for all its runs', async () => {
    const story = await startStory({ tasks: [{ successMs: 0 }] });
    await story.when((workers) => workers.succeeds());
    await story.when((workers) => workers.succeeds());
    assert.equal(story.workers.started, 1);
  });

  test('does not heed the wall clock', async () => {
    const story = await startStory({ tasks: [{ successMs: 5_000 }] });
    await story.when((workers) => workers.succeeds());
    story.clock.setWallBy(86_400_000);
    await story.advance(4_999);
    assert.equal(story.started, 1);
    story.clock.setWallBy(-20 * 86_400_000);
    await story.advance(1);
    assert.equal(story.started, 2);
  });

  test('keeps its log during a run, however full it is', async () => {
    const story = await startStory();
    story.output.full = true;
    await story.poke();
    assert.equal(story.output.generation, 1);
    await story.when((workers) => workers.succeeds());
    assert.equal(story.output.generation, 2);
  });

  test('gets a new worker and a new log when the log is full', async () => {
    const story = await startStory();
    story.output.full = true;
    await story.when((workers) => workers.succeeds());
    await story.advance(1_000);
    assert.equal(story.output.generation, 2);
    assert.deepEqual([story.workers.started, story.workers.released, story.started], [2, 1, 2]);
  });
});

describe('a failed run', () => {
  test('waits for its cooldown before the next one', async () => {
    const story = await startStory({ tasks: [{ successMs: 0, failure: 20_000 }] });
    await story.when((workers) => workers.exits(1));
    await story.advance(19_999);
    assert.equal(story.started, 1);
    await story.advance(1);
    assert.equal(story.started, 2);
  });

  test('waits longer with each failure in a row, and not after a success', async () => {
    const story = await startStory({ tasks: [{ successMs: 10, failure: backOff(1_000) }] });
    for (const [lengthMs, started] of [
      [1_000, 2],
      [2_000, 3],
      [4_000, 4],
    ] as const) {
      await story.when((workers) => workers.exits(1));
      await story.advance(lengthMs - 1);
      assert.equal(story.started, started - 1);
      await story.advance(1);
      assert.equal(story.started, started);
    }
    await story.when((workers) => workers.succeeds());
    await story.advance(10);
    await story.when((workers) => workers.exits(1));
    await story.advance(1_000);
    assert.equal(story.started, 6);
  });

  const follow = [
    ['continue', 'task3'],
    ['retry', 'task2'],
    ['restart', 'task1'],
  ] as const;
  for (const [onFailure, next] of follow) {
    test(`with "${onFailure}" is followed by ${next}`, async () => {
      const story = await startStory({ tasks: [{}, { onFailure }, {}] });
      await story.when((workers) => workers.succeeds());
      await story.advance(1_000);
      await story.when((workers) => workers.exits(1));
      await story.advance(1_000);
      assert.deepEqual(story.startedTasks, ['task1', 'task2', next]);
    });
  }

  test('with "pause" is followed by nothing, until the chain is started again', async () => {
    const story = await startStory({ tasks: [{}, { onFailure: 'pause' }] });
    await story.when((workers) => workers.succeeds());
    await story.advance(1_000);
    await story.when((workers) => workers.exits(1));
    await story.advance(86_400_000);
    assert.equal(story.started, 2);
    assert.equal(story.waitingFor, 'paused');
    await story.stop();
    await story.start();
    assert.deepEqual(story.startedTasks, ['task1', 'task2', 'task2']);
  });
});

describe('a stop', () => {
  test('during a run lets it end, then finishes', async () => {
    const story = await startStory();
    await story.stop();
    assert.equal(story.end, null);
    await story.when((workers) => workers.succeeds());
    assert.notEqual(story.end, null);
    assert.deepEqual(story.outcomes, ['succeeded']);
    assert.deepEqual(story.workers.steps, ['asked 1']);
  });

  test('cancels a run after the stop grace, and kills it after the kill grace', async () => {
    const story = await startStory();
    await story.stop();
    await story.advance(29_999);
    assert.deepEqual(story.workers.steps, ['asked 1']);
    await story.advance(1);
    assert.deepEqual(story.workers.steps, ['asked 1', 'cancelled 1']);
    await story.advance(10_000);
    assert.deepEqual(story.workers.steps, ['asked 1', 'cancelled 1', 'killed 1']);
    await story.when((workers) => workers.isKilledBy('SIGKILL'));
    assert.deepEqual(story.outcomes, ['stopped']);
    assert.notEqual(story.end, null);
  });

  test('a second time kills at once', async () => {
    const story = await startStory();
    await story.stop();
    await story.stop();
    assert.deepEqual(story.workers.steps, ['asked 1', 'killed 1']);
  });

  test('gives up on a run that not even SIGKILL ends', async () => {
    const story = await startStory();
    await story.stop();
    await story.stop();
    await story.advance(4_000);
    assert.notEqual(story.end, null);
    assert.deepEqual(story.outcomes, [null]);
  });

  test('while the chain cools down finishes at once, and the next runner waits for the rest', async () => {
    const story = await startStory({ tasks: [{ successMs: 5_000 }] });
    await story.when((workers) => workers.succeeds());
    await story.advance(2_000);
    await story.stop();
    assert.notEqual(story.end, null);
    await story.start();
    await story.advance(2_999);
    assert.equal(story.started, 1);
    await story.advance(1);
    assert.equal(story.started, 2);
  });

  test('lets go of the worker', async () => {
    const story = await startStory();
    await story.when((workers) => workers.succeeds());
    await story.stop();
    assert.equal(story.workers.released, 1);
  });

  test('withdraws a run whose worker is not ready', async () => {
    const story = await startStory();
    await story.when((workers) => workers.succeeds());
    story.workers.beginning = 'silent';
    await story.when((workers) => workers.lost('it was killed'));
    await story.advance(1_000);
    await story.stop();
    assert.deepEqual(story.outcomes, ['succeeded', 'withdrawn']);
    assert.notEqual(story.end, null);
  });
});

describe('a timeout', () => {
  test('sends SIGTERM, then SIGKILL after the grace', async () => {
    const story = await startStory({ tasks: [{ timeoutMs: 60_000 }] });
    await story.advance(59_999);
    assert.deepEqual(story.workers.steps, []);
    await story.advance(1);
    assert.deepEqual(story.workers.steps, ['cancelled 1']);
    await story.advance(10_000);
    assert.deepEqual(story.workers.steps, ['cancelled 1', 'killed 1']);
    await story.when((workers) => workers.isKilledBy('SIGKILL'));
    assert.deepEqual(story.outcomes, ['timed out']);
  });

  test('is none for a run that had ended before it, which is heard only now', async () => {
    const story = await startStory({ tasks: [{ timeoutMs: 60_000 }] });
    story.clock.allHeard = async () => story.workers.succeeds();
    await story.advance(60_000);
    assert.deepEqual(story.workers.steps, []);
    assert.deepEqual(story.outcomes, ['succeeded']);
  });

  // Found by the simulation (world 431634): what had been heard before the run began was taken to be enough.
  test('is none for such a run also where the one before has ended in the same way, and the disk is slow', async () => {
    const story = await startStory({ tasks: [{ timeoutMs: 60_000, successMs: 0 }] });
    story.clock.allHeard = async () => story.workers.succeeds();
    let goOn = (): void => undefined;
    story.workers.whenHanded = () => {
      story.workers.whenHanded = () => undefined;
      goOn = story.slowDisk();
      void story.poke();
    };
    await story.advance(60_000);
    await story.advance(60_000);
    goOn();
    await settled();
    assert.deepEqual(story.workers.steps, []);
    goOn();
    await settled();
    assert.deepEqual(story.outcomes.slice(0, 2), ['succeeded', 'succeeded']);
  });

  test('is one also for a run that ends of its signal before this process comes to go on', async () => {
    const story = await startStory({ tasks: [{ timeoutMs: 60_000 }] });
    story.workers.end = () => {
      story.workers.isKilledBy('SIGTERM');
      const later = momentAt(60_005);
      story.clock.now = () => later;
    };
    await story.advance(60_000);
    assert.deepEqual(story.outcomes, ['timed out']);
  });
});

describe('what a run leaves behind', () => {
  test('holds the next run back, and the cooldown begins when it is gone', async () => {
    const story = await startStory({ tasks: [{ successMs: 5_000 }] });
    await story.when((workers) => workers.leavesBehind());
    await story.advance(60_000);
    assert.equal(story.waitingFor, 'left behind');
    assert.deepEqual(story.outcomes, ['succeeded']);
    await story.when((workers) => workers.leftoversEnd());
    await story.advance(4_999);
    assert.equal(story.started, 1);
    await story.advance(1);
    assert.equal(story.started, 2);
  });

  test('is ended where the policy says so', async () => {
    const story = await startStory({ leftovers: 'kill' });
    await story.when((workers) => workers.leavesBehind());
    assert.deepEqual(story.workers.steps, ['cancelled 1']);
    await story.advance(10_000);
    assert.deepEqual(story.workers.steps, ['cancelled 1', 'killed 1']);
  });

  test('is left alone by a stop', async () => {
    const story = await startStory();
    await story.when((workers) => workers.leavesBehind());
    await story.stop();
    assert.notEqual(story.end, null);
    assert.deepEqual(story.workers.steps, []);
  });
});

describe('a worker', () => {
  test('that dies with a run is replaced, and the lock proves the run over', async () => {
    const story = await startStory();
    story.workers.found = { kind: 'began' };
    await story.when((workers) => workers.lost('it was killed'));
    assert.deepEqual(story.outcomes, ['interrupted']);
    assert.equal(story.workers.started, 2);
  });

  test('that cannot start fails the run, and the next one waits for the failure cooldown', async () => {
    const story = await startStory({ tasks: [{ failure: 5_000 }] });
    await story.when((workers) => workers.succeeds());
    story.workers.beginning = 'silent';
    await story.when((workers) => workers.lost('it was killed'));
    await story.advance(1_000);
    assert.equal(story.waitingFor, 'worker starting');
    await story.when((workers) => workers.lost('no such folder', 1_000));
    assert.deepEqual(story.outcomes, ['succeeded', 'not started']);
    await story.advance(4_999);
    assert.equal(story.workers.started, 2);
    await story.advance(1);
    assert.equal(story.workers.started, 3);
  });
});

describe('with a number of passes', () => {
  test('the chain finishes after them', async () => {
    const story = await startStory({ tasks: [{ successMs: 0 }, { successMs: 0 }], passes: 2 });
    for (let run = 0; run < 4; run += 1) await story.when((workers) => workers.succeeds());
    assert.deepEqual(story.end, { goal: 2, done: 2, isFailing: false, lastFailed: false });
    assert.equal(story.started, 4);
  });

  test('the chain says whether the last of them failed', async () => {
    const story = await startStory({ tasks: [{ failure: 0, successMs: 0 }, {}], passes: 1 });
    await story.when((workers) => workers.exits(1));
    await story.when((workers) => workers.succeeds());
    assert.deepEqual(story.end, { goal: 1, done: 1, isFailing: false, lastFailed: true });
  });
});

test('the output is watched while a run is in progress, until what it left behind is gone, and not else', async () => {
  const story = await startStory({ tasks: [{ successMs: 1_000 }] });
  assert.equal(story.output.isWatched, true);
  await story.when((workers) => workers.succeeds());
  assert.equal(story.output.isWatched, false);
  await story.advance(1_000);
  assert.equal(story.output.isWatched, true);
  await story.start();
  assert.equal(story.output.isWatched, true, 'also when the run is of the runner before');
  await story.when((workers) => workers.succeeds());
  await story.stop();
  assert.equal(story.output.isWatched, false);
});
