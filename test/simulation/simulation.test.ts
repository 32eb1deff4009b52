import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { harmKinds, playWorld, type WorldReport } from './world.ts';

// SEED=123 plays one world again, exactly; WORLDS=100000 plays so many.
const onlySeed = process.env['SEED'];
const worlds = Number(process.env['WORLDS'] ?? 2_000);

async function play(seed: number): Promise<WorldReport> {
  const report = await playWorld(seed);
  if (report.broken !== null) assert.fail(`SEED=${seed} npm test -- simulation\n${report.broken}`);
  return report;
}

if (onlySeed === undefined) {
  describe(`in ${worlds} worlds in which everything goes wrong`, () => {
    const faults = new Set<string>();
    let runs = 0;

    test('no promise is broken, and the chain goes on when the faults stop', async () => {
      for (let seed = 1; seed <= worlds; seed += 1) {
        const report = await play(seed);
        runs += report.runs;
        for (const fault of Object.keys(report.faults)) faults.add(fault);
      }
    });

    test('every fault happens, and many runs are made', () => {
      assert.equal(faults.size, harmKinds);
      assert.ok(runs > worlds * 5, `${runs} runs`);
    });
  });
} else {
  test(`the world of seed ${onlySeed} keeps its promises`, async () => {
    await play(Number(onlySeed));
  });
}

test('the same seed plays the same world', async () => {
  assert.deepEqual(await playWorld(42), await playWorld(42));
});
