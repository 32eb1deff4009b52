import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from './duration.ts';
import { quoted } from './quoted.ts';
import { toDurationMs } from './units.ts';

const hundredYearsMs = 3_153_600_000_000;

function assertReads(text: string, expectedMs: number): void {
  assert.deepEqual(parseDuration(text), { kind: 'duration', durationMs: expectedMs });
}

function assertProblem(text: string, advice: string): void {
  assert.deepEqual(parseDuration(text), { kind: 'problem', problem: `found ${quoted(text)}, ${advice}` });
}

describe('parseDuration', () => {
  const readable: readonly [string, number][] = [
    ['0s', 0],
    ['500ms', 500],
    ['0.5s', 500],
    ['1.1s', 1_100],
    ['1.1h', 3_960_000],
    ['15m', 900_000],
    ['1.5h', 5_400_000],
    ['1h 30m', 5_400_000],
    ['1h30m', 5_400_000],
    [' 1 h  30 m ', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['1y', 31_536_000_000],
    ['1y1w1d1h1m1s1ms', 32_230_861_001],
    ['007s', 7_000],
    ['100y', hundredYearsMs],
  ];
  for (const [text, expectedMs] of readable) {
    test(`reads "${text}" as ${expectedMs} ms`, () => assertReads(text, expectedMs));
  }

  const wrong: readonly [string, string, string][] = [
    ['an empty text', '', 'write a number and a unit such as "30s"'],
    ['a blank text', '  ', 'write a number and a unit such as "30s"'],
    ['a number without a unit', '90', 'add the unit, such as "90s"'],
    ['a fraction without a unit', '1.5', 'add the unit, such as "1.5s"'],
    ['a zero without a unit', '0', 'add the unit, such as "0s"'],
    ['a negative number', '-5s', 'write a duration that is not negative, such as "30s"'],
    [
      'a minus sign from a word processor',
      '\u22125s',
      'write a duration that is not negative, such as "30s"',
    ],
    ['an exponent', '1e3s', 'write the number without an exponent, such as "1000s"'],
    ['a signed exponent', '1E-3s', 'write the number without an exponent, such as "1000s"'],
    ['a decimal comma', '1,5h', 'write a decimal point and no comma, such as "1.5h"'],
    ['a point without a digit before it', '.5h', 'write a digit before the point, such as "0.5h"'],
    ['a last number without a unit', '1h30', 'write a unit after each number, such as "1h 30m"'],
    ['not a number', 'NaN', 'write a number and a unit such as "30s", "1.5h" or "1h 30m"'],
    ['infinity', 'Infinity', 'write a number and a unit such as "30s", "1.5h" or "1h 30m"'],
    ['a unit without a number', 's', 'write a number and a unit such as "30s", "1.5h" or "1h 30m"'],
    ['a clock time', '1:30', 'write a number and a unit such as "30s", "1.5h" or "1h 30m"'],
    ['an ISO 8601 duration', 'PT1H', 'write a number and a unit such as "30s", "1.5h" or "1h 30m"'],
    ['a plus sign', '+5s', 'write a number and a unit such as "30s", "1.5h" or "1h 30m"'],
    ['two points', '1.2.3s', 'write a number and a unit such as "30s", "1.5h" or "1h 30m"'],
    ['a hexadecimal number', '0x10s', 'there is no unit "x", the units are ms, s, m, h, d, w and y'],
    ['a unit in capitals', '5H', 'there is no unit "H", did you mean "5h"?'],
    ['a long name of minutes', '15 minutes', 'there is no unit "minutes", did you mean "15m"?'],
    ['a long name of milliseconds', '5 millis', 'there is no unit "millis", did you mean "5ms"?'],
    ['another name of milliseconds', '5msec', 'there is no unit "msec", did you mean "5ms"?'],
    ['a name of seconds', '1m 30sec', 'there is no unit "sec", did you mean "30s"?'],
    ['a month', '1 month', 'write days such as "30d": a month has no fixed length'],
    ['microseconds', '5us', 'there is no unit "us", the units are ms, s, m, h, d, w and y'],
    [
      'the name of an object property',
      '5constructor',
      'there is no unit "constructor", the units are ms, s, m, h, d, w and y',
    ],
    ['the smaller unit first', '30m 1h', 'write each unit once, the larger one first, such as "1h 30m"'],
    ['a unit twice', '1h 1h', 'write each unit once, the larger one first, such as "1h 30m"'],
    ['a fraction of a millisecond', '0.5ms', 'write whole milliseconds such as "1ms"'],
    ['a fraction below half a millisecond', '0.0001s', 'write whole milliseconds such as "1ms"'],
    ['more than 100 years', '101y', 'write at most 100 years, "100y"'],
    ['just more than 100 years', '100y1ms', 'write at most 100 years, "100y"'],
    ['a number of 59 digits', `${'9'.repeat(59)}s`, 'write at most 100 years, "100y"'],
    ['more than 60 characters', `${'9'.repeat(400)}s`, 'write at most 60 characters such as "1h 30m"'],
  ];
  for (const [what, text, advice] of wrong) {
    test(`answers ${what} with what to write instead`, () => assertProblem(text, advice));
  }

  test('answers any text within 0 to 100 years or with a problem that quotes it', () => {
    const pieces = fc.constantFrom('1', '0', '9.5', ' ', 's', 'ms', 'h', 'y', 'x', '-', '.', 'e', 'M');
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces).map((some) => some.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseDuration(text);
        if (parsed.kind === 'problem') return parsed.problem.startsWith(`found ${quoted(text)}, `);
        return (
          Number.isInteger(parsed.durationMs) && parsed.durationMs >= 0 && parsed.durationMs <= hundredYearsMs
        );
      }),
    );
  });

  test('reads a very long text in a moment', () => {
    assert.equal(parseDuration(`${'1h '.repeat(50_000)}!`).kind, 'problem');
  });
});

describe('formatDuration', () => {
  const shown: readonly [number, string][] = [
    [0, '0s'],
    [1, '1ms'],
    [1_000, '1s'],
    [252_000, '4m12s'],
    [5_400_000, '1h30m'],
    [86_400_500, '1d500ms'],
    [hundredYearsMs, '36500d'],
  ];
  for (const [lengthMs, expected] of shown) {
    test(`shows ${lengthMs} ms as "${expected}"`, () => {
      assert.equal(formatDuration(toDurationMs(lengthMs)), expected);
    });
  }

  test('shows each duration up to 100 years so that parseDuration reads the same back', () => {
    const lengths = fc.oneof(
      fc.nat({ max: 100_000_000 }),
      fc.maxSafeNat().map((some) => some % (hundredYearsMs + 1)),
    );
    fc.assert(
      fc.property(lengths, (lengthMs) => assertReads(formatDuration(toDurationMs(lengthMs)), lengthMs)),
    );
  });
});
