import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { backOff, chainOf } from '../../test/support/chain-definition.ts';
import { factsOf, momentAt, runOf, workerIdentity } from '../../test/support/chain-facts.ts';
import { decide } from './decide.ts';
import type { ChainEvent, JournalEntry, Told } from './event.ts';
import type { Facts, Run } from './facts.ts';
import { initialFacts } from './initial.ts';
import { learn } from './learn.ts';
import type { Ending } from './outcome.ts';
import { nextAfter, toDurationMs, toMonotonicMs } from './units.ts';
import { unknownUsage } from './usage.ts';

const chain = chainOf(
  [
    { failure: backOff(1_000), timeoutMs: 4_000 },
    { onFailure: 'retry' },
    { onFailure: 'restart' },
    { onFailure: 'pause' },
  ],
  { leftovers: 'kill', stopGraceMs: toDurationMs(3_000), killGraceMs: toDurationMs(2_000) },
);

describe('stop asked', () => {
  const at = toMonotonicMs(7);

  test('once lets the run in progress end', () => {
    const { facts, told } = learn(
      factsOf({ state: { run: runOf() } }),
      { kind: 'asked', request: { kind: 'stop asked', at } },
      chain,
    );
    assert.deepEqual(facts.wanted, { kind: 'stop', since: at });
    assert.deepEqual(told, [{ kind: 'stop asked', isSecond: false, run: runOf() }]);
  });

  test('twice or more does not wait', () => {
    for (const wanted of [{ kind: 'stop', since: at }, { kind: 'stop now' }] as const) {
      const { facts, told } = learn(
        factsOf({ wanted }),
        { kind: 'asked', request: { kind: 'stop asked', at } },
        chain,
      );
      assert.deepEqual(facts.wanted, { kind: 'stop now' });
      assert.deepEqual(told, [{ kind: 'stop asked', isSecond: true, run: null }]);
    }
  });
});

describe('the store', () => {
  const failed: ChainEvent = { kind: 'store failed', reason: 'the disk is full', retryAt: toMonotonicMs(9) };
  const failing = learn(factsOf(), failed, chain).facts;

  test('that fails is told', () => {
    const { facts, told } = learn(factsOf(), failed, chain);
    assert.deepEqual(facts.store, { kind: 'fails', reason: 'the disk is full', retryAt: 9 });
    assert.deepEqual(told, [{ kind: 'store failed', reason: 'the disk is full' }]);
  });

  test('that fails again is told only for a new reason', () => {
    assert.deepEqual(learn(failing, failed, chain).told, []);
    assert.equal(learn(failing, { ...failed, reason: 'it is damaged' }, chain).told.length, 1);
  });

  test('that works again is told', () => {
    const { facts, told } = learn(failing, { kind: 'store worked' }, chain);
    assert.deepEqual([facts, told], [factsOf(), [{ kind: 'store works again' }]]);
  });

  test('that works as ever is not', () => {
    assert.deepEqual(learn(factsOf(), { kind: 'store worked' }, chain), { facts: factsOf(), told: [] });
  });
});

/** What happens in one step of a story: `what` chooses it, `detail` and `other` fill it in. */
interface Happening {
  readonly what: number;
  readonly detail: number;
  readonly other: number;
  readonly afterMs: number;
}

interface Step {
  readonly before: Facts;
  readonly event: ChainEvent | null;
  readonly after: Facts;
  readonly told: readonly Told[];
}

const stories = fc.array(
  fc.record({
    what: fc.nat(99),
    detail: fc.nat(99),
    other: fc.nat(99),
    afterMs: fc.constantFrom(0, 1, 500, 1_000, 5_000),
  }),
  { minLength: 10, maxLength: 120 },
);

function holds(check: (steps: readonly Step[]) => void): void {
  fc.assert(
    fc.property(stories, (story) => check(play(story))),
    { numRuns: 1_000 },
  );
}

describe('whatever happens, in whatever order', () => {
  test('no run begins while another is not over', () => {
    holds((steps) => {
      for (const { before, after } of steps) {
        const [old, present] = [before.state.run, after.state.run];
        assert.ok(old === null || present === null || old.number === present.number);
      }
    });
  });

  test('run numbers grow one by one, and never go back', () => {
    holds((steps) => {
      for (const { before, event, after } of steps) {
        const grown = after.state.lastRun - before.state.lastRun;
        assert.equal(grown, event?.kind === 'run intended' ? 1 : 0);
        assert.ok(after.state.run === null || after.state.run.number === after.state.lastRun);
      }
    });
  });

  test('each run gets exactly one outcome, at the latest when it is gone', () => {
    holds((steps) => {
      const ended: number[] = [];
      for (const { before, after, told } of steps) {
        for (const one of told) if (one.kind === 'run ended') ended.push(one.run.number);
        const gone = after.state.run === null ? before.state.run : null;
        if (gone !== null) assert.equal(ended.at(-1), gone.number);
      }
      assert.equal(new Set(ended).size, ended.length);
    });
  });

  test('a run never goes back to an earlier stage', () => {
    const order = ['intended', 'running', 'left behind'];
    holds((steps) => {
      for (const { before, after } of steps) {
        const [old, present] = [before.state.run, after.state.run];
        if (old === null || present === null) continue;
        assert.ok(order.indexOf(present.stage.kind) >= order.indexOf(old.stage.kind));
      }
    });
  });

  test('an event about another run changes nothing', () => {
    holds((steps) => {
      for (const { before, event, after, told } of steps) {
        if (event?.kind !== 'run ended' && event?.kind !== 'run over') continue;
        if (event.run === before.state.run?.number) continue;
        assert.equal(after, before);
        assert.deepEqual(told, []);
      }
    });
  });

  test('a streak counts the failures since the last success', () => {
    holds((steps) => {
      const expected = new Map<string, number>();
      for (const { after, told } of steps) {
        for (const one of told) {
          if (one.kind !== 'run ended' || one.verdict === 'no verdict') continue;
          const streak = one.verdict === 'success' ? 0 : (expected.get(one.run.task) ?? 0) + 1;
          expected.set(one.run.task, streak);
          assert.equal(one.streak, streak);
        }
        for (const [task, streak] of expected) assert.equal(after.state.streaks[task] ?? 0, streak);
      }
    });
  });

  test('the next run has a task, and passes never go back', () => {
    holds((steps) => {
      for (const { before, after } of steps) {
        assert.ok(after.state.taskIndex >= 0 && after.state.taskIndex < chain.tasks.length);
        assert.ok(after.state.pass === before.state.pass || after.state.pass === before.state.pass + 1);
      }
    });
  });

  test('after the end of a run its cooldown is in force, and only a withdrawn run has none', () => {
    holds((steps) => {
      for (const { after, told } of steps) {
        const end = told.find((one) => one.kind === 'run ended');
        if (end?.kind !== 'run ended') continue;
        assert.equal(after.state.cooldown === null, end.outcome.kind === 'withdrawn');
      }
    });
  });

  test('the facts never hold what decide cannot answer', () => {
    holds((steps) => {
      for (const { after } of steps) decide(after, chain, toMonotonicMs(1_000_000));
    });
  });
});

