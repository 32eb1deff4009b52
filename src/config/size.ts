import { quoted } from '../core/quoted.ts';

/** A size as a number of bytes, or what is wrong with it and what to write instead. */
export type ParsedSize =
  | { readonly kind: 'size'; readonly bytes: number }
  | { readonly kind: 'problem'; readonly problem: string };

const bytesOf: ReadonlyMap<string, number> = new Map([
  ['KB', 1024],
  ['MB', 1024 ** 2],
  ['GB', 1024 ** 3],
]);
const mostBytes = 1024 ** 4;

/** Reads "64KB", "10MB" and "1.5 GB", up to 1024GB; the units are powers of 1024, in any case. */
export function parseSize(text: string): ParsedSize {
  const groups = /^(?<amount>\d+(?:\.\d+)?)\s*(?<unit>[a-z]*)$/i.exec(text.trim())?.groups;
  const unit = groups?.['unit']?.toUpperCase().replace('IB', 'B') ?? '';
  const unitBytes = bytesOf.get(unit);
  if (groups === undefined || unitBytes === undefined) {
    return {
      kind: 'problem',
      problem: `found ${quoted(text)}, write a number and KB, MB or GB such as "10MB"`,
    };
  }
  const bytes = Math.round(Number(groups['amount']) * unitBytes);
  if (bytes >= 1024 && bytes <= mostBytes) return { kind: 'size', bytes };
  return { kind: 'problem', problem: `found ${quoted(text)}, write a size from "1KB" to "1024GB"` };
}

/** Writes a size with the largest unit that leaves a whole number: `10MB`. */
export function showSize(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && size % 1024 === 0 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size}${units[unit] ?? ''}`;
}
