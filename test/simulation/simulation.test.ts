import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChainPorts } from '../../src/ports.ts';
import { Coverage, neverReached, sumOf } from './coverage.ts';
import { fewest, shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { playWorld, type WorldReport } from './world.ts';

// A short set. `npm run simulate` plays as many worlds as are wished, and says what was reached.
const worlds = Number(process.env['WORLDS'] ?? 1_000);

test(`in ${worlds} worlds no promise is broken, and the chain goes on when the faults stop`, async () => {
  const { violation, runs } = await simulate({ from: 1, worlds });
  if (violation !== null) {
    const { seed, promise, harms } = violation;
    assert.fail(`npm run simulate -- --seed ${seed} --harms ${harms.join()}\n${promise}`);
  }
  assert.ok(runs > worlds * 5, `${runs} runs`);
});

describe('a world', () => {
  test('is the same for the same seed', async () => {
    for (const seed of [3, 42, 71])
      assert.deepEqual(await playWorld(seed, { isTold: true }), await playWorld(seed, { isTold: true }));
  });

  test('is the same whether its story is told or not', async () => {
    const told = await playWorld(42, { isTold: true });
    assert.deepEqual({ ...told, story: [] }, await playWorld(42));
  });

  test('suffers only the harms that are asked for', async () => {
    const { harms } = await playWorld(42);
    assert.ok(harms.length > 2);
    const some = harms.filter((number) => number % 2 === 0);
    assert.deepEqual((await playWorld(42, { harms: new Set(some) })).harms, some);
  });
});

describe('a planted bug is found, and shrunk to the few harms that it takes', () => {
  test('a store that forgets who has paused the chain', async () => {
    const violation = await violationOf((ports) => ({
      ...ports,
      store: {
        begin: (chain) => ports.store.begin(chain),
        save: (saving) => ports.store.save({ ...saving, state: { ...saving.state, pause: null } }),
      },
    }));
    assert.match(violation.promise, /a pause is answered before it is stored/);
    assert.ok(violation.harms.length <= 2, violation.story.join('\n'));
  });

  test('a store that forgets the run in progress', async () => {
    const violation = await violationOf((ports) => ({
      ...ports,
      store: {
        begin: async (chain) => {
          const term = await ports.store.begin(chain);
          return { ...term, state: term.state === null ? null : { ...term.state, run: null } };
        },
        save: (saving) => ports.store.save(saving),
      },
    }));
    assert.ok(violation.harmsBefore > violation.harms.length);
    assert.ok(violation.harms.length <= 2, violation.story.join('\n'));
  });

  test('a store that forgets incidents', async () => {
    const violation = await violationOf((ports) => ({
      ...ports,
      store: {
        begin: async (chain) => {
          const term = await ports.store.begin(chain);
          const { state } = term;
          return { ...term, state: state && { ...state, alarm: { ...state.alarm, incidents: [] } } };
        },
        save: (saving) => ports.store.save(saving),
      },
    }));
    assert.match(violation.promise, /incident/);
    assert.ok(violation.harms.length <= 5, violation.story.join('\n'));
  });

  test('a clock that wakes too late to end a cooldown', async () => {
    const violation = await violationOf((ports) => ({
      ...ports,
      clock: { ...ports.clock, wakeAt: () => () => undefined },
    }));
    assert.match(violation.promise, /no pass is made in peace/);
    assert.deepEqual(violation.harms, []);
  });
});

test('of a hundred harms the three are left that it takes', async () => {
  const all = Array.from({ length: 100 }, (_, index) => index + 1);
  const left = await fewest(all, async (some) => [17, 18, 93].every((one) => some.includes(one)));
  assert.deepEqual(left, [17, 18, 93]);
});

describe('what was reached', () => {
  test('has a name for all that there is, also for what never was', () => {
    const coverage = new Coverage();
    coverage.count('decision', 'wait');
    const never = neverReached(coverage.counts());
    assert.ok(never.includes('decision: finish'));
    assert.ok(!never.includes('decision: wait'));
  });

  test('is counted together', () => {
    const [one, other] = [new Coverage(), new Coverage()];
    one.count('decision', 'wait');
    other.count('decision', 'wait');
    other.count('decision', 'store');
    const counts = sumOf(one.counts(), other.counts());
    assert.deepEqual([counts['decision']?.['wait'], counts['decision']?.['store']], [2, 1]);
  });
});

async function violationOf(sabotage: (ports: ChainPorts) => ChainPorts): ReturnType<typeof shrink> {
  for (let seed = 1; seed <= 200; seed += 1) {
    const report: WorldReport = await playWorld(seed, { sabotage });
    if (report.broken !== null && report.harms.length > 5) {
      const violation = await shrink(seed, report, { sabotage });
      const again = await playWorld(seed, { sabotage, harms: new Set(violation.harms) });
      assert.equal(again.broken, violation.promise);
      return violation;
    }
  }
  return assert.fail('no world finds it');
}
