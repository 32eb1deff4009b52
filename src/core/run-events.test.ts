import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backOff, chainOf } from '../../test/support/chain-definition.ts';
import {
  boot,
  factsOf,
  momentAt,
  pauseOf,
  readyWorker,
  runOf,
  waitUntil,
  workerIdentity,
} from '../../test/support/chain-facts.ts';
import type { ChainDefinition } from './definition.ts';
import type { ChainEvent, RunEnded, RunEndedTold } from './event.ts';
import type { EndingReason, EndingStep, Facts } from './facts.ts';
import { learn } from './learn.ts';
import type { Learned } from './learned.ts';
import type { Ending, Outcome } from './outcome.ts';
import { toDurationMs, toFence, toMonotonicMs, toPassNumber } from './units.ts';
import { unknownUsage } from './usage.ts';

const chain = chainOf([{ timeoutMs: 20_000, successMs: 5_000, failure: backOff(1_000) }, {}]);
const log = { generation: 1, offset: 70 };
const intended: Facts = factsOf({
  state: { lastRun: 1, run: runOf({ stage: { kind: 'intended', at: momentAt(0) } }) },
});
const running: Facts = factsOf({ state: { lastRun: 1, run: runOf() } });
const leftBehind: Facts = factsOf({
  state: {
    lastRun: 1,
    run: runOf({ stage: { kind: 'left behind', since: momentAt(5), outcome: { kind: 'succeeded' } } }),
    cooldown: waitUntil(5_005, 5_000),
  },
});

function ended(changed: Partial<RunEnded> = {}): RunEnded {
  return {
    kind: 'run ended',
    run: 1,
    ending: { kind: 'succeeded' },
    at: momentAt(100),
    boot,
    durationMs: null,
    usage: unknownUsage,
    chance: 0,
    isOver: true,
    leftovers: [],
    ...changed,
  };
}

function over(run = 1): ChainEvent {
  return { kind: 'run over', run, at: momentAt(900), boot };
}

function toldEnd({ told }: Learned): RunEndedTold {
  const [first] = told;
  assert.equal(first?.kind, 'run ended');
  return first;
}

function outcomeAfter(ending: Ending, step: EndingStep | null, definition: ChainDefinition = chain): Outcome {
  const facts = factsOf({ state: { run: runOf({ ending: step }) } });
  return toldEnd(learn(facts, ended({ ending }), definition)).outcome;
}

function ending(why: EndingReason, sinceMs = 50): EndingStep {
  const since = toMonotonicMs(sinceMs);
  return { why, step: 'killed', at: toMonotonicMs(sinceMs + 10_000), since, times: 1 };
}

describe('run intended', () => {
  const before = factsOf({
    fence: toFence(4),
    state: { lastRun: 7, pass: toPassNumber(3), taskIndex: 1, cooldown: waitUntil(10) },
  });
  const { facts, told } = learn(before, { kind: 'run intended', at: momentAt(10), boot, log }, chain);

  test('gives the run the next number, its task, pass and fence', () => {
    const { run, lastRun } = facts.state;
    assert.equal(lastRun, 8);
    assert.deepEqual(run, {
      number: 8,
      pass: 3,
      taskIndex: 1,
      task: 'task2',
      fence: 4,
      boot,
      stage: { kind: 'intended', at: momentAt(10) },
      ending: null,
      worker: null,
      workerLost: null,
      log,
    });
  });

  test('ends the cooldown', () => assert.equal(facts.state.cooldown, null));

  test('is told', () => {
    assert.deepEqual(told, [{ kind: 'run intended', run: facts.state.run, at: momentAt(10).wall }]);
  });

  test('puts the run into the care of a worker that is ready, so that the next runner knows it', () => {
    const ready = factsOf({ worker: readyWorker() });
    const learned = learn(ready, { kind: 'run intended', at: momentAt(0), boot, log }, chain);
    assert.deepEqual(learned.facts.state.run?.worker, workerIdentity());
  });

  test('ends a poke, and the wish to leave out a run stays for the next one that is due', () => {
    const poked = factsOf({ state: { isPoked: true, isSkippingNext: true } });
    const { state } = learn(poked, { kind: 'run intended', at: momentAt(0), boot, log }, chain).facts;
    assert.deepEqual([state.isPoked, state.isSkippingNext], [false, true]);
  });

  test('tells first that a pause ended by itself', () => {
    const paused = factsOf({ state: { pause: pauseOf(0, waitUntil(9)) } });
    const learned = learn(paused, { kind: 'run intended', at: momentAt(10), boot, log }, chain);
    assert.equal(learned.facts.state.pause, null);
    assert.deepEqual(
      learned.told.map((one) => one.kind),
      ['resumed', 'run intended'],
    );
    assert.deepEqual(learned.told[0], { kind: 'resumed', by: null });
  });

  test('is a bug while another run is not over', () => {
    assert.throws(
      () => learn(running, { kind: 'run intended', at: momentAt(0), boot, log }, chain),
      /Run 1 is not over/,
    );
  });

  test('has no name for a task that no configuration can lack', () => {
    const learned = learn(before, { kind: 'run intended', at: momentAt(10), boot, log }, chainOf([{}]));
    assert.equal(learned.facts.state.run?.task, '');
  });
});

