import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import {
  boot,
  factsOf,
  momentAt,
  pauseOf,
  readyWorker,
  runOf,
  waitUntil,
} from '../../test/support/chain-facts.ts';
import type { ChainRequest } from './event.ts';
import type { Facts, Run, Wanted } from './facts.ts';
import { learn } from './learn.ts';
import type { Learned } from './learned.ts';
import { toMonotonicMs, toRunNumber } from './units.ts';

const chain = chainOf([{}, {}, {}]);
const at = momentAt(7);
const since = at.monotonic;
const by = 'ada';
const log = { generation: 1, offset: 70 };
const intended = runOf({ stage: { kind: 'intended', at: momentAt(0) } });
const leftBehind = runOf({
  stage: { kind: 'left behind', since: momentAt(5), outcome: { kind: 'succeeded' } },
});
const cooling: Partial<Facts['state']> = { cooldown: waitUntil(900), streaks: { task1: 2 } };

function ask(facts: Facts, request: ChainRequest): Learned {
  return learn(facts, { kind: 'asked', request }, chain);
}

/** Asks all of it, one after the other. */
function askAll(facts: Facts, requests: readonly ChainRequest[]): Learned {
  return requests.reduce<Learned>((learned, request) => ask(learned.facts, request), { facts, told: [] });
}

function withRun(run: Run, changed: Partial<Facts['state']> = {}): Facts {
  return factsOf({ state: { run, lastRun: 1, ...changed } });
}

describe('drain asked', () => {
  test('lets the run in progress end and begins no other, and is told', () => {
    const facts = withRun(runOf());
    const learned = ask(facts, { kind: 'drain asked' });
    assert.deepEqual(learned.facts, { ...facts, wanted: { kind: 'drain' } });
    assert.deepEqual(learned.told, [{ kind: 'drain asked', run: runOf() }]);
  });

  test('changes nothing where a drain or a stop was asked before', () => {
    const before: readonly Wanted[] = [
      { kind: 'drain' },
      { kind: 'stop', since },
      { kind: 'stop now', waitsForStore: false },
    ];
    for (const wanted of before) {
      const facts = factsOf({ wanted });
      assert.deepEqual(ask(facts, { kind: 'drain asked' }), { facts, told: [] });
    }
  });

  test('is followed by a stop that is as patient as any first one', () => {
    const { facts, told } = ask(factsOf({ wanted: { kind: 'drain' } }), {
      kind: 'stop asked',
      at: since,
      isNow: false,
    });
    assert.deepEqual(facts.wanted, { kind: 'stop', since });
    assert.deepEqual(told, [{ kind: 'stop asked', isNow: false, run: null }]);
  });
});

describe('chain stopped', () => {
  const stop: ChainRequest = { kind: 'chain stopped', at, by, isNow: false };
  const stopNow: ChainRequest = { ...stop, isNow: true };

  test('stops as a stop does, and is kept for the terms to come', () => {
    const { facts, told } = ask(withRun(runOf()), stop);
    assert.deepEqual(facts.wanted, { kind: 'stop', since });
    assert.deepEqual(facts.state.stopped, { since: at, by });
    assert.deepEqual(told, [{ kind: 'chain stopped', by, run: runOf() }]);
  });

  test('does not wait for the run where somebody cannot', () => {
    assert.deepEqual(ask(withRun(runOf()), stopNow).facts.wanted, { kind: 'stop now', waitsForStore: true });
  });

  const cases: readonly [string, Wanted, ChainRequest, Wanted][] = [
    ['after a drain counts its grace from now', { kind: 'drain' }, stop, { kind: 'stop', since }],
    [
      'again leaves the grace as it was',
      { kind: 'stop', since: toMonotonicMs(3) },
      stop,
      { kind: 'stop', since: toMonotonicMs(3) },
    ],
    [
      'again is no more patient than before',
      { kind: 'stop now', waitsForStore: false },
      stop,
      { kind: 'stop now', waitsForStore: false },
    ],
    [
      'at once ends the grace',
      { kind: 'stop', since: toMonotonicMs(3) },
      stopNow,
      { kind: 'stop now', waitsForStore: true },
    ],
    [
      'at once does not hold up who ends the runner at once',
      { kind: 'stop now', waitsForStore: false },
      stopNow,
      { kind: 'stop now', waitsForStore: false },
    ],
    [
      'at once is held up no longer when somebody ends the runner at once',
      { kind: 'stop now', waitsForStore: true },
      { kind: 'stop asked', at: since, isNow: true },
      { kind: 'stop now', waitsForStore: false },
    ],
  ];
  for (const [name, wanted, request, expected] of cases) {
    test(name, () => assert.deepEqual(ask(factsOf({ wanted }), request).facts.wanted, expected));
  }

  test('again names who was the first', () => {
    const stopped = { since: momentAt(1), by: 'bob' };
    assert.deepEqual(ask(factsOf({ state: { stopped } }), stop).facts.state.stopped, stopped);
  });

  test('keeps streak and cooldown, as a stop by a signal does', () => {
    for (const request of [stop, stopNow, { kind: 'stop asked', at: since, isNow: true }] as const) {
      const { state } = ask(factsOf({ state: cooling }), request).facts;
      assert.deepEqual([state.cooldown, state.streaks], [cooling.cooldown, cooling.streaks]);
    }
  });
});

