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
    const index = this.#entries.findIndex((other) => other.atMs > entry.atMs);
    this.#entries.splice(index === -1 ? this.#entries.length : index, 0, entry);
    return () => {
      const found = this.#entries.indexOf(entry);
      if (found !== -1) this.#entries.splice(found, 1);
    };
  }

  /** Makes the next call that is due by `untilMs`, and lets its effects settle; `false` when there is none. */
  async step(untilMs: number): Promise<boolean> {
    const [entry] = this.#entries;
    if (entry === undefined || entry.atMs > untilMs) {
      this.#nowMs = Math.max(this.#nowMs, untilMs);
      return false;
    }
    this.#entries.shift();
    this.#nowMs = entry.atMs;
    entry.call();
    await settled();
    return true;
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
