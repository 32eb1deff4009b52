import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, slopePerHour } from './trend.ts';

const minuteMs = 60_000;

test('a slope is that of the line, in units per hour', () => {
  const points = Array.from({ length: 50 }, (_, minute) => ({
    atMs: minute * minuteMs,
    value: 7 + 2 * minute,
  }));
  assert.equal(Math.round(slopePerHour(points)), 120);
});

test('a slope is not moved by outliers, and that of a sawtooth is flat', () => {
  const tooth = Array.from({ length: 60 }, (_, index) => ({
    atMs: index * minuteMs,
    value: index === 30 ? 9_000 : index % 5,
  }));
  assert.ok(Math.abs(slopePerHour(tooth)) < 1);
});

test('a slope of less than two points is none', () => {
  assert.equal(slopePerHour([]), 0);
  assert.equal(slopePerHour([{ atMs: 0, value: 5 }]), 0);
});

test('a thousand points have the same slope as a few', () => {
  const points = Array.from({ length: 5_000 }, (_, index) => ({ atMs: index * 1_000, value: index }));
  assert.equal(Math.round(slopePerHour(points)), 3_600);
});

test('the median is the middle one, or lies between the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});
