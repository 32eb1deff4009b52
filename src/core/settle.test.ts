import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backOff, chainOf } from '../../test/support/chain-definition.ts';
import { factsOf, hereAt, momentAt, pauseOf, runOf, waitUntil } from '../../test/support/chain-facts.ts';
import type { OnFailure } from './definition.ts';
import type { Facts } from './facts.ts';
import type { Learned } from './learned.ts';
import type { Outcome } from './outcome.ts';
import { settle, type Settlement } from './settle.ts';
import { toDurationMs } from './units.ts';
import { unknownUsage } from './usage.ts';

const success: Outcome = { kind: 'succeeded' };
const failure: Outcome = { kind: 'exited', exitCode: 1 };
const stopped: Outcome = { kind: 'stopped' };

interface Case extends Partial<Settlement> {
  readonly state?: Partial<Facts['state']>;
  readonly passes?: Partial<Facts['passes']>;
  readonly wanted?: Facts['wanted'];
  readonly onFailure?: OnFailure;
  readonly taskIndex?: number;
}

/** Ends a run of the first of two tasks (or of the second) at 100. */
function settled({
  state,
  passes,
  wanted = { kind: 'run' },
  onFailure = 'continue',
  taskIndex = 0,
  ...changed
}: Case): Learned {
  const run = runOf({ taskIndex, task: `task${taskIndex + 1}` });
  const task = { successMs: 5_000, failure: backOff(1_000), onFailure };
  return settle(
    factsOf({
      wanted,
      state: { lastRun: 1, run, taskIndex, ...state },
      passes: { goal: null, done: 0, isFailing: false, lastFailed: false, ...passes },
    }),
    run,
    {
      definition: chainOf([task, task]),
      outcome: success,
      here: hereAt(100),
      chance: 0,
      durationMs: toDurationMs(60),
      usage: unknownUsage,
      isOver: true,
      leftovers: [],
      ...changed,
    },
  );
}

function kindsOf({ told }: Learned): readonly string[] {
  return told.map((one) => one.kind);
}

describe('the streak of a task', () => {
  test('grows with a failure, by its name', () => {
    const { facts } = settled({ outcome: failure, state: { streaks: { task1: 2, task2: 1 } } });
    assert.deepEqual(facts.state.streaks, { task1: 3, task2: 1 });
  });

  test('begins with a failure', () => {
    assert.deepEqual(settled({ outcome: failure }).facts.state.streaks, { task1: 1 });
  });

  test('ends with a success, which says how long it was', () => {
    const { facts, told } = settled({ state: { streaks: { task1: 2, task2: 1 } } });
    assert.deepEqual(facts.state.streaks, { task2: 1 });
    assert.ok(told[0]?.kind === 'run ended' && told[0].healedStreak === 2 && told[0].streak === 0);
  });

  test('stays with a run that has no verdict', () => {
    const { facts, told } = settled({ outcome: stopped, state: { streaks: { task1: 2 } } });
    assert.deepEqual(facts.state.streaks, { task1: 2 });
    assert.ok(told[0]?.kind === 'run ended' && told[0].healedStreak === 0 && told[0].streak === 2);
  });
});

describe('the cooldown', () => {
  test('counts from the end of the run', () => {
    assert.deepEqual(settled({}).facts.state.cooldown, waitUntil(5_100, 5_000));
  });

  test('of a failure is as long as its streak says', () => {
    const { facts } = settled({ outcome: failure, state: { streaks: { task1: 2 } } });
    assert.deepEqual(facts.state.cooldown, waitUntil(4_100, 4_000));
  });

  test('of a stopped run is that of a success, whatever came before', () => {
    const { facts } = settled({ outcome: stopped, state: { streaks: { task1: 2 } } });
    assert.deepEqual(facts.state.cooldown, waitUntil(5_100, 5_000));
  });

  test('of a withdrawn run is none: it was due', () => {
    const { facts, told } = settled({ outcome: { kind: 'withdrawn', reason: 'a stop' } });
    assert.equal(facts.state.cooldown, null);
    assert.ok(told[0]?.kind === 'run ended' && told[0].next?.cooldownMs === 0);
  });
});

