import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import {
  boot,
  factsOf,
  momentAt,
  readyWorker,
  runOf,
  waitUntil,
  workerIdentity,
} from '../../test/support/chain-facts.ts';
import type { ChainEvent, JournalEntry } from './event.ts';
import type { Facts, Run, WorkerFact } from './facts.ts';
import { learn } from './learn.ts';
import type { Learned } from './learned.ts';
import type { Outcome } from './outcome.ts';
import { toDurationMs, toMonotonicMs } from './units.ts';
import { unknownUsage } from './usage.ts';

const chain = chainOf([{ successMs: 5_000, failure: 2_000 }]);
const starting: WorkerFact = { kind: 'starting', since: toMonotonicMs(0) };
const loading: WorkerFact = { kind: 'loading', since: toMonotonicMs(0), identity: workerIdentity() };
const ready: WorkerFact = readyWorker();
const holders = [{ pid: 77, command: 'sleep 60' }];
const intended = runOf({ stage: { kind: 'intended', at: momentAt(0) } });
const leftBehind = runOf({
  stage: { kind: 'left behind', since: momentAt(0), outcome: { kind: 'succeeded' } },
});

function factsWith(worker: WorkerFact, run: Run | null = null): Facts {
  return factsOf({ worker, state: { run, lastRun: 1 } });
}

function locked(changed: { found?: JournalEntry; boot?: string } = {}): ChainEvent {
  return {
    kind: 'worker locked',
    at: momentAt(1_000),
    boot,
    chance: 0,
    identity: workerIdentity(),
    found: { kind: 'nothing' },
    ...changed,
  };
}

function lost(facts: Facts): Learned {
  const event = {
    at: momentAt(1_000),
    boot,
    chance: 0,
    reason: 'it was killed',
    retryAt: toMonotonicMs(2_000),
  };
  return learn(facts, { kind: 'worker lost', ...event }, chain);
}

function outcomeOf({ told }: Learned): Outcome | null {
  return told[0]?.kind === 'run ended' ? told[0].outcome : null;
}

test('a worker that is started is starting', () => {
  const learned = learn(factsOf(), { kind: 'worker started', at: toMonotonicMs(0) }, chain);
  assert.deepEqual(learned, { facts: factsOf({ worker: starting }), told: [] });
});

test('a worker that waits for the lock names who has it', () => {
  const learned = learn(
    factsWith(starting, intended),
    { kind: 'worker blocked', at: toMonotonicMs(9), holders },
    chain,
  );
  assert.deepEqual(learned.facts.worker, { kind: 'blocked', since: 9, holders });
  assert.deepEqual(learned.told, [{ kind: 'worker blocked', run: intended, holders }]);
});

