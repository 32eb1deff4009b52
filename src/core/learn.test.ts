import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { backOff, chainOf } from '../../test/support/chain-definition.ts';
import {
  boot,
  factsOf,
  momentAt,
  pauseOf,
  runOf,
  waitUntil,
  workerIdentity,
} from '../../test/support/chain-facts.ts';
import { toldKinds } from '../../test/support/told-kinds.ts';
import { quietAlarm } from './alarm/alarm.ts';
import { decide, type Decision } from './decide.ts';
import { isPausedAt } from './pause.ts';
import type { ChainDefinition } from './definition.ts';
import type { ChainEvent, ChainRequest, JournalEntry, Told } from './event.ts';
import type { Facts, Run, Wanted } from './facts.ts';
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

/** What the configuration may become during a story: tasks come, go and move. */
const definitions: readonly ChainDefinition[] = [
  chain,
  { ...chain, leftovers: 'wait', tasks: chain.tasks.toReversed() },
  { ...chain, leftovers: 'allow', tasks: chain.tasks.slice(1, 3) },
  chainOf([{ name: 'other', timeoutMs: 2_000, successMs: 4_000 }, { name: 'task4' }, { name: 'other' }]),
];

describe('stop asked', () => {
  const at = toMonotonicMs(7);
  const since = toMonotonicMs(3);
  const cases: readonly [string, Wanted, boolean, Wanted][] = [
    ['lets the run in progress end', { kind: 'run' }, false, { kind: 'stop', since: at }],
    ['again leaves the grace as it was', { kind: 'stop', since }, false, { kind: 'stop', since }],
    ['at once does not wait', { kind: 'run' }, true, { kind: 'stop now', waitsForStore: false }],
    ['at once ends a grace', { kind: 'stop', since }, true, { kind: 'stop now', waitsForStore: false }],
    [
      'again is no more patient than before',
      { kind: 'stop now', waitsForStore: false },
      false,
      { kind: 'stop now', waitsForStore: false },
    ],
  ];
  for (const [name, wanted, isNow, expected] of cases) {
    test(name, () => {
      const event: ChainEvent = { kind: 'asked', request: { kind: 'stop asked', at, isNow } };
      const { facts, told } = learn(factsOf({ wanted, state: { run: runOf() } }), event, chain);
      assert.deepEqual(facts.wanted, expected);
      assert.deepEqual(told, [{ kind: 'stop asked', isNow, run: runOf() }]);
    });
  }
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
  readonly nowMs: number;
  readonly before: Facts;
  /** The definition in force after it. */
  readonly definition: ChainDefinition;
  /** `null` when another runner takes the chain. */
  readonly event: ChainEvent | null;
  readonly after: Facts;
  readonly told: readonly Told[];
}

const stories = fc.array(
  fc.record({
    what: fc.nat(129),
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
      for (const step of steps) {
        const { after, told } = step;
        for (const task of expected.keys()) if (isForgotten(task, step)) expected.delete(task);
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

  test('the next run has a task, known by its name, and passes never go back', () => {
    holds((steps) => {
      for (const { before, after, definition } of steps) {
        const { taskIndex, nextTask } = after.state;
        const task = definition.tasks[taskIndex];
        assert.ok(task !== undefined);
        assert.equal(nextTask ?? task.name, task.name);
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
      for (const { after, definition } of steps) decide(after, definition, toMonotonicMs(1_000_000));
    });
  });

  test('asked twice is asked once', () => {
    holds((steps) => {
      for (const { event, after, definition } of steps) {
        if (event?.kind !== 'asked' || event.request.kind === 'stop asked') continue;
        const again = learn(after, event, definition);
        assert.deepEqual(again.facts, after);
        const isToldAgain = ['pause asked', 'mute asked', 'chain stopped', 'worker outdated'];
        if (!isToldAgain.includes(event.request.kind)) assert.deepEqual(again.told, []);
      }
    });
  });

  test('nothing that people ask touches the run, the streaks, the cooldown or the position', () => {
    holds((steps) => {
      for (const { before, event, after } of steps) {
        if (event?.kind !== 'asked') continue;
        assert.deepEqual(untouched(after), untouched(before));
      }
    });
  });

  test('a change of the definition touches neither the run, nor the cooldown, nor a number', () => {
    holds((steps) => {
      for (const { before, event, after } of steps) {
        if (event?.kind !== 'definition changed') continue;
        const { taskIndex, streaks } = before.state;
        assert.deepEqual({ ...untouched(after), taskIndex, streaks }, untouched(before));
      }
    });
  });

  test('a new runner keeps the cooldown, whatever becomes of pause and stop', () => {
    holds((steps) => {
      for (const { before, event, after } of steps) {
        if (event === null) assert.deepEqual(after.state.cooldown, before.state.cooldown);
      }
    });
  });

  test('the same task is next by another definition as well, in a reload and for a new runner', () => {
    holds((steps) => {
      for (const { before, event, after, definition } of steps) {
        if (event !== null && event.kind !== 'definition changed') continue;
        const { nextTask } = before.state;
        const names = definition.tasks.map(({ name }) => name);
        const isThere = nextTask !== null && names.includes(nextTask);
        if (isThere) assert.equal(after.state.nextTask, nextTask);
        assert.equal(names[after.state.taskIndex], after.state.nextTask);
      }
    });
  });

  test('a cooldown is waited for to its end, after a pause and a resume too, unless somebody poked', () => {
    holds((steps) => {
      for (const { before, event, nowMs } of steps) {
        if (!isTurn(event) || before.state.isPoked) continue;
        assert.ok((before.state.cooldown?.until ?? 0) <= nowMs);
      }
    });
  });

  test('a poke makes one run at most, and none is left from it', () => {
    holds((steps) => {
      let pokes = 0;
      for (const { before, event, told, nowMs } of steps) {
        if (told.some(({ kind }) => kind === 'poked')) pokes += 1;
        if (!isTurn(event)) continue;
        const isEarly = (before.state.cooldown?.until ?? 0) > nowMs;
        assert.ok(!isEarly || pokes === 1, `${pokes} pokes`);
        pokes = 0;
      }
    });
  });

  test('a skip leaves out one run, and without one none is left out', () => {
    holds((steps) => {
      let skips = 0;
      for (const { event, told } of steps) {
        if (told.some(({ kind }) => kind === 'skip asked')) skips += 1;
        if (event?.kind !== 'run skipped') continue;
        assert.equal(skips, 1);
        skips = 0;
      }
    });
  });

  test('nothing begins while the chain is paused or stopped', () => {
    holds((steps) => {
      for (const { before, event, nowMs } of steps) {
        if (!isTurn(event) && event?.kind !== 'run started') continue;
        assert.ok(!isPausedAt(before.state.pause, toMonotonicMs(nowMs)));
        assert.equal(before.state.stopped, null);
      }
    });
  });

  test('a pause never ends a run, and keeps none from its end', () => {
    holds((steps) => {
      for (const { after, definition, nowMs } of steps) {
        const { run } = after.state;
        if (run === null || run.stage.kind === 'intended') continue;
        const answers = [null, pauseOf(0), pauseOf(0, waitUntil(nowMs + 1))].map((pause) =>
          decideOfRun({ ...after, state: { ...after.state, pause } }, definition, nowMs),
        );
        assert.deepEqual(answers[1], answers[0]);
        assert.deepEqual(answers[2], answers[0]);
      }
    });
  });

  test('a worker is let go only while no run is in its care', () => {
    holds((steps) => {
      for (const { before, event } of steps) {
        if (event?.kind === 'worker released') assert.ok((before.state.run?.stage.kind ?? 'none') in isFree);
      }
    });
  });

  test('everything is told in some story', () => {
    const kinds = new Set<string>();
    for (const story of fc.sample(stories, { numRuns: 1_000, seed: 7 }))
      for (const { told } of play(story)) for (const { kind } of told) kinds.add(kind);
    assert.deepEqual([...kinds].toSorted(), Object.keys(toldKinds).toSorted());
  });
});

const isFree: Readonly<Record<string, true>> = { none: true, intended: true };

/** A run begins, or is left out. */
function isTurn(event: ChainEvent | null): boolean {
  return event?.kind === 'run intended' || event?.kind === 'run skipped';
}

/** Whether it is a task that is gone, by a change of the definition. */
function isForgotten(task: string, { event, definition, before }: Step): boolean {
  if (event !== null && event.kind !== 'definition changed') return false;
  return !definition.tasks.some(({ name }) => name === task) && before.state.run?.task !== task;
}

function untouched({ state }: Facts): Partial<Facts['state']> {
  const { run, streaks, cooldown, lastRun, pass, taskIndex } = state;
  return { run, streaks, cooldown, lastRun, pass, taskIndex };
}

/** Tells a story: half of it is what `decide` asks for, the rest is whatever may come from outside. */
function play(story: readonly Happening[]): readonly Step[] {
  const steps: Step[] = [];
  let facts = factsOf();
  let definition = chain;
  let nowMs = 0;
  for (const happening of story) {
    nowMs += happening.afterMs;
    const before = facts;
    if (happening.what < 3) {
      if (happening.what === 2) definition = definitionOf(happening);
      facts = takenOver(facts, { definition, nowMs, choice: happening.other });
      steps.push({ nowMs, before, definition, event: null, after: facts, told: [] });
      continue;
    }
    const event = eventOf(facts, { definition, nowMs, happening });
    if (event === null) continue;
    if (event.kind === 'definition changed') definition = definitionOf(happening);
    const learned = learn(facts, event, definition);
    facts = learned.facts;
    steps.push({ nowMs, before, definition, event, after: facts, told: learned.told });
  }
  return steps;
}

function eventOf(
  facts: Facts,
  by: { readonly definition: ChainDefinition; readonly nowMs: number; readonly happening: Happening },
): ChainEvent | null {
  const { definition, nowMs, happening } = by;
  if (happening.what < 50) return ownEvent(facts, definition, nowMs);
  if (happening.what < 100) return foreignEvent(facts, nowMs, happening);
  if (happening.what < 126) return { kind: 'asked', request: requestOf(nowMs, happening) };
  // The loop changes the definition only between runs.
  const stage = facts.state.run?.stage.kind ?? 'none';
  return stage === 'none' || stage === 'left behind'
    ? { kind: 'definition changed', at: momentAt(nowMs), boot }
    : null;
}

function definitionOf({ detail }: Happening): ChainDefinition {
  return definitions[detail % definitions.length] ?? chain;
}

/** What people may ask at any time. */
function requestOf(nowMs: number, { what, detail, other }: Happening): ChainRequest {
  const at = momentAt(nowMs);
  const by = 'ada';
  if (what < 105) {
    const until = other < 60 ? waitUntil(nowMs + other * 100, other * 100) : null;
    return { kind: 'pause asked', at, by, until };
  }
  if (what < 107) return { kind: 'resume asked', by, at, boot };
  if (what < 109) return { kind: 'mute asked', at, by, until: waitUntil(nowMs + other * 100, other * 100) };
  if (what < 110) return { kind: 'unmute asked', by };
  if (what < 115) return { kind: 'poke asked', by };
  if (what < 119) return { kind: 'skip asked', by };
  if (what < 122)
    return { kind: 'end asked', step: detail < 50 ? 'cancelled' : 'killed', at: at.monotonic, by };
  if (what < 124) return { kind: 'worker outdated', reason: 'its memory grew' };
  if (what < 125) return { kind: 'chain stopped', at, by, isNow: detail < 30 };
  return { kind: 'drain asked' };
}

/** The runner dies and another one takes the chain. */
function takenOver(
  { state, fence }: Facts,
  by: { readonly definition: ChainDefinition; readonly nowMs: number; readonly choice: number },
): Facts {
  const holdings = ['both end', 'both end', 'stop ends', 'kept'] as const;
  return initialFacts({
    stored: state,
    definition: by.definition,
    here: { boot: 'boot-1', now: momentAt(by.nowMs) },
    fence: nextAfter(fence),
    passGoal: null,
    holds: holdings[by.choice % holdings.length] ?? 'both end',
  });
}

/** What `decide` says, leaving out what people are told meanwhile: a pause keeps that back. */
function decideOfRun({ state, ...facts }: Facts, definition: ChainDefinition, nowMs: number): Decision {
  const quiet = { ...facts, state: { ...state, alarm: quietAlarm, mute: null } };
  return decide(quiet, definition, toMonotonicMs(nowMs));
}

/** What the loop makes of the decision. */
function ownEvent(facts: Facts, definition: ChainDefinition, nowMs: number): ChainEvent | null {
  const decision = decide(facts, definition, toMonotonicMs(nowMs));
  const at = momentAt(nowMs);
  switch (decision.kind) {
    case 'intend run':
      return { kind: 'run intended', at, boot, log: { generation: 1, offset: nowMs } };
    case 'start run':
      return { kind: 'run started', at, worker: workerIdentity() };
    case 'withdraw run':
      return { kind: 'run withdrawn', at, reason: decision.reason };
    case 'end run':
      return { ...decision, kind: 'ending step taken', at: at.monotonic };
    case 'give notice':
      return { kind: 'notice due', at, boot };
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
  return { kind: 'asked', request: { kind: 'stop asked', at: at.monotonic, isNow: detail < 50 } };
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
