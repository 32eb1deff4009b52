import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { backOff } from '../../test/support/chain-definition.ts';
import { boot, hereAt } from '../../test/support/chain-facts.ts';
import { cooldownLength, endOfWait, storedWait } from './cooldown.ts';
import type { Cooldown, FailureCooldown } from './definition.ts';
import { toDurationMs, toMonotonicMs } from './units.ts';

const yearMs = 31_536_000_000;
const lengths = fc.integer({ min: 0, max: 100 * yearMs });
const uptimes = fc.integer({ min: 0, max: 10 * yearMs });
const wallMoments = fc.integer({ min: 0, max: 100 * yearMs });
const streaks = fc.integer({ min: 1, max: 10_000 });
const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const backOffs = fc
  .record({
    firstMs: fc.integer({ min: 0, max: yearMs }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    overMs: fc.integer({ min: 0, max: yearMs }),
  })
  .map(({ firstMs, factor, overMs }) => ({ firstMs, factor, capMs: firstMs + overMs }));

function lengthOf(failure: FailureCooldown, streak: number, chance = 0): number {
  return cooldownLength(cooldownOf({ failure }), { streak, chance });
}

function cooldownOf(changed: { successMs?: number; failure?: FailureCooldown }): Cooldown {
  const { successMs = 1_000, failure = backOff(1_000) } = changed;
  return { successMs: toDurationMs(successMs), failure };
}

describe('the length of a cooldown', () => {
  test('is as asked after a success', () => {
    assert.equal(cooldownLength(cooldownOf({ successMs: 5_000 }), { streak: 0, chance: 0.9 }), 5_000);
  });

  test('is as asked after each failure if it is fixed', () => {
    fc.assert(
      fc.property(lengths, streaks, chances, (lengthMs, streak, chance) => {
        assert.equal(lengthOf({ kind: 'fixed', lengthMs: toDurationMs(lengthMs) }, streak, chance), lengthMs);
      }),
    );
  });

  test('grows by its factor from failure to failure', () => {
    const found = [1, 2, 3, 4, 5].map((streak) => lengthOf(backOff(1_000, { factor: 3 }), streak));
    assert.deepEqual(found, [1_000, 3_000, 9_000, 27_000, 81_000]);
  });

  test('without jitter is never shorter than the first wait, never longer than the cap, never shrinks', () => {
    fc.assert(
      fc.property(backOffs, streaks, chances, ({ firstMs, factor, capMs }, streak, chance) => {
        const failure = backOff(firstMs, { factor, capMs });
        const found = lengthOf(failure, streak, chance);
        assert.ok(found >= firstMs && found <= capMs);
        assert.ok(lengthOf(failure, streak + 1) >= found);
      }),
    );
  });

  test('loses at most the share that jitter may take', () => {
    const shares = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(backOffs, streaks, fc.tuple(chances, shares), (wait, streak, [chance, jitter]) => {
        const whole = lengthOf(backOff(wait.firstMs, wait), streak);
        const found = lengthOf(backOff(wait.firstMs, { ...wait, jitter }), streak, chance);
        assert.ok(found <= whole, `${found} > ${whole}`);
        assert.ok(found >= Math.floor(whole * (1 - jitter)), `${found} < ${whole} * (1 - ${jitter})`);
      }),
    );
  });

  test('is the cap however long the streak is', () => {
    assert.equal(lengthOf(backOff(1_000), 100_000), 300_000);
  });

  test('is nothing if the first wait is nothing, however long the streak is', () => {
    assert.equal(lengthOf(backOff(0), 100_000), 0);
  });
});

describe('a stored wait', () => {
  test('ends after its length, in the boot in which it began, whatever the wall clock says', () => {
    fc.assert(
      fc.property(lengths, uptimes, wallMoments, (lengthMs, uptimeMs, wallMs) => {
        const wait = storedWait(toDurationMs(lengthMs), hereAt(uptimeMs));
        assert.equal(endOfWait(wait, hereAt(uptimeMs, { wallMs })), uptimeMs + lengthMs);
      }),
    );
  });

  test('is not stretched or cut short by looking at it later in its boot', () => {
    fc.assert(
      fc.property(lengths, uptimes, lengths, (lengthMs, uptimeMs, laterMs) => {
        const wait = storedWait(toDurationMs(lengthMs), hereAt(uptimeMs));
        assert.equal(endOfWait(wait, hereAt(uptimeMs + laterMs)), uptimeMs + lengthMs);
      }),
    );
  });

  test('is over after its own length where the clock that began it was far ahead', () => {
    const wait = storedWait(toDurationMs(5_000), hereAt(9 * yearMs));
    assert.equal(endOfWait(wait, hereAt(1_000)), 6_000);
  });

  test('goes on after a reboot with what the wall clock leaves of it', () => {
    const wait = storedWait(toDurationMs(300_000), hereAt(50_000, { wallMs: 1_000_000 }));
    const rebooted = hereAt(2_000, { boot: 'boot-2', wallMs: 1_000_000 + 60_000 });
    assert.equal(endOfWait(wait, rebooted), 2_000 + 240_000);
  });

  test('is over at once after a reboot if the wall clock says that it is', () => {
    const wait = storedWait(toDurationMs(300_000), hereAt(50_000, { wallMs: 1_000_000 }));
    const rebooted = hereAt(2_000, { boot: 'boot-2', wallMs: 1_000_000 + 400_000 });
    assert.equal(endOfWait(wait, rebooted), 2_000);
  });

  test('is never stretched beyond its length by a reboot, however wrong the wall clock', () => {
    fc.assert(
      fc.property(lengths, uptimes, fc.tuple(wallMoments, wallMoments), (lengthMs, uptimeMs, walls) => {
        const [wallMs, laterWallMs] = walls;
        const wait = storedWait(toDurationMs(lengthMs), hereAt(1_000, { wallMs }));
        const end = endOfWait(wait, hereAt(uptimeMs, { boot: 'boot-2', wallMs: laterWallMs }));
        assert.ok(end >= toMonotonicMs(uptimeMs) && end <= uptimeMs + lengthMs);
      }),
    );
  });

  test('remembers the boot and both ends', () => {
    const here = hereAt(50_000, { wallMs: 1_000_000 });
    assert.deepEqual(storedWait(toDurationMs(7), here), {
      boot,
      until: 50_007,
      untilWall: 1_000_007,
      lengthMs: 7,
    });
  });
});
