import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backOff, chainNamed, chainOf } from '../../test/support/chain-definition.ts';
import type { ChainDefinition } from './definition.ts';
import { planReload, type PlannedChange } from './reload-plan.ts';
import { toDurationMs } from './units.ts';

const mail = chainOf([{ name: 'send', failure: backOff(1_000) }, { name: 'wait' }], {
  environment: { TZ: 'UTC', TOKEN: 'a' },
});
const backup = { ...mail, name: chainNamed('backup') };

/** The same data, with the keys of each object written the other way round. */
function turned<Data>(value: Data): Data {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toReversed())
      : part,
  ) as Data;
}

function differenceTo(changed: Partial<ChainDefinition>): PlannedChange | undefined {
  return planReload([mail], [{ ...mail, ...changed }])[0];
}

describe('a new configuration', () => {
  test('that says the same leaves all chains untouched, in whatever order its keys are written', () => {
    const untouched = [mail, backup].map(({ name }) => ({ chain: name, what: 'untouched', different: [] }));
    assert.deepEqual(planReload([mail, backup], [mail, backup]), untouched);
    assert.deepEqual(planReload([mail, backup], [turned(mail), turned(backup)]), untouched);
    assert.deepEqual(planReload([backup, mail], [mail, backup]), untouched);
  });

  test('that differs in the name of the code’s version alone leaves a chain untouched', () => {
    assert.equal(differenceTo({ codeVersion: 'abc' })?.what, 'untouched');
  });

  test('that has a chain more names it as new', () => {
    assert.deepEqual(planReload([mail], [backup, mail]), [
      { chain: 'backup', what: 'new', different: [] },
      { chain: 'mail', what: 'untouched', different: [] },
    ]);
  });

  test('that has a chain less names it as removed, at the end', () => {
    assert.deepEqual(planReload([mail, backup], [backup]), [
      { chain: 'backup', what: 'untouched', different: [] },
      { chain: 'mail', what: 'removed', different: [] },
    ]);
  });

  test('may remove all chains, or be the first one', () => {
    assert.deepEqual(planReload([mail], []), [{ chain: 'mail', what: 'removed', different: [] }]);
    assert.deepEqual(planReload([], [mail]), [{ chain: 'mail', what: 'new', different: [] }]);
    assert.deepEqual(planReload([], []), []);
  });
});

describe('a chain that is changed', () => {
  const [first, second] = mail.tasks;
  assert.ok(first !== undefined && second !== undefined);
  const cooldown = { successMs: toDurationMs(1), failure: first.cooldown.failure };
  const single: readonly [string, Partial<ChainDefinition>][] = [
    ['directory', { directory: '/srv/other' }],
    ['history', { history: { runsKept: 101, failedRunsKept: 101, ageMs: null } }],
    ['killGraceMs', { killGraceMs: toDurationMs(1) }],
    ['leftovers', { leftovers: 'kill' }],
    ['log', { log: { ...mail.log, filesKept: 2 } }],
    ['stopGraceMs', { stopGraceMs: toDurationMs(1) }],
    ['tasks', { tasks: [first] }],
    ['tasks', { tasks: [second, first] }],
    ['tasks', { tasks: [{ ...first, timeoutMs: toDurationMs(1) }, second] }],
    ['tasks', { tasks: [{ ...first, cooldown }, second] }],
    ['tasks', { tasks: [{ ...first, work: { kind: 'command', argv: ['/bin/true', '1'] } }, second] }],
    ['env.TZ', { environment: { TZ: 'CET', TOKEN: 'a' } }],
    ['env.TZ', { environment: { TOKEN: 'a' } }],
    ['env.NEW', { environment: { TZ: 'UTC', TOKEN: 'a', NEW: '' } }],
  ];
  for (const [name, changed] of single) {
    test(`names "${name}" where only that is different: ${JSON.stringify(changed).slice(0, 50)}`, () => {
      assert.deepEqual(differenceTo(changed), { chain: 'mail', what: 'changed', different: [name] });
    });
  }

  test('names each difference once, sorted, and tells no value of the environment', () => {
    const environment = { TOKEN: 'secret', ZONE: 'x' };
    const change = differenceTo({ environment, tasks: [], directory: '/' });
    assert.deepEqual(change?.different, ['directory', 'tasks', 'env.TOKEN', 'env.TZ', 'env.ZONE']);
    assert.ok(!JSON.stringify(change).includes('secret'));
  });

  test('is so whichever of the two is the new one', () => {
    for (const [name, changed] of single) {
      const [change] = planReload([{ ...mail, ...changed }], [mail]);
      assert.deepEqual(change?.different, [name]);
    }
  });
});
