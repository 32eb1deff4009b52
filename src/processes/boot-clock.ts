import { uptime } from 'node:os';

/** The time since boot is read in steps of 10 ms, so a smaller difference means nothing. */
const uptimeStepMs = 20;
/** While the wall clock goes on with the clock that stops in suspend, give or take this, the host was not suspended. */
const sameMs = 10;
/** For how long a look at the time since boot, which is a read of a file, is good at most. */
const lookMs = 1_000;

/** The clocks of a host that Node can read, in milliseconds. */
export interface HostClocks {
  /** Since boot, suspend included, in steps of 10 ms. */
  readonly uptime: () => number;
  /** Since boot, exact, but stopped in suspend. */
  readonly awake: () => number;
  readonly wall: () => number;
}

/**
 * A clock of milliseconds since the boot of this host, suspend included, with fractions: what perl reads as
 * CLOCK_BOOTTIME. It is made of the two clocks that Node has; so only on a host that was suspended since its boot may two
 * processes differ by a step of 10 ms.
 */
export function createBootClock({ uptime, awake, wall }: HostClocks): () => number {
  let lookedAtMs = -Infinity;
  let wallLeadMs = 0;
  let suspendedMs = 0;
  return () => {
    const awakeMs = awake();
    const leadMs = wall() - awakeMs;
    // A suspend moves the wall clock on as well; so does whoever sets it, and then a look costs little.
    if (awakeMs - lookedAtMs >= lookMs || Math.abs(leadMs - wallLeadMs) >= sameMs) {
      const asleepMs = uptime() - awakeMs;
      suspendedMs = asleepMs < uptimeStepMs ? 0 : asleepMs;
      lookedAtMs = awakeMs;
      wallLeadMs = leadMs;
    }
    return awakeMs + suspendedMs;
  };
}

/** The boot clock of this host. */
export const bootMs: () => number = createBootClock({
  uptime: () => uptime() * 1_000,
  awake: () => Number(process.hrtime.bigint()) / 1e6,
  wall: Date.now,
});
