import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationBetween, toMonotonicMs } from '../core/units.ts';
import { createSystemClock, togetherMoment } from './clock.ts';

function together(moment: number, now: number): number {
  return togetherMoment(toMonotonicMs(moment), toMonotonicMs(now));
}

test('a wait of less than ten seconds ends at its own moment', () => {
  assert.equal(together(9_999, 0), 9_999);
  assert.equal(together(1_009_993, 1_000_000), 1_009_993);
});

test('long waits that end within ten milliseconds of each other end together, never early, at the next full ten', () => {
  const moments = Array.from({ length: 10 }, (_, index) => 60_001 + index);
  assert.deepEqual(new Set(moments.map((moment) => together(moment, 0))), new Set([60_010]));
  assert.equal(together(60_011, 0), 60_020);
});

test('whoever is woken at the same moment is woken in one turn, but for those who take their wish back', async () => {
  const clock = createSystemClock();
  const moment = toMonotonicMs(clock.now().monotonic + 5);
  const woken: string[] = [];
  const keepAlive = setInterval(() => undefined, 1_000);
  await new Promise<void>((resolve) => {
    const forget = clock.wakeAt(moment, () => woken.push('forgotten'));
    clock.wakeAt(moment, () => {
      woken.push('first');
      forgetLast();
      queueMicrotask(resolve);
    });
    clock.wakeAt(moment, () => woken.push('second'));
    const forgetLast = clock.wakeAt(moment, () => woken.push('forgotten by the first'));
    forget();
    forget();
  });
  clearInterval(keepAlive);
  assert.deepEqual(woken, ['first', 'second']);
  assert.ok(durationBetween(moment, clock.now().monotonic) >= 0);
});

test('a wait that is longer than any timer is given to no timer as a whole, which would end at once', async () => {
  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', note);
  const clock = createSystemClock();
  const forget = clock.wakeAt(toMonotonicMs(clock.now().monotonic + 2 ** 31 + 60_000), () => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  forget();
  process.off('warning', note);
  assert.deepEqual(warnings, []);
});

test('a timer that ends early wakes nobody', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = createSystemClock();
  let woken = 0;
  const forget = clock.wakeAt(toMonotonicMs(clock.now().monotonic + 900), () => (woken += 1));
  // No time passes but that of the timers.
  t.mock.timers.tick(900);
  forget();
  assert.equal(woken, 0);
});
