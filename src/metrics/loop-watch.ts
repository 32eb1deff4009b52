import { monitorEventLoopDelay, performance, type IntervalHistogram } from 'node:perf_hooks';

/** How often the event loop is looked at: it costs 0.1 % of a processor, and five times as much at 10 ms. */
const resolutionMs = 100;

/** How the event loop of this process does. */
export interface LoopFigures {
  readonly delayP99Seconds: number;
  readonly delayMaxSeconds: number;
  readonly activeSeconds: number;
}

/** Watches the event loop from the first question on: who never asks pays nothing. */
export class LoopWatch {
  #delays: IntervalHistogram | null = null;

  /** Of the time since the last question. */
  figures(): LoopFigures {
    const delays = this.#delays;
    if (delays === null) this.#delays = begun();
    const figures = {
      delayP99Seconds: delays === null ? 0 : lateness(delays.percentile(99)),
      delayMaxSeconds: delays === null ? 0 : lateness(delays.max),
      activeSeconds: performance.eventLoopUtilization().active / 1_000,
    };
    delays?.reset();
    return figures;
  }

  close(): void {
    this.#delays?.disable();
    this.#delays = null;
  }
}

function begun(): IntervalHistogram {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  return delays;
}

// What is measured is the time between two looks.
function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - resolutionMs / 1_000);
}
