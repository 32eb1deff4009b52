import { uptime } from 'node:os';

/** `uptime` is read in steps of 10 ms, so a smaller difference means nothing. */
const uptimeStepMs = 20;

/**
 * Milliseconds since the boot of this host, suspend included, with fractions: what perl reads as CLOCK_BOOTTIME. Node
 * has only the clock that stops in suspend, exactly, and the time since boot in steps of 10 ms; so only on a host that
 * was suspended since its boot may two processes differ by such a step.
 */
export function bootMs(): number {
  const withoutSuspendMs = Number(process.hrtime.bigint()) / 1e6;
  const suspendedMs = uptime() * 1_000 - withoutSuspendMs;
  return withoutSuspendMs + (suspendedMs < uptimeStepMs ? 0 : suspendedMs);
}
