import { readFileSync } from 'node:fs';
import type { Moment } from '../core/cooldown.ts';
import { durationBetween, toDurationMs, toEpochMs, toMonotonicMs, type MonotonicMs } from '../core/units.ts';
import type { Clock } from '../ports.ts';
import { bootMs } from '../processes/boot-clock.ts';

/** The longest delay a Node timer takes; beyond it fires at once. */
const longestTimerMs = 2 ** 31 - 1;
/** How often to look whether the host was suspended meanwhile: timers do not count that time. */
const suspendCheckMs = 30_000;
/** A wait of this length or more is long. */
const longWaitMs = toDurationMs(10_000);
/** A long wait may be late by less than this, so that those that end at about the same time wake this process once. */
const longWaitStepMs = 10;
/** A smaller difference is none: the clock of a host that was suspended is read in steps of 10 ms. */
const suspendThresholdMs = 1_000;

/** The clock of this host. Its monotonic moments count from the host's boot, suspend included. */
export function createSystemClock(): Clock {
  let offsetMs = measureOffsetMs();
  const alarms = new Map<MonotonicMs, Alarm>();
  const check = setInterval(() => {
    const measuredMs = measureOffsetMs();
    if (measuredMs - offsetMs < suspendThresholdMs) return;
    offsetMs = measuredMs;
    for (const alarm of alarms.values()) arm(alarm);
  }, suspendCheckMs);
  check.unref();

  function monotonic(): MonotonicMs {
    return toMonotonicMs(Math.floor(performance.now() + offsetMs));
  }

  function alarmAt(moment: MonotonicMs): Alarm {
    const known = alarms.get(moment);
    if (known !== undefined) return known;
    const alarm: Alarm = { moment, calls: new Set(), timer: undefined };
    alarms.set(moment, alarm);
    arm(alarm);
    return alarm;
  }

  function arm(alarm: Alarm): void {
    clearTimeout(alarm.timer);
    const remainingMs = Math.min(durationBetween(monotonic(), alarm.moment), longestTimerMs);
    alarm.timer = setTimeout(() => fire(alarm), remainingMs);
  }

  // A timer may fire up to 2 ms early, and a long wait takes several timers: so look at the clock again.
  function fire(alarm: Alarm): void {
    if (durationBetween(monotonic(), alarm.moment) > 0) {
      arm(alarm);
      return;
    }
    alarms.delete(alarm.moment);
    for (const call of alarm.calls) call();
  }

  function forget(alarm: Alarm, call: () => void): void {
    const wasThere = alarm.calls.delete(call);
    if (!wasThere || alarm.calls.size > 0 || alarms.get(alarm.moment) !== alarm) return;
    clearTimeout(alarm.timer);
    alarms.delete(alarm.moment);
  }

  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    now: (): Moment => ({ monotonic: monotonic(), wall: toEpochMs(Date.now()) }),
    async allHeard() {
      // The first ends the present turn of the event loop, the second one comes after a whole look at all files, the third
      // after what was read by then is posted.
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    },
    wakeAt(moment, wake) {
      const alarm = alarmAt(togetherMoment(moment, monotonic()));
      // A function of its own: the same one may be woken twice.
      const call = (): void => wake();
      alarm.calls.add(call);
      return () => forget(alarm, call);
    },
  };
}

/** One timer, for all who want to be woken at that moment. */
interface Alarm {
  readonly moment: MonotonicMs;
  readonly calls: Set<() => void>;
  timer: NodeJS.Timeout | undefined;
}

/**
 * The moment at which a wait from `now` until `moment` is ended together with others: never earlier, and for a long
 * wait less than 10 ms later, which is at most a thousandth of it.
 */
export function togetherMoment(moment: MonotonicMs, now: MonotonicMs): MonotonicMs {
  if (durationBetween(now, moment) < longWaitMs) return moment;
  return toMonotonicMs(Math.ceil(moment / longWaitStepMs) * longWaitStepMs);
}

/** Between Node's own clock, which stops in suspend, and the time since boot, which does not. */
function measureOffsetMs(): number {
  return bootMs() - performance.now();
}
