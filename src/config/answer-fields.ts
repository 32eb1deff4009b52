import { toDurationMs, type DurationMs } from '../core/units.ts';

/** What came is not what the loader writes. */
export class NotAMessage extends Error {}

/** An object of which nothing is known; each reader throws where it finds something else. */
export class Fields {
  private readonly values: object;

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null) throw new NotAMessage('not an object');
    this.values = value;
  }

  value(key: string): unknown {
    return Object.hasOwn(this.values, key) ? Reflect.get(this.values, key) : undefined;
  }

  fields(key: string): Fields {
    return new Fields(this.value(key));
  }

  text(key: string): string {
    return asText(this.value(key));
  }

  textOrNull(key: string): string | null {
    const value = this.value(key);
    return value === null ? null : asText(value);
  }

  flag(key: string): boolean {
    return this.choice(key, [true, false]);
  }

  numberOrNull(key: string): number | null {
    return this.value(key) === null ? null : this.number(key);
  }

  number(key: string): number {
    const value = this.value(key);
    if (typeof value !== 'number') throw new NotAMessage(`${key} is not a number`);
    return value;
  }

  /** A whole number from 0, as ids and limits are. */
  countOrNull(key: string): number | null {
    return this.value(key) === null ? null : asCount(this.value(key));
  }

  duration(key: string): DurationMs {
    return toDurationMs(this.number(key));
  }

  durationOrNull(key: string): DurationMs | null {
    return this.value(key) === null ? null : this.duration(key);
  }

  choice<Word extends string | boolean>(key: string, words: readonly Word[]): Word {
    const word = words.find((one) => one === this.value(key));
    if (word === undefined) throw new NotAMessage(`${key} is none of ${words.join(' ')}`);
    return word;
  }

  list<Item>(key: string, read: (item: unknown) => Item): Item[] {
    const value = this.value(key);
    if (!Array.isArray(value)) throw new NotAMessage(`${key} is not a list`);
    return value.map((item: unknown) => read(item));
  }

  texts(key: string): Record<string, string> {
    const entries = Object.entries(this.fields(key).values);
    return Object.fromEntries(entries.map(([name, value]) => [name, asText(value)]));
  }
}

/** @throws NotAMessage */
export function asText(value: unknown): string {
  if (typeof value !== 'string') throw new NotAMessage('not a text');
  return value;
}

/** A whole number from 0. @throws NotAMessage */
export function asCount(value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw new NotAMessage('not a whole number from 0');
  return Number(value);
}
