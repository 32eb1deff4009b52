import fc from 'fast-check';
import { decide } from '../../src/core/decide.ts';
import type { ChainDefinition } from '../../src/core/definition.ts';
import type { ChainEvent, ChainRequest, JournalEntry, Told } from '../../src/core/event.ts';
import type { Facts, Run } from '../../src/core/facts.ts';
import { initialFacts } from '../../src/core/initial.ts';
import { learn } from '../../src/core/learn.ts';
import type { Ending } from '../../src/core/outcome.ts';
import { nextAfter, toDurationMs, toMonotonicMs } from '../../src/core/units.ts';
import { unknownUsage } from '../../src/core/usage.ts';
import { backOff, chainOf } from './chain-definition.ts';
import { boot, factsOf, momentAt, waitUntil, workerIdentity } from './chain-facts.ts';

/** With which each story begins. */
const chain: ChainDefinition = chainOf(
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

/** What happens in one step of a story: `what` chooses it, `detail` and `other` fill it in. */
export interface Happening {
  readonly what: number;
  readonly detail: number;
  readonly other: number;
  readonly afterMs: number;
}

/** One step of a story, and what was known before and after it. */
export interface Step {
  readonly nowMs: number;
  readonly before: Facts;
  /** The definition in force after it. */
  readonly definition: ChainDefinition;
  /** `null` when another runner takes the chain. */
  readonly event: ChainEvent | null;
  readonly after: Facts;
  readonly told: readonly Told[];
}

/** Any number of them, for fast-check. */
export const stories: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.record({
    what: fc.nat(129),
    detail: fc.nat(99),
    other: fc.nat(99),
    afterMs: fc.constantFrom(0, 1, 500, 1_000, 5_000),
  }),
  { minLength: 10, maxLength: 120 },
);

/** Checks a thousand stories. */
export function holds(check: (steps: readonly Step[]) => void): void {
  fc.assert(
    fc.property(stories, (story) => check(play(story))),
    { numRuns: 1_000 },
  );
}

/** Tells a story: half of it is what `decide` asks for, the rest is whatever may come from outside. */
export function play(story: readonly Happening[]): readonly Step[] {
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