describe('pause asked', () => {
  const ask1: ChainRequest = { kind: 'pause asked', at, by, until: null };

  test('pauses the chain and leaves all else as it is', () => {
    const facts = withRun(runOf(), cooling);
    const pause = pauseOf(7);
    const learned = ask(facts, ask1);
    assert.deepEqual(learned.facts, { ...facts, state: { ...facts.state, pause } });
    assert.deepEqual(learned.told, [{ kind: 'paused', pause }]);
  });

  test('may say when the pause ends', () => {
    const { facts } = ask(factsOf(), { ...ask1, until: waitUntil(90) });
    assert.deepEqual(facts.state.pause, pauseOf(7, waitUntil(90)));
  });

  test('takes the place of the pause before', () => {
    const { facts } = ask(factsOf({ state: { pause: pauseOf(1, waitUntil(9)) } }), ask1);
    assert.deepEqual(facts.state.pause, pauseOf(7));
  });
});

describe('mute asked and unmute asked', () => {
  const mute = { since: at, by, until: waitUntil(90) };

  test('keep notices back until then, and leave all else as it is', () => {
    const facts = withRun(runOf(), cooling);
    const learned = ask(facts, { kind: 'mute asked', at, by, until: mute.until });
    assert.deepEqual(learned.facts, { ...facts, state: { ...facts.state, mute } });
    assert.deepEqual(learned.told, [{ kind: 'muted', mute }]);
  });

  test('end it, and nothing where there is none', () => {
    const learned = ask(factsOf({ state: { mute } }), { kind: 'unmute asked', by });
    assert.equal(learned.facts.state.mute, null);
    assert.deepEqual(learned.told, [{ kind: 'unmuted', by }]);
    assert.deepEqual(ask(factsOf(), { kind: 'unmute asked', by }).told, []);
  });
});

describe('resume asked', () => {
  const resume: ChainRequest = { kind: 'resume asked', by, at, boot };

  test('ends the pause, whoever began it, and not the cooldown', () => {
    const byFailure = { since: at, by: { kind: 'failure', task: 'task1' }, until: null } as const;
    for (const pause of [pauseOf(1), pauseOf(1, waitUntil(9)), byFailure]) {
      const { facts, told } = ask(factsOf({ state: { ...cooling, pause } }), resume);
      assert.deepEqual(facts, factsOf({ state: cooling }));
      assert.deepEqual(told, [{ kind: 'resumed', by }]);
    }
  });

  test('changes nothing where there is no pause', () => {
    const facts = factsOf({ state: cooling });
    assert.deepEqual(ask(facts, resume), { facts, told: [] });
  });
});

describe('poke asked', () => {
  const poke: ChainRequest = { kind: 'poke asked', by };

  test('leaves out the cooldown in force, or that after the run in progress', () => {
    const paused = factsOf({ state: { ...cooling, pause: pauseOf(0) } });
    for (const facts of [factsOf({ state: cooling }), paused, withRun(runOf()), withRun(leftBehind)]) {
      const learned = ask(facts, poke);
      assert.deepEqual(learned.facts, { ...facts, state: { ...facts.state, isPoked: true } });
      assert.deepEqual(learned.told, [{ kind: 'poked', by }]);
    }
  });

  test('again changes nothing', () => {
    const facts = factsOf({ state: { isPoked: true } });
    assert.deepEqual(ask(facts, poke), { facts, told: [] });
  });

  // A bug of the first days: two pokes in a cooldown, the second one while the worker started, made two runs.
  test('changes nothing where a run is about to start', () => {
    const facts = withRun(intended);
    assert.deepEqual(ask(facts, poke), { facts, told: [] });
  });

  test('is over with the next run', () => {
    const poked = ask(factsOf({ state: cooling }), poke).facts;
    assert.equal(
      learn(poked, { kind: 'run intended', at, boot: 'b', log }, chain).facts.state.isPoked,
      false,
    );
  });
});

