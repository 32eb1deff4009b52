import type { Moment } from '../../src/core/cooldown.ts';
import { durationBetween, toEpochMs, toMonotonicMs, type MonotonicMs } from '../../src/core/units.ts';
import type { Clock } from '../../src/ports.ts';
import type { Schedule } from './schedule.ts';

const firstWallMs = Date.UTC(2026, 10, 24);

/** The clock of a host in virtual time. The test sets its wall clock, and boots it again. */
export class VirtualClock implements Clock {
  readonly #schedule: Schedule;
  #boots = 1;
  #bootedAtMs: number;
  #wallOffsetMs = firstWallMs;

  /** @param uptimeMs for how long the host has been up when the test begins */
  constructor(schedule: Schedule, uptimeMs = 0) {
    this.#schedule = schedule;
    this.#bootedAtMs = -uptimeMs;
  }

  get boot(): string {
    return `boot-${this.#boots}`;
  }

  /** Milliseconds that have truly passed since the world began: no reboot and nobody sets this back. */
  get trueMs(): number {
    return this.#schedule.nowMs;
  }

  now(): Moment {
    const { nowMs } = this.#schedule;
    return {
      monotonic: toMonotonicMs(nowMs - this.#bootedAtMs),
      wall: toEpochMs(nowMs + this.#wallOffsetMs),
    };
  }

  /** In virtual time everything is heard at once. */
  allHeard(): Promise<void> {
    return Promise.resolve();
  }

  wakeAt(moment: MonotonicMs, wake: () => void): () => void {
    return this.#schedule.after(durationBetween(this.now().monotonic, moment), wake);
  }

  /** Sets the wall clock forth, or back for a negative number. */
  setWallBy(differenceMs: number): void {
    this.#wallOffsetMs += differenceMs;
  }

  /** The host boots anew: the monotonic clock begins at 0. */
  reboot(): void {
    this.#boots += 1;
    this.#bootedAtMs = this.#schedule.nowMs;
  }
}
