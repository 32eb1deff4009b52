import { readFileSync } from 'node:fs';
import type { Moment } from '../core/cooldown.ts';
import { durationBetween, toEpochMs, toMonotonicMs, type MonotonicMs } from '../core/units.ts';
import type { Clock } from '../ports.ts';
import { bootMs } from '../processes/boot-clock.ts';

/** The longest delay a Node timer takes; beyond it fires at once. */
const longestTimerMs = 2 ** 31 - 1;
/** How often to look whether the host was suspended meanwhile: timers do not count that time. */
const suspendCheckMs = 30_000;
/** A smaller difference is none: the clock of a host that was suspended is read in steps of 10 ms. */
const suspendThresholdMs = 1_000;

/** The clock of this host. Its monotonic moments count from the host's boot, suspend included. */
export function createSystemClock(): Clock {
  let offsetMs = measureOffsetMs();
  const pending = new Set<Wake>();
  const check = setInterval(() => {
    const measuredMs = measureOffsetMs();
    if (measuredMs - offsetMs < suspendThresholdMs) return;
    offsetMs = measuredMs;
    for (const wake of pending) arm(wake);
  }, suspendCheckMs);
  check.unref();

  function monotonic(): MonotonicMs {
    return toMonotonicMs(Math.floor(performance.now() + offsetMs));
  }

  function arm(wake: Wake): void {
    clearTimeout(wake.timer);
    const remainingMs = Math.min(durationBetween(monotonic(), wake.moment), longestTimerMs);
    wake.timer = setTimeout(() => fire(wake), remainingMs);
  }

  // A timer may fire up to 2 ms early, and a long wait takes several timers: so look at the clock again.
  function fire(wake: Wake): void {
    if (durationBetween(monotonic(), wake.moment) > 0) {
      arm(wake);
      return;
    }
    pending.delete(wake);
    wake.call();
  }

  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    now: (): Moment => ({ monotonic: monotonic(), wall: toEpochMs(Date.now()) }),
    async allHeard() {
      // The first ends the present turn of the event loop, the second one comes after a whole look at all files.
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    },
    wakeAt(moment, call) {
      const wake: Wake = { moment, call, timer: undefined };
      pending.add(wake);
      arm(wake);
      return () => {
        clearTimeout(wake.timer);
        pending.delete(wake);
      };
    },
  };
}

interface Wake {
  readonly moment: MonotonicMs;
  readonly call: () => void;
  timer: NodeJS.Timeout | undefined;
}

/** Between Node's own clock, which stops in suspend, and the time since boot, which does not. */
function measureOffsetMs(): number {
  return bootMs() - performance.now();
}