describe('skip asked', () => {
  const skip: ChainRequest = { kind: 'skip asked', by };

  test('leaves the next run out, once it is due', () => {
    const facts = factsOf({ state: cooling });
    const learned = ask(facts, skip);
    assert.deepEqual(learned.facts, { ...facts, state: { ...facts.state, isSkippingNext: true } });
  });

  const cases: readonly [string, Facts, string][] = [
    ['the next task between runs', factsOf({ state: { taskIndex: 1 } }), 'task2'],
    ['the task after the one in progress', withRun(runOf()), 'task2'],
    ['the task after the one that is about to start', withRun(intended), 'task2'],
    ['the first task during the last one', withRun(runOf({ taskIndex: 2 }), { taskIndex: 2 }), 'task1'],
    ['the next task while something is left behind', withRun(leftBehind, { taskIndex: 1 }), 'task2'],
    ['nothing by name that no configuration has', factsOf({ state: { taskIndex: 9 } }), ''],
  ];
  for (const [name, facts, task] of cases) {
    test(`names ${name}`, () => {
      assert.deepEqual(ask(facts, skip).told, [{ kind: 'skip asked', by, task }]);
    });
  }

  test('again changes nothing', () => {
    const facts = factsOf({ state: { isSkippingNext: true } });
    assert.deepEqual(ask(facts, skip), { facts, told: [] });
  });
});

describe('end asked', () => {
  const end: ChainRequest = { kind: 'end asked', step: 'cancelled', at: since, by };
  const kill: ChainRequest = { ...end, step: 'killed' };

  test('is about the run in progress, or about what it left behind', () => {
    for (const run of [runOf(), leftBehind]) {
      const { facts, told } = ask(withRun(run), end);
      assert.deepEqual(facts, { ...withRun(run), endAsked: { run: 1, step: 'cancelled', at: since } });
      assert.deepEqual(told, [{ kind: 'end asked', by, run, step: 'cancelled' }]);
    }
  });

  test('changes nothing where no run is in progress', () => {
    for (const facts of [factsOf(), withRun(intended)])
      assert.deepEqual(ask(facts, end), { facts, told: [] });
  });

  test('may become stronger', () => {
    assert.equal(askAll(withRun(runOf()), [end, kill]).facts.endAsked?.step, 'killed');
  });

  test('does not become weaker, and once is enough', () => {
    for (const before of [end, kill]) {
      const asked: Facts = ask(withRun(runOf()), before).facts;
      assert.deepEqual(askAll(asked, [before, end]), { facts: asked, told: [] });
    }
  });

  test('is about the present run, whatever was asked of an earlier one', () => {
    const endAsked = { run: toRunNumber(1), step: 'killed', at: toMonotonicMs(1) } as const;
    const { facts } = ask({ ...withRun(runOf({ number: toRunNumber(2) })), endAsked }, end);
    assert.deepEqual(facts.endAsked, { run: 2, step: 'cancelled', at: since });
  });
});

describe('worker outdated', () => {
  const outdated: ChainRequest = { kind: 'worker outdated', reason: 'its memory grew' };
  const ready = readyWorker();

  test('marks the worker that is there, and is told', () => {
    const facts = factsOf({ worker: ready, state: { run: runOf() } });
    const learned = ask(facts, outdated);
    assert.deepEqual(learned.facts, { ...facts, staleWorker: 'its memory grew' });
    assert.deepEqual(learned.told, [outdated]);
  });

  test('changes nothing where there is none: the next one is new', () => {
    assert.deepEqual(ask(factsOf(), outdated), { facts: factsOf(), told: [] });
  });

  test('is settled once that worker was let go, has died, or another one was started', () => {
    const { facts } = ask(factsOf({ worker: ready }), outdated);
    const here = { at, boot: 'b', chance: 0 };
    const ends = [
      { kind: 'worker released', reason: 'its memory grew' },
      { kind: 'worker lost', ...here, reason: 'it died', retryAt: since },
      { kind: 'worker started', at: since },
    ] as const;
    for (const event of ends) assert.equal(learn(facts, event, chain).facts.staleWorker, null);
  });

  test('that was let go may be replaced at once', () => {
    const { facts } = learn(factsOf({ worker: ready }), { kind: 'worker released', reason: 'old' }, chain);
    assert.deepEqual(facts.worker, { kind: 'absent', notBefore: null, reason: 'old' });
  });
});