describe('run started', () => {
  test('puts the run into the care of its worker', () => {
    const { facts, told } = learn(
      intended,
      { kind: 'run started', at: momentAt(3), worker: workerIdentity() },
      chain,
    );
    assert.deepEqual(
      facts.state.run,
      runOf({ stage: { kind: 'running', since: momentAt(3) }, worker: workerIdentity() }),
    );
    assert.deepEqual(told, [{ kind: 'run started', run: facts.state.run, at: momentAt(3).wall }]);
  });
});

describe('run withdrawn', () => {
  const { facts, told } = learn(intended, { kind: 'run withdrawn', at: momentAt(3), reason: 'no' }, chain);

  test('ends the run without a verdict, and its task is due at once', () => {
    assert.deepEqual(facts.state, { ...intended.state, nextTask: 'task1', run: null, cooldown: null });
    assert.equal(told.length, 1);
    assert.deepEqual(toldEnd({ facts, told }).outcome, { kind: 'withdrawn', reason: 'no' });
    assert.equal(toldEnd({ facts, told }).verdict, 'no verdict');
  });
});

describe('ending step taken', () => {
  function take(facts: Facts, step: EndingStep['step'], atMs: number): Learned {
    const at = toMonotonicMs(atMs);
    return learn(facts, { kind: 'ending step taken', why: 'stop', step, at }, chain);
  }

  test('is remembered, and told', () => {
    const { facts, told } = take(running, 'asked', 7);
    assert.deepEqual(facts.state.run?.ending, { why: 'stop', step: 'asked', at: 7, since: 7, times: 1 });
    assert.deepEqual(told, [{ kind: 'ending step taken', run: facts.state.run, why: 'stop', step: 'asked' }]);
  });

  test('is counted when it is repeated', () => {
    const { facts } = take(take(running, 'killed', 7).facts, 'killed', 1_007);
    assert.deepEqual(facts.state.run?.ending, { why: 'stop', step: 'killed', at: 1_007, since: 7, times: 2 });
  });

  test('is counted anew when it is another one', () => {
    const { facts } = take(take(running, 'cancelled', 7).facts, 'killed', 10_007);
    assert.equal(facts.state.run?.ending?.times, 1);
  });
});

