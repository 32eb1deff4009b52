import { settled } from './settled.ts';

/** Virtual time: calls are made in the order of their moments, and of their making within one moment. */
export class Schedule {
  readonly #entries: Entry[] = [];
  #nowMs = 0;

  /** Milliseconds since the world began; suspend, reboots and downtime included. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Makes `call` when `delayMs` have passed; what it returns takes that back. */
  after(delayMs: number, call: () => void): () => void {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, delayMs), call };
    const last = this.#entries.findLastIndex((other) => other.atMs <= entry.atMs);
    this.#entries.splice(last + 1, 0, entry);
    return () => {
      const found = this.#entries.indexOf(entry);
      if (found !== -1) this.#entries.splice(found, 1);
    };
  }

  /** Makes the next call that is due by `untilMs`; `false` when there is none, and then it is `untilMs`. */
  makeNext(untilMs: number): boolean {
    const [entry] = this.#entries;
    if (entry === undefined || entry.atMs > untilMs) {
      this.#nowMs = Math.max(this.#nowMs, untilMs);
      return false;
    }
    this.#entries.shift();
    this.#nowMs = entry.atMs;
    entry.call();
    return true;
  }

  /** The same, and lets the effects of the call settle. */
  async step(untilMs: number): Promise<boolean> {
    const isMade = this.makeNext(untilMs);
    if (isMade) await settled();
    return isMade;
  }

  /** Lets `lengthMs` pass, with all that happens meanwhile. */
  async advance(lengthMs: number): Promise<void> {
    await settled();
    const untilMs = this.#nowMs + lengthMs;
    while (await this.step(untilMs));
  }
}

interface Entry {
  readonly atMs: number;
  readonly call: () => void;
}
