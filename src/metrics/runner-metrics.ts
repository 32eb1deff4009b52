import type { RunnerStatus } from '../control-port.ts';
import type { Tell } from '../ports.ts';
import { expositionLines } from './exposition.ts';
import { families, type DeliveryCount, type MetricFacts } from './families.ts';
import { LoopWatch } from './loop-watch.ts';
import { RunTally } from './run-tally.ts';

/** So many lines are made before something else has its turn: a few milliseconds. */
const linesAtOnce = 2_000;

/** What metrics are made of, beside what they are told. */
export interface MetricSources {
  readonly status: () => RunnerStatus;
  readonly open: () => MetricFacts['open'];
  /** How many alerts wait on each channel. */
  readonly waiting: () => readonly { readonly channel: string; readonly count: number }[];
}

/** The metrics of a runner. */
export interface RunnerMetrics {
  /** Counts; cheap. */
  readonly tell: Tell;
  /** Counts an attempt to deliver an alert. */
  readonly delivered: (channel: string, result: 'sent' | 'failed') => void;
  /** All of them, in the text format of Prometheus. Whoever asks meanwhile gets the same. */
  text(): Promise<string>;
  close(): void;
}

/** Begins to count. */
export function createMetrics(sources: MetricSources): RunnerMetrics {
  const tally = new RunTally();
  const loop = new LoopWatch();
  const attempts = new Map<string, DeliveryCount>();
  let making: Promise<string> | null = null;

  function facts(): MetricFacts {
    const status = sources.status();
    tally.keepOnly(new Set(status.chains.map(({ chain }) => String(chain))));
    const waiting = sources.waiting().map((one): DeliveryCount => ({ ...one, state: 'waiting' }));
    const deliveries = [...attempts.values(), ...waiting];
    return { status, tally, open: sources.open(), deliveries, loop: loop.figures() };
  }

  async function make(): Promise<string> {
    const pieces: string[] = [];
    let lines: string[] = [];
    for (const line of expositionLines(families(facts()))) {
      lines.push(line);
      if (lines.length < linesAtOnce) continue;
      pieces.push(lines.join(''));
      lines = [];
      await new Promise((resolve) => setImmediate(resolve));
    }
    return [...pieces, ...lines].join('');
  }

  return {
    tell: (told) => tally.tell(told),
    delivered(channel, state) {
      const key = `${state} ${channel}`;
      const count = (attempts.get(key)?.count ?? 0) + 1;
      attempts.set(key, { channel, state, count });
    },
    text() {
      making ??= make().finally(() => (making = null));
      return making;
    },
    close: () => loop.close(),
  };
}
