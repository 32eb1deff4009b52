import type { DurationMs } from './units.ts';

/** What a run took of the host, without the processes that it left behind. */
export interface Usage {
  /** Time on a processor, in user and system mode; `null` where nobody measured it. */
  readonly cpuMs: DurationMs | null;
  /** The most resident memory that it had at once, in KiB; `null` where nobody measured it. */
  readonly memoryKib: number | null;
}

/** Nobody measured anything. */
export const unknownUsage: Usage = { cpuMs: null, memoryKib: null };
