import { shorten } from '../core/plain-text.ts';
import type { DurationMs, EpochMs } from '../core/units.ts';

const units = [
  { name: 'd', lengthMs: 86_400_000 },
  { name: 'h', lengthMs: 3_600_000 },
  { name: 'min', lengthMs: 60_000 },
  { name: 's', lengthMs: 1_000 },
];

/** A length as people say it, of at most two units: `2 h 5 min`, `12 s`, `less than 1 s`. */
export function lengthText(length: DurationMs | number): string {
  const index = units.findIndex(({ lengthMs }) => length >= lengthMs);
  const [large, small] = units.slice(index);
  if (index === -1 || large === undefined) return 'less than 1 s';
  const amount = Math.floor(length / large.lengthMs);
  const rest = small === undefined ? 0 : Math.floor((length % large.lengthMs) / small.lengthMs);
  return rest === 0 || small === undefined
    ? `${amount} ${large.name}`
    : `${amount} ${large.name} ${rest} ${small.name}`;
}

/** A moment as people read it, whatever the time zone of the host: `2026-11-26 21:44:20 UTC`. */
export function momentText(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/**
 * A text of which nothing can break out of its line: control characters, and those that change the direction of what
 * follows, become blanks.
 */
export function oneLine(text: string, longest: number): string {
  const line = text
    .replace(/[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/gu, ' ')
    .replace(/\p{Cs}/gu, '\ufffd')
    .trim();
  return shorten(line, longest);
}

/** The same for a text of several lines, which it stays. */
export function plainLines(text: string, longest: number): string {
  const clean = text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]|[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu, '\ufffd')
    .replace(/\p{Cs}/gu, '\ufffd')
    .trimEnd();
  return clean.length <= longest ? clean : `…\n${clean.slice(-longest)}`;
}