describe('a worker that has the lock', () => {
  test('loads the tasks', () => {
    assert.deepEqual(learn(factsWith(starting), locked(), chain).facts.worker, { ...loading, since: 1_000 });
  });

  test('leaves an intended run for when it is ready', () => {
    const { facts, told } = learn(factsWith(starting, intended), locked(), chain);
    assert.deepEqual([facts.state.run, told], [intended, []]);
  });

  test('proves that what a run left behind is gone', () => {
    const { facts, told } = learn(factsWith(starting, leftBehind), locked(), chain);
    assert.equal(facts.state.run, null);
    assert.deepEqual(told, [{ kind: 'leftovers gone', run: leftBehind }]);
  });

  const found: readonly [string, Partial<Run>, Parameters<typeof locked>[0], Outcome][] = [
    [
      'gives a run that ended unseen its true outcome',
      {},
      { found: endedAt(400) },
      { kind: 'exited', exitCode: 3 },
    ],
    [
      'calls a run interrupted that began and has no end',
      {},
      { found: { kind: 'began' } },
      { kind: 'interrupted', reason: 'its worker died together with the runner' },
    ],
    [
      'calls a run interrupted for the reason for which its worker was lost',
      { workerLost: 'it was killed' },
      { found: { kind: 'began' } },
      { kind: 'interrupted', reason: 'it was killed' },
    ],
    [
      'calls a run interrupted that was in progress when the host went down',
      {},
      { found: { kind: 'began' }, boot: 'boot-2' },
      { kind: 'interrupted', reason: 'the host went down' },
    ],
    [
      'calls a run interrupted of which a power cut has taken the journal',
      {},
      { boot: 'boot-2' },
      { kind: 'interrupted', reason: 'the host went down' },
    ],
    [
      'withdraws a run that a dead runner did not come to start',
      {},
      {},
      { kind: 'withdrawn', reason: 'the runner died before it could start it' },
    ],
    [
      'calls a run not started that a lost worker did not begin',
      { workerLost: 'it was killed' },
      {},
      { kind: 'not started', reason: 'it was killed' },
    ],
  ];
  for (const [name, run, event, outcome] of found) {
    test(name, () => {
      const learned = learn(factsWith(starting, runOf(run)), locked(event), chain);
      assert.deepEqual(outcomeOf(learned), outcome);
      assert.equal(learned.facts.state.run, null);
    });
  }

  test('counts the cooldown of a run that ended unseen from its true end', () => {
    const { facts, told } = learn(factsWith(starting, runOf()), locked({ found: endedAt(400) }), chain);
    assert.deepEqual(facts.state.cooldown, waitUntil(2_400, 2_000));
    assert.ok(told[0]?.kind === 'run ended' && told[0].durationMs === 70);
    assert.ok(told[0].endedAt === momentAt(400).wall);
  });

  test('counts the cooldown from now if somebody had the lock until now', () => {
    const blocked: WorkerFact = { kind: 'blocked', since: toMonotonicMs(0), holders };
    const { facts, told } = learn(factsWith(blocked, runOf()), locked({ found: endedAt(400) }), chain);
    assert.deepEqual(facts.state.cooldown, waitUntil(3_000, 2_000));
    assert.ok(told[0]?.kind === 'run ended' && told[0].endedAt === momentAt(400).wall);
  });

  // A bug of the first days: the end of a run from before a reboot was compared with a clock that began anew, so
  // that a host that had been up for a month waited for a month.
  test('counts the cooldown of a run that ended before a reboot in the present boot', () => {
    const monthMs = 30 * 86_400_000;
    const event = locked({ found: endedAt(monthMs), boot: 'boot-2' });
    const { cooldown } = learn(factsWith(starting, runOf()), event, chain).facts.state;
    assert.deepEqual([cooldown?.boot, cooldown?.until], ['boot-2', 3_000]);
  });

  // Found by the simulation: the moment of the other boot was compared with the end of the mute in this one.
  test('tells nothing of a run that failed before a reboot while the chain is muted', () => {
    const monthMs = 30 * 86_400_000;
    const until = { ...waitUntil(5_000), boot: 'boot-2' };
    const muted = factsOf({
      worker: starting,
      state: { run: runOf(), lastRun: 1, mute: { since: momentAt(900), by: 'ada', until } },
    });
    const { told } = learn(muted, locked({ found: endedAt(monthMs), boot: 'boot-2' }), chain);
    const notices = told.flatMap((one) => (one.kind === 'notice' ? [one] : []));
    assert.deepEqual(
      notices.map(({ notice, isHeld }) => [notice.kind, isHeld]),
      [['incident opened', true]],
    );
  });

  test('reminds of a run that failed before a reboot by the clock of the present boot', () => {
    const monthMs = 30 * 86_400_000;
    const event = locked({ found: endedAt(monthMs), boot: 'boot-2' });
    const { incidents } = learn(factsWith(starting, runOf()), event, chain).facts.state.alarm;
    const halfADay = 12 * 3_600_000;
    assert.deepEqual(
      incidents.map(({ remind: { boot: inBoot, until } }) => [inBoot, until]),
      [['boot-2', 1_000 + halfADay]],
    );
  });

  test('begins no cooldown for a run that is withdrawn', () => {
    assert.equal(learn(factsWith(starting, runOf()), locked(), chain).facts.state.cooldown, null);
  });
});

describe('a worker that is ready', () => {
  test('takes the intended run into its care', () => {
    const { facts, told } = learn(factsWith(loading, intended), { kind: 'worker ready' }, chain);
    assert.deepEqual(facts.worker, ready);
    assert.deepEqual(facts.state.run, { ...intended, worker: workerIdentity() });
    assert.deepEqual(told, [{ kind: 'worker ready' }]);
  });

  test('may find nothing to do', () => {
    assert.deepEqual(learn(factsWith(loading), { kind: 'worker ready' }, chain).facts, factsWith(ready));
  });

  test('is not believed without the lock', () => {
    for (const worker of [starting, ready]) {
      const facts = factsWith(worker);
      assert.deepEqual(learn(facts, { kind: 'worker ready' }, chain), { facts, told: [] });
    }
  });
});

describe('a worker that is lost', () => {
  const absent: WorkerFact = { kind: 'absent', notBefore: toMonotonicMs(2_000), reason: 'it was killed' };

  test('may be replaced after a while', () => {
    const { facts, told } = lost(factsWith(ready));
    assert.deepEqual(facts, factsWith(absent));
    assert.deepEqual(told, [{ kind: 'worker lost', reason: 'it was killed' }]);
  });

  test('fails the run that waited for it', () => {
    const learned = lost(factsWith(starting, intended));
    assert.deepEqual(outcomeOf(learned), { kind: 'not started', reason: 'it was killed' });
    assert.deepEqual(learned.facts.state.streaks, { task1: 1 });
  });

  test('leaves its run in progress until the lock proves it over', () => {
    const { facts, told } = lost(factsWith(ready, runOf()));
    assert.deepEqual(facts, factsWith(absent, runOf({ workerLost: 'it was killed' })));
    assert.deepEqual(told, [{ kind: 'worker lost', reason: 'it was killed' }]);
  });

  test('says nothing of a run that was not in its care', () => {
    assert.deepEqual(lost(factsWith(starting, runOf())).facts.state.run, runOf());
    assert.deepEqual(lost(factsWith(ready, leftBehind)).facts.state.run, leftBehind);
  });
});

function endedAt(monotonicMs: number): JournalEntry {
  const ending = { kind: 'exited', exitCode: 3 } as const;
  return {
    kind: 'ended',
    ending,
    at: momentAt(monotonicMs),
    boot,
    durationMs: toDurationMs(70),
    usage: unknownUsage,
  };
}
