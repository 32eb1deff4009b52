import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import { boot, factsOf, momentAt, readyWorker, runOf } from '../../test/support/chain-facts.ts';
import type { ChainDefinition, Isolation, RecycleLimits, Work } from './definition.ts';
import type { RunEnded } from './event.ts';
import type { WorkerFact } from './facts.ts';
import { learn } from './learn.ts';
import type { Learned } from './learned.ts';
import { staleAfter } from './recycle.ts';
import { toDurationMs, toMonotonicMs } from './units.ts';
import type { Usage } from './usage.ts';

const hourMs = 3_600_000;

interface Case {
  readonly isolation?: Isolation;
  readonly limits?: Partial<{ readonly [Key in keyof RecycleLimits]: number }>;
  readonly kind?: Work['kind'];
  readonly worker?: WorkerFact;
  readonly memoryKib?: number | null;
  readonly atMs?: number;
}

function definitionOf({ isolation = 'chain', limits = {}, kind = 'function' }: Case): ChainDefinition {
  const { runs = null, memoryKib = null, ageMs } = limits;
  const plain = chainOf([{}]);
  const work: Work =
    kind === 'command' ? { kind, argv: ['/bin/true'] } : { kind, file: '/srv/tasks.ts', exportName: 'send' };
  return {
    ...plain,
    tasks: plain.tasks.map((task) => ({ ...task, work })),
    isolation,
    recycle: { runs, memoryKib, ageMs: ageMs === undefined ? null : toDurationMs(ageMs) },
  };
}

function usageOf({ memoryKib = 50_000 }: Case): Usage {
  return { cpuMs: toDurationMs(3), memoryKib };
}

function reasonIn(one: Case): string | null {
  const facts = factsOf({ worker: one.worker ?? readyWorker(0, 1) });
  const ended = { run: runOf(), usage: usageOf(one), at: toMonotonicMs(one.atMs ?? 1_000) };
  return staleAfter(facts, ended, definitionOf(one));
}

const absent: WorkerFact = { kind: 'absent', notBefore: null, reason: null };

describe('a worker is kept', () => {
  const kept: readonly [string, Case][] = [
    ['where nothing limits it', { worker: readyWorker(0, 1_000_000), atMs: 1_000 * hourMs }],
    ['before its last run', { limits: { runs: 3 }, worker: readyWorker(0, 2) }],
    ['with as much memory as it may have', { limits: { memoryKib: 50_000 } }],
    ['where its memory is not known', { limits: { memoryKib: 1 }, memoryKib: null }],
    ['after a command, which took its memory with it', { limits: { memoryKib: 1 }, kind: 'command' }],
    [
      'where chains share it, whatever it does',
      { isolation: 'shared', limits: { runs: 1, memoryKib: 1, ageMs: 1 }, worker: readyWorker(0, 9) },
    ],
    ['until it is old', { limits: { ageMs: hourMs }, worker: readyWorker(5), atMs: hourMs + 4 }],
  ];
  for (const [name, one] of kept) test(name, () => assert.equal(reasonIn(one), null));
});

describe('a worker is replaced', () => {
  const replaced: readonly [string, Case, string][] = [
    [
      'after its last run',
      { limits: { runs: 3 }, worker: readyWorker(0, 3) },
      'the old one has made the 3 runs of "recycle.runs"',
    ],
    [
      'after a run for which a lower limit came into force',
      { limits: { runs: 3 }, worker: readyWorker(0, 9) },
      'the old one has made the 3 runs of "recycle.runs"',
    ],
    [
      'when it has grown too large',
      { limits: { memoryKib: 49_152 }, memoryKib: 49_153 },
      'the old one has grown to 49 MiB, above the 48 MiB of "recycle.memory"',
    ],
    [
      'when it is old',
      { limits: { ageMs: hourMs }, worker: readyWorker(5), atMs: hourMs + 5 },
      'the old one has reached the 1h of "recycle.age"',
    ],
    ['after each run that is to be alone', { isolation: 'run' }, 'each run has a worker of its own'],
    [
      'after a command that is to be alone',
      { isolation: 'run', kind: 'command' },
      'each run has a worker of its own',
    ],
    [
      'for its size first, which tells most',
      { limits: { runs: 1, memoryKib: 1, ageMs: 1 }, memoryKib: 2_048 },
      'the old one has grown to 2 MiB, above the 1 MiB of "recycle.memory"',
    ],
  ];
  for (const [name, one, reason] of replaced) test(name, () => assert.equal(reasonIn(one), reason));
});

test('where there is no worker, none is replaced', () => {
  assert.equal(reasonIn({ isolation: 'run', worker: absent }), null);
});

describe('the end of a run', () => {
  const limited = definitionOf({ limits: { runs: 2 } });
  const ended: RunEnded = {
    kind: 'run ended',
    run: 1,
    ending: { kind: 'succeeded' },
    at: momentAt(1_000),
    boot,
    durationMs: toDurationMs(1_000),
    usage: usageOf({}),
    chance: 0,
    isOver: true,
    leftovers: [],
  };

  function learnt(event: RunEnded, definition: ChainDefinition, staleWorker: string | null = null): Learned {
    const facts = factsOf({ worker: readyWorker(0, 2), staleWorker, state: { lastRun: 1, run: runOf() } });
    return learn(facts, event, definition);
  }

  function afterEnd(event: RunEnded, staleWorker: string | null = null): string | null {
    return learnt(event, limited, staleWorker).facts.staleWorker;
  }

  function toldAfter(definition: ChainDefinition): readonly string[] {
    return learnt(ended, definition).told.map(({ kind }) => kind);
  }

  test('tells that the worker is stale', () => {
    assert.deepEqual(toldAfter(limited), ['run ended', 'pass ended', 'worker outdated']);
  });

  test('tells nothing where the worker is kept, or was for this run only', () => {
    assert.deepEqual(toldAfter(definitionOf({})), ['run ended', 'pass ended']);
    assert.deepEqual(toldAfter(definitionOf({ isolation: 'run' })), ['run ended', 'pass ended']);
  });

  test('makes the worker stale', () => {
    assert.equal(afterEnd(ended), 'the old one has made the 2 runs of "recycle.runs"');
  });

  test('makes it stale also where something is left behind', () => {
    assert.equal(afterEnd({ ...ended, isOver: false }), 'the old one has made the 2 runs of "recycle.runs"');
  });

  test('leaves the reason that it was outdated for', () => {
    assert.equal(afterEnd(ended, 'its file has changed'), 'its file has changed');
  });

  test('of another run changes nothing', () => {
    assert.equal(afterEnd({ ...ended, run: 7 }), null);
  });
});

test('a start counts as a run of its worker', () => {
  const run = runOf({ stage: { kind: 'intended', at: momentAt(0) } });
  const facts = factsOf({ worker: readyWorker(0, 4), state: { lastRun: 1, run } });
  const worker = { boot, namespace: '1', pid: 1_001, startedTicks: '1' };
  const started = learn(facts, { kind: 'run started', at: momentAt(0), worker }, definitionOf({}));
  assert.deepEqual(started.facts.worker, readyWorker(0, 5));
});
