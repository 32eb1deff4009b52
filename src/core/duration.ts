import { quoted } from './quoted.ts';
import { toDurationMs, type DurationMs } from './units.ts';

/** What a text says as a duration, or what is wrong with it and what to write instead. */
export type ParsedDuration =
  | { readonly kind: 'duration'; readonly durationMs: DurationMs }
  | { readonly kind: 'problem'; readonly problem: string };

interface Unit {
  readonly name: string;
  readonly lengthMs: number;
}

// A year is 365 days. A month is missing because it has no fixed length.
const unitsFromLargeToSmall: readonly Unit[] = [
  { name: 'y', lengthMs: 365 * 86_400_000 },
  { name: 'w', lengthMs: 7 * 86_400_000 },
  { name: 'd', lengthMs: 86_400_000 },
  { name: 'h', lengthMs: 3_600_000 },
  { name: 'm', lengthMs: 60_000 },
  { name: 's', lengthMs: 1_000 },
  { name: 'ms', lengthMs: 1 },
];
const shownUnits = unitsFromLargeToSmall.filter(({ name }) => name !== 'y' && name !== 'w');
const longestMs = 100 * 365 * 86_400_000;
const roundingErrorMs = 0.001;
/** Longer than any that makes sense: "99y 51w 6d 23h 59m 59s 999ms". */
const longestText = 60;

/**
 * Reads "500ms", "1.5h", "1h 30m", "7d" and their like, up to 100 years. Each unit stands at most once,
 * the larger before the smaller. A problem reads on after a colon: `found "90", add the unit, such as "90s"`.
 */
export function parseDuration(text: string): ParsedDuration {
  const trimmed = text.trim();
  const advice = adviceOnShape(trimmed);
  return advice === null ? readParts(text, trimmed) : problem(text, advice);
}

/** The shortest text that `parseDuration` reads back as the same duration: "4m12s", "1d500ms", "0s". */
export function formatDuration(length: DurationMs): string {
  let restMs: number = length;
  let text = '';
  for (const { name, lengthMs } of shownUnits) {
    const amount = Math.floor(restMs / lengthMs);
    restMs -= amount * lengthMs;
    if (amount > 0) text += `${amount}${name}`;
  }
  return text === '' ? '0s' : text;
}

function readParts(text: string, trimmed: string): ParsedDuration {
  let sumMs = 0;
  let previousUnitMs = Number.POSITIVE_INFINITY;
  for (const part of trimmed.split(/(?<=[a-z])\s*(?=\d)/i)) {
    const name = part.replace(/^[\d.]+\s*/, '');
    const unit = unitsFromLargeToSmall.find((known) => known.name === name);
    if (unit === undefined) return problem(text, adviceOnUnit(part, name));
    if (unit.lengthMs >= previousUnitMs) {
      return problem(text, 'write each unit once, the larger one first, such as "1h 30m"');
    }
    sumMs += Number.parseFloat(part) * unit.lengthMs;
    previousUnitMs = unit.lengthMs;
  }
  return checkSum(text, sumMs);
}

function checkSum(text: string, sumMs: number): ParsedDuration {
  const wholeMs = Math.round(sumMs);
  if (wholeMs > longestMs) return problem(text, 'write at most 100 years, "100y"');
  // "1.1h" is not exact in binary fractions, "0.5ms" is too fine.
  if (Math.abs(sumMs - wholeMs) > roundingErrorMs)
    return problem(text, 'write whole milliseconds such as "1ms"');
  return { kind: 'duration', durationMs: toDurationMs(wholeMs) };
}

function problem(text: string, advice: string): ParsedDuration {
  return { kind: 'problem', problem: `found ${quoted(text)}, ${advice}` };
}

/** Answers `null` when `text` is a row of numbers, each with letters after it. */
function adviceOnShape(text: string): string | null {
  if (text === '') return 'write a number and a unit such as "30s"';
  if (text.length > longestText) return `write at most ${longestText} characters such as "1h 30m"`;
  if (/^\d+(?:\.\d+)?$/.test(text)) return `add the unit, such as "${text}s"`;
  if (/^[-\u2212]/.test(text)) return 'write a duration that is not negative, such as "30s"';
  if (/\de[-+]?\d/i.test(text)) return 'write the number without an exponent, such as "1000s"';
  if (/\d,\d/.test(text)) return 'write a decimal point and no comma, such as "1.5h"';
  if (/^\.\d/.test(text)) return 'write a digit before the point, such as "0.5h"';
  if (/^(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+$/i.test(text)) return null;
  if (/^\d.*[a-z]\s*[\d.]+$/i.test(text)) return 'write a unit after each number, such as "1h 30m"';
  return 'write a number and a unit such as "30s", "1.5h" or "1h 30m"';
}

function adviceOnUnit(part: string, name: string): string {
  const lowerName = name.toLowerCase();
  if (lowerName.startsWith('mo')) return 'write days such as "30d": a month has no fixed length';
  // "msec" and "milliseconds" start like "m", a minute.
  const meant = /^(?:ms|mil)/.test(lowerName) ? 'ms' : lowerName.slice(0, 1);
  const isUnit = unitsFromLargeToSmall.some((known) => known.name === meant);
  if (isUnit) return `there is no unit "${name}", did you mean "${part.replace(name, '').trim()}${meant}"?`;
  return `there is no unit "${name}", the units are ms, s, m, h, d, w and y`;
}