describe('run ended', () => {
  test('gives a run that nobody ended the outcome that its worker saw', () => {
    const exit: Ending = { kind: 'exited', exitCode: 3 };
    assert.deepEqual(outcomeAfter(exit, null), exit);
  });

  test('is a timeout for a run that was ended for it, whatever it made of the signal', () => {
    for (const kind of ['succeeded', 'interrupted'] as const) {
      assert.deepEqual(outcomeAfter({ kind, reason: 'x' }, ending('timeout')), {
        kind: 'timed out',
        timeoutMs: 20_000,
      });
    }
  });

  test('is a timeout for a run whose runner died between the signal and the storing of it', () => {
    const end = { ending: { kind: 'killed', signal: 'SIGTERM' }, durationMs: toDurationMs(20_000) } as const;
    const outcomes = [
      ended(end),
      ended({ ...end, durationMs: toDurationMs(19_999) }),
      ended({ ...end, ending: { kind: 'killed', signal: 'SIGSEGV' } }),
    ].map((event) => toldEnd(learn({ ...running, fence: toFence(2) }, event, chain)).outcome.kind);
    assert.deepEqual(outcomes, ['timed out', 'killed', 'killed']);
    assert.equal(toldEnd(learn(running, ended(end), chain)).outcome.kind, 'killed');
  });

  test('is a timeout also if the configuration has lost its length since', () => {
    assert.deepEqual(outcomeAfter({ kind: 'succeeded' }, ending('timeout'), chainOf([{}])), {
      kind: 'timed out',
      timeoutMs: 0,
    });
  });

  test('is the true outcome of a command that ended after a stop was asked and before it was cancelled', () => {
    const asked: EndingStep = { ...ending('stop'), step: 'asked' };
    assert.deepEqual(outcomeAfter({ kind: 'exited', exitCode: 1 }, asked), { kind: 'exited', exitCode: 1 });
  });

  test('is a stop for a function that was asked and threw', () => {
    const asked: EndingStep = { ...ending('stop'), step: 'asked' };
    const [task] = chain.tasks;
    assert.ok(task !== undefined);
    const work = { kind: 'function', file: '/srv/tasks.js', exportName: 'sync' } as const;
    const threw: Ending = { kind: 'threw', error: { name: 'AbortError', message: '', stack: '' } };
    assert.deepEqual(outcomeAfter(threw, asked, { ...chain, tasks: [{ ...task, work }] }), {
      kind: 'stopped',
    });
  });

  test('is a stop for a run that was stopped and did not succeed', () => {
    assert.deepEqual(outcomeAfter({ kind: 'killed', signal: 'SIGTERM' }, ending('stop')), {
      kind: 'stopped',
    });
    assert.deepEqual(outcomeAfter({ kind: 'succeeded' }, ending('stop')), { kind: 'succeeded' });
  });

  test('is a stop for a run that an operator ended and that did not succeed', () => {
    const cancelled: EndingStep = { ...ending('operator'), step: 'cancelled' };
    for (const step of [ending('operator'), cancelled]) {
      assert.deepEqual(outcomeAfter({ kind: 'killed', signal: 'SIGTERM' }, step), { kind: 'stopped' });
      assert.deepEqual(outcomeAfter({ kind: 'succeeded' }, step), { kind: 'succeeded' });
    }
  });

  test('leaves a pause, a poke and a skip as they are', () => {
    const asked = { pause: pauseOf(0), isPoked: true, isSkippingNext: true };
    const { state } = learn(factsOf({ state: { run: runOf(), ...asked } }), ended(), chain).facts;
    const { pause, isPoked, isSkippingNext } = state;
    assert.deepEqual({ pause, isPoked, isSkippingNext }, asked);
  });

  test('is the true outcome where only the leftovers were ended', () => {
    assert.deepEqual(outcomeAfter({ kind: 'exited', exitCode: 1 }, ending('leftovers')), {
      kind: 'exited',
      exitCode: 1,
    });
  });

  test('is the true outcome where every step to end the run came too late', () => {
    assert.deepEqual(outcomeAfter({ kind: 'succeeded' }, ending('timeout', 101)), { kind: 'succeeded' });
    assert.deepEqual(outcomeAfter({ kind: 'succeeded' }, ending('timeout', 100)).kind, 'timed out');
  });

  test('of another run changes nothing', () => {
    for (const facts of [factsOf(), running, intended, leftBehind]) {
      assert.deepEqual(learn(facts, ended({ run: 2 }), chain), { facts, told: [] });
    }
  });

  test('a second time changes nothing', () => {
    assert.deepEqual(learn(leftBehind, ended(), chain), { facts: leftBehind, told: [] });
  });
});

describe('run over', () => {
  test('begins the whole cooldown again, since it counts from the end of the last process', () => {
    const { facts, told } = learn(leftBehind, over(), chain);
    assert.equal(facts.state.run, null);
    assert.deepEqual(facts.state.cooldown, waitUntil(5_900, 5_000));
    assert.deepEqual(told, [{ kind: 'leftovers gone', run: leftBehind.state.run }]);
  });

  test('begins none after a run that has none', () => {
    const { facts } = learn(factsOf({ state: { ...leftBehind.state, cooldown: null } }), over(), chain);
    assert.deepEqual(facts.state.cooldown, waitUntil(900, 0));
  });

  test('of another run, or of one without an outcome, changes nothing', () => {
    for (const facts of [factsOf(), running, intended]) {
      assert.deepEqual(learn(facts, over(), chain), { facts, told: [] });
    }
    assert.deepEqual(learn(leftBehind, over(2), chain), { facts: leftBehind, told: [] });
  });
});

test('what is done about a run comes to nothing when there is none', () => {
  const at = momentAt(1);
  const events: readonly ChainEvent[] = [
    { kind: 'run started', at, worker: workerIdentity() },
    { kind: 'run withdrawn', at, reason: 'no' },
    { kind: 'ending step taken', why: 'stop', step: 'asked', at: at.monotonic },
  ];
  for (const event of events)
    assert.deepEqual(learn(factsOf(), event, chain), { facts: factsOf(), told: [] });
});
