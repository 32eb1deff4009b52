import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainOf } from '../../test/support/chain-definition.ts';
import { factsOf, momentAt, runOf } from '../../test/support/chain-facts.ts';
import type { ChainDefinition } from './definition.ts';
import { isBeyondEnding, nextEndingStep, taskOf, type PlannedStep } from './ending.ts';
import type { EndingStep, Run, Wanted } from './facts.ts';
import { toMonotonicMs, toRunNumber } from './units.ts';

const stop: Wanted = { kind: 'stop', since: toMonotonicMs(5_000) };
const plain = chainOf([{}]);
const limited = chainOf([{ timeoutMs: 20_000 }]);
const leftBehind: Partial<Run> = {
  stage: { kind: 'left behind', since: momentAt(3_000), outcome: { kind: 'succeeded' } },
};

function ending(step: EndingStep['step'], atMs: number, changed: Partial<EndingStep> = {}): EndingStep {
  const at = toMonotonicMs(atMs);
  return { step, why: 'stop', at, since: at, times: 1, ...changed };
}

/** The next step to end the run that began at 0, as `step why at`. */
function planned(run: Partial<Run>, wanted: Wanted = { kind: 'run' }, definition = plain): string {
  return textOf(nextEndingStep(factsOf({ state: { run: runOf(run) }, wanted }), definition));
}

/** The same where an operator asked so at 6000. */
function wished(
  step: 'cancelled' | 'killed',
  run: Partial<Run> = {},
  changed: { wanted?: Wanted; of?: number } = {},
): string {
  const { wanted = { kind: 'run' }, of = 1 } = changed;
  const endAsked = { run: toRunNumber(of), step, at: toMonotonicMs(6_000) };
  return textOf(nextEndingStep(factsOf({ state: { run: runOf(run) }, wanted, endAsked }), limited));
}

function textOf(found: PlannedStep | null): string {
  return found === null ? 'nothing' : `${found.step} for ${found.why} at ${found.at}`;
}

const operatorRows: readonly [string, string, string][] = [
  ['comes at once when an operator asks', wished('cancelled'), 'cancelled for operator at 6000'],
  ['is SIGKILL at once for an operator who cannot wait', wished('killed'), 'killed for operator at 6000'],
  [
    'is SIGKILL also after SIGTERM for an operator who cannot wait',
    wished('killed', { ending: ending('cancelled', 5_500) }),
    'killed for operator at 6000',
  ],
  [
    'is not put off by an operator who asks for less than was done',
    wished('cancelled', { ending: ending('cancelled', 5_500) }),
    'killed for stop at 15500',
  ],
  ['is that of a stop that came sooner', wished('cancelled', {}, { wanted: stop }), 'asked for stop at 5000'],
  [
    'is that of an operator where a stop asked only',
    wished('cancelled', { ending: ending('asked', 5_001) }, { wanted: stop }),
    'cancelled for operator at 6000',
  ],
  ['comes for what a run left behind', wished('cancelled', leftBehind), 'cancelled for operator at 6000'],
  [
    'is none that was asked for another run',
    wished('killed', {}, { of: 2 }),
    'cancelled for timeout at 20000',
  ],
  [
    'is none for an operator before the run began',
    wished('killed', { stage: { kind: 'intended', at: momentAt(0) } }),
    'nothing',
  ],
];

describe('the next step to end a run', () => {
  const rows: readonly [string, string, string][] = [
    ['is none while it may run', planned({}), 'nothing'],
    ['is none before it began', planned({ stage: { kind: 'intended', at: momentAt(0) } }, stop), 'nothing'],
    ['comes with its timeout', planned({}, { kind: 'run' }, limited), 'cancelled for timeout at 20000'],
    ['comes at once with a stop', planned({}, stop), 'asked for stop at 5000'],
    [
      'comes after the stop grace when it was asked',
      planned({ ending: ending('asked', 5_001) }, stop),
      'cancelled for stop at 35000',
    ],
    [
      'comes with the timeout if that is sooner than the stop grace',
      planned({ ending: ending('asked', 5_001) }, stop, limited),
      'cancelled for timeout at 20000',
    ],
    [
      'comes with the stop if that is sooner than the timeout',
      planned({}, stop, limited),
      'asked for stop at 5000',
    ],
    [
      'is SIGKILL after the kill grace, for the same reason',
      planned({ ending: ending('cancelled', 7_000, { why: 'timeout' }) }, stop),
      'killed for timeout at 17000',
    ],
    [
      'is SIGKILL after the whole kill grace, however long ago the run was first asked to end',
      planned({ ending: ending('cancelled', 7_000, { since: toMonotonicMs(1_000) }) }, stop),
      'killed for stop at 17000',
    ],
    [
      'is another SIGKILL a second after the last one',
      planned({ ending: ending('killed', 7_000, { times: 3 }) }),
      'killed for stop at 8000',
    ],
    [
      'is SIGKILL at once when a stop cannot wait',
      planned({}, { kind: 'stop now', waitsForStore: false }),
      'killed for stop at 0',
    ],
    [
      'is SIGKILL at once also after SIGTERM',
      planned({ ending: ending('cancelled', 7_000) }, { kind: 'stop now', waitsForStore: false }),
      'killed for stop at 0',
    ],
    ['is none for what it left behind', planned(leftBehind, stop, limited), 'nothing'],
    [
      'goes on for what it left behind while it was being ended',
      planned({ ...leftBehind, ending: ending('cancelled', 2_000, { why: 'timeout' }) }),
      'killed for timeout at 12000',
    ],
    [
      'comes at once for what it left behind where the policy says so',
      planned(leftBehind, { kind: 'run' }, chainOf([{}], { leftovers: 'kill' })),
      'cancelled for leftovers at 3000',
    ],
  ];
  for (const [name, found, expected] of [...rows, ...operatorRows])
    test(name, () => assert.equal(found, expected));

  test('is none without a run', () => assert.equal(nextEndingStep(factsOf({ wanted: stop }), plain), null));
});

test('a run is beyond ending after five times SIGKILL', () => {
  assert.equal(isBeyondEnding(runOf({ ending: ending('killed', 0, { times: 5 }) })), true);
  assert.equal(isBeyondEnding(runOf({ ending: ending('killed', 0, { times: 4 }) })), false);
  assert.equal(isBeyondEnding(runOf({ ending: ending('cancelled', 0, { times: 5 }) })), false);
  assert.equal(isBeyondEnding(runOf()), false);
});

describe('the task of a run', () => {
  function indexOf(run: Partial<Run>, definition: ChainDefinition): number {
    return definition.tasks.indexOf(taskOf(runOf(run), definition));
  }

  test('is found by its place among tasks of the same name', () => {
    const twice = chainOf([{ name: 'send' }, { name: 'wait' }, { name: 'send' }]);
    assert.equal(indexOf({ task: 'send', taskIndex: 2 }, twice), 2);
  });

  test('is found by its name when the configuration has moved it', () => {
    assert.equal(indexOf({ task: 'wait', taskIndex: 0 }, chainOf([{ name: 'send' }, { name: 'wait' }])), 1);
    assert.equal(indexOf({ task: 'send', taskIndex: 7 }, chainOf([{ name: 'send' }])), 0);
  });

  test('is the first when the configuration does not have it any more', () => {
    assert.equal(indexOf({ task: 'gone', taskIndex: 1 }, chainOf([{ name: 'send' }, { name: 'wait' }])), 0);
  });

  test('does not exist in a chain without tasks, which no configuration yields', () => {
    assert.throws(() => taskOf(runOf(), chainOf([])), { message: 'Chain "mail" has no task' });
  });
});
