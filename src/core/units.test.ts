import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  add,
  durationBetween,
  earlierOf,
  isBefore,
  isShorter,
  laterOf,
  nextAfter,
  subtract,
  toDurationMs,
  toEpochMs,
  toFence,
  toMonotonicMs,
  toPassNumber,
  toRunNumber,
  type DurationMs,
  type EpochMs,
  type MonotonicMs,
} from './units.ts';

type IsApart<From, To> = From extends To ? false : true;

const moments = fc.integer().map((value) => toEpochMs(value));
const lengths = fc.nat().map((value) => toDurationMs(value));

test('a moment of one clock is not a moment of the other, nor a duration, nor a plain number', () => {
  // The type is the test: it is `false` when a brand lets another one in, and then this does not compile.
  const areApart: readonly [
    IsApart<EpochMs, MonotonicMs>,
    IsApart<MonotonicMs, EpochMs>,
    IsApart<EpochMs, DurationMs>,
    IsApart<number, DurationMs>,
  ] = [true, true, true, true];
  assert.equal(areApart.length, 4);
});

describe('the constructors', () => {
  const constructors: readonly [string, (value: number) => number, number][] = [
    ['toDurationMs', toDurationMs, 0],
    ['toEpochMs', toEpochMs, Number.MIN_SAFE_INTEGER],
    ['toMonotonicMs', toMonotonicMs, Number.MIN_SAFE_INTEGER],
    ['toFence', toFence, 1],
    ['toRunNumber', toRunNumber, 1],
    ['toPassNumber', toPassNumber, 1],
  ];
  for (const [name, construct, least] of constructors) {
    test(`${name} gives back a whole number from ${least}`, () => {
      fc.assert(
        fc.property(fc.integer({ min: Math.max(least, -1e9) }), (value) => construct(value) === value),
      );
      assert.equal(construct(least), least);
      assert.equal(construct(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
    });

    test(`${name} refuses what is below ${least} or not a whole number`, () => {
      for (const value of [least - 1, 1.5, Number.NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER + 1]) {
        assert.throws(() => construct(value), RangeError, String(value));
      }
    });
  }

  test('a refusal says what was found and what would be right', () => {
    assert.throws(() => toFence(0), {
      message: 'Cannot take 0 for a fence: it must be a whole number from 1',
    });
    assert.throws(() => toEpochMs(0.5), {
      message: 'Cannot take 0.5 for a moment: it must be a whole number',
    });
  });
});

test('nextAfter grows by one', () => {
  assert.equal(nextAfter(toFence(1)), 2);
  assert.equal(nextAfter(toRunNumber(41)), 42);
  assert.equal(nextAfter(toPassNumber(7)), 8);
});

test('a moment is before another only when it is smaller', () => {
  assert.equal(isBefore(toEpochMs(1), toEpochMs(2)), true);
  assert.equal(isBefore(toMonotonicMs(2), toMonotonicMs(2)), false);
  assert.equal(isBefore(toFence(3), toFence(2)), false);
});

test('a duration is shorter only when it is smaller', () => {
  assert.equal(isShorter(toDurationMs(1), toDurationMs(2)), true);
  assert.equal(isShorter(toDurationMs(2), toDurationMs(2)), false);
});

test('subtract takes back what add added', () => {
  fc.assert(
    fc.property(moments, lengths, (moment, length) => subtract(add(moment, length), length) === moment),
  );
});

test('durationBetween measures what add added', () => {
  fc.assert(
    fc.property(
      moments,
      lengths,
      (moment, length) => durationBetween(moment, add(moment, length)) === length,
    ),
  );
});

test('durationBetween is 0 when the clock went back', () => {
  assert.equal(durationBetween(toEpochMs(2_000), toEpochMs(1_000)), 0);
});

test('of two moments, laterOf and earlierOf give the larger and the smaller', () => {
  fc.assert(
    fc.property(moments, moments, (one, other) => {
      assert.equal(laterOf(one, other), Math.max(one, other));
      assert.equal(earlierOf(one, other), Math.min(one, other));
    }),
  );
});