/** Tells a story: half of it is what `decide` asks for, the rest is whatever may come from outside. */
function play(story: readonly Happening[]): readonly Step[] {
  const steps: Step[] = [];
  let facts = factsOf();
  let nowMs = 0;
  for (const happening of story) {
    nowMs += happening.afterMs;
    const before = facts;
    if (happening.what === 0) {
      facts = takenOver(facts, nowMs);
      steps.push({ before, event: null, after: facts, told: [] });
      continue;
    }
    const event = happening.what < 50 ? ownEvent(facts, nowMs) : foreignEvent(facts, nowMs, happening);
    if (event === null) continue;
    const learned = learn(facts, event, chain);
    facts = learned.facts;
    steps.push({ before, event, after: facts, told: learned.told });
  }
  return steps;
}

/** The runner dies and another one takes the chain. */
function takenOver({ state, fence }: Facts, nowMs: number): Facts {
  const here = { boot: 'boot-1', now: momentAt(nowMs) };
  return initialFacts({
    stored: state,
    definition: chain,
    here,
    fence: nextAfter(fence),
    passGoal: null,
    holds: 'both end',
  });
}

/** What the loop makes of the decision. */
function ownEvent(facts: Facts, nowMs: number): ChainEvent | null {
  const decision = decide(facts, chain, toMonotonicMs(nowMs));
  const at = momentAt(nowMs);
  switch (decision.kind) {
    case 'intend run':
      return { kind: 'run intended', at, boot: 'boot-1' };
    case 'start run':
      return { kind: 'run started', at, worker: workerIdentity() };
    case 'withdraw run':
      return { kind: 'run withdrawn', at, reason: decision.reason };
    case 'end run':
      return { ...decision, kind: 'ending step taken', at: at.monotonic };
    case 'start worker':
      return { kind: 'worker started', at: at.monotonic };
    case 'release worker':
      return { kind: 'worker released', reason: decision.reason };
    case 'skip run':
      return { kind: 'run skipped', at, boot: 'boot-1' };
    case 'store':
      return { kind: 'store worked' };
    case 'wait':
    case 'finish':
      return null;
  }
}

/** What workers, people and disks may do at any time. */
function foreignEvent({ state }: Facts, nowMs: number, { what, detail, other }: Happening): ChainEvent {
  const at = momentAt(nowMs);
  const here = { at, boot: 'boot-1', chance: other / 100 };
  // Mostly the present run, sometimes one of long ago or of the future.
  const run = detail < 80 ? state.lastRun : detail - 80;
  const ending = endings[other % endings.length] ?? { kind: 'succeeded' };
  if (what < 65) {
    const isOver = other < 60;
    return {
      kind: 'run ended',
      run,
      ending,
      ...here,
      durationMs: null,
      usage: unknownUsage,
      isOver,
      leftovers: [],
    };
  }
  if (what < 72) return { kind: 'run over', run, at, boot: 'boot-1' };
  if (what < 74) return { kind: 'worker blocked', at: at.monotonic, holders: [] };
  if (what < 84)
    return {
      kind: 'worker locked',
      ...here,
      identity: workerIdentity(other),
      found: foundIn(state.run, other),
    };
  if (what < 92) return { kind: 'worker ready' };
  if (what < 95) return { kind: 'worker lost', ...here, reason: 'it died', retryAt: at.monotonic };
  if (what < 97) return { kind: 'store failed', reason: 'full', retryAt: toMonotonicMs(nowMs + 1_000) };
  if (what < 99) return { kind: 'store worked' };
  return { kind: 'asked', request: { kind: 'stop asked', at: at.monotonic } };
}

const endings: readonly Ending[] = [
  { kind: 'succeeded' },
  { kind: 'exited', exitCode: 1 },
  { kind: 'killed', signal: 'SIGSEGV' },
];

function foundIn(run: Run | null, choice: number): JournalEntry {
  if (run === null || choice < 20) return { kind: 'nothing' };
  if (choice < 50) return { kind: 'began' };
  const ending = endings[choice % endings.length] ?? { kind: 'succeeded' };
  return {
    kind: 'ended',
    ending,
    at: momentAt(0),
    boot: run.boot,
    durationMs: toDurationMs(0),
    usage: unknownUsage,
  };
}