describe('what follows', () => {
  test('is told with the end of the run', () => {
    const { told } = settled({ outcome: failure });
    assert.deepEqual(told.slice(0, 1), [
      {
        kind: 'run ended',
        run: runOf(),
        outcome: failure,
        verdict: 'failure',
        streak: 1,
        healedStreak: 0,
        endedAt: momentAt(100).wall,
        durationMs: 60,
        usage: unknownUsage,
        next: { task: 'task2', pass: 1, cooldownMs: 1_000 },
      },
    ]);
  });

  test('is a pause where the task asks for one after a failure', () => {
    const failed = settled({ outcome: failure, onFailure: 'pause' });
    const pause = { since: momentAt(100), by: { kind: 'failure', task: 'task1' }, until: null };
    assert.deepEqual(failed.facts.state.pause, pause);
    assert.deepEqual(failed.told.at(-1), { kind: 'paused', pause });
  });

  test('is a pause until somebody resumes the chain, also where somebody had paused it for a while', () => {
    const pause = pauseOf(50, waitUntil(900));
    const failed = settled({ outcome: failure, onFailure: 'pause', state: { pause } });
    assert.equal(failed.facts.state.pause?.until, null);
    assert.deepEqual(settled({ outcome: failure, state: { pause } }).facts.state.pause, pause);
  });

  test('is no pause after a success or a stop', () => {
    for (const outcome of [success, stopped]) {
      assert.equal(settled({ outcome, onFailure: 'pause' }).facts.state.pause, null);
    }
  });

  test('is nothing once the chain is asked to stop, or has made its passes', () => {
    const next = [
      settled({ wanted: { kind: 'stop', since: momentAt(50).monotonic } }),
      settled({ taskIndex: 1, passes: { goal: 1 } }),
      settled({ taskIndex: 0, passes: { goal: 1 } }),
    ].map(({ told }) => (told[0]?.kind === 'run ended' ? (told[0].next?.task ?? null) : 'no end'));
    assert.deepEqual(next, [null, null, 'task2']);
  });

  test('has no name where no configuration has its task', () => {
    const { told } = settled({ outcome: stopped, taskIndex: 1, definition: chainOf([{}]) });
    assert.ok(told[0]?.kind === 'run ended' && told[0].next?.task === '');
  });
});

describe('a run that left processes behind', () => {
  const holder = { pid: 77, command: 'sleep 60' };
  const learned = settled({ isOver: false, leftovers: [holder] });

  test('has its outcome and is not over', () => {
    assert.deepEqual(learned.facts.state.run, {
      ...runOf(),
      stage: { kind: 'left behind', since: momentAt(100), outcome: success },
    });
  });

  test('names them', () => {
    assert.deepEqual(learned.told.at(-1), { kind: 'run left behind', run: runOf(), leftovers: [holder] });
  });
});

describe('the last end', () => {
  test('is that of the run, in brief', () => {
    const thrown = { name: 'TypeError', message: 'no queue\nat all', stack: 'at x' };
    const { facts } = settled({
      outcome: { kind: 'threw', error: thrown },
      state: { streaks: { task1: 2 } },
    });
    assert.deepEqual(facts.state.lastEnd, {
      run: 1,
      task: 'task1',
      outcome: { kind: 'threw', error: { name: 'TypeError', message: 'no queue', stack: '' } },
      endedAt: momentAt(100).wall,
      durationMs: 60,
      streak: 3,
    });
  });

  test('stays that of the run before one that was withdrawn', () => {
    const { lastEnd } = settled({}).facts.state;
    const { facts } = settled({ outcome: { kind: 'withdrawn', reason: 'a stop' }, state: { lastEnd } });
    assert.deepEqual(facts.state.lastEnd, lastEnd);
  });
});

describe('the usual length', () => {
  test('takes a success into account, and nothing else', () => {
    assert.deepEqual(settled({}).facts.state.usualMs, { task1: 60 });
    for (const outcome of [failure, stopped]) {
      const { facts } = settled({ outcome, state: { usualMs: { task1: 7 } } });
      assert.deepEqual(facts.state.usualMs, { task1: 7 });
    }
  });
});

test('a task that is called like something every object has counts its failures like any other', () => {
  const run = runOf({ task: 'constructor' });
  const { facts } = settle(factsOf({ state: { run } }), run, {
    definition: chainOf([{ name: 'constructor' }]),
    outcome: failure,
    here: hereAt(100),
    chance: 0,
    durationMs: null,
    usage: unknownUsage,
    isOver: true,
    leftovers: [],
  });
  assert.deepEqual(facts.state.streaks, { constructor: 1 });
});

describe('a pass', () => {
  test('ends with the last task', () => {
    const learned = settled({ taskIndex: 1, passes: { done: 4 } });
    assert.deepEqual(learned.facts.passes, { goal: null, done: 5, isFailing: false, lastFailed: false });
    assert.deepEqual(learned.told.at(-1), { kind: 'pass ended', pass: 1, failed: false });
    assert.equal(learned.facts.state.pass, 2);
  });

  test('does not end before', () => {
    assert.deepEqual(kindsOf(settled({})), ['run ended']);
    assert.equal(settled({}).facts.passes.done, 0);
  });

  test('failed if any of its runs did', () => {
    const first = settled({ outcome: failure });
    assert.equal(first.facts.passes.isFailing, true);
    const last = settled({ taskIndex: 1, passes: first.facts.passes });
    assert.deepEqual(last.facts.passes, { goal: null, done: 1, isFailing: false, lastFailed: true });
    assert.deepEqual(last.told.at(-1), { kind: 'pass ended', pass: 1, failed: true });
  });

  test('that goes well is not blamed for the one before', () => {
    const { facts } = settled({ taskIndex: 1, passes: { done: 1, lastFailed: true } });
    assert.equal(facts.passes.lastFailed, false);
  });

  test('ends early with a failure that restarts the chain', () => {
    const learned = settled({ outcome: failure, onFailure: 'restart' });
    assert.deepEqual(kindsOf(learned), ['run ended', 'incident changed', 'notice', 'pass ended']);
    assert.equal(learned.facts.passes.done, 1);
  });
});
