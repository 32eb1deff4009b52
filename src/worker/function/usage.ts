import { openSync, readFileSync, writeSync } from 'node:fs';
import { toDurationMs, type DurationMs } from '../../core/units.ts';
import type { Usage } from '../../core/usage.ts';

/** The kernel counts the time of children that were waited for in ticks of this length. */
const tickMs = 10;
/** Written to `clear_refs` it lets the kernel count the peak of this process's memory anew. */
const newPeak = '5';

/** Begins to measure what a function takes in this process; what it returns ends that. */
export function measureFunction(): () => Usage {
  const isPeakNew = beginNewPeak();
  const before = process.resourceUsage();
  return () => {
    const after = process.resourceUsage();
    const microseconds = after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime;
    return { cpuMs: wholeMs(microseconds / 1_000), memoryKib: isPeakNew ? after.maxRSS : residentKib() };
  };
}

/** The same for a command, of which Node tells nothing: the memory of it stays unknown. */
export function measureCommand(): () => Usage {
  const beforeMs = childrenMs();
  return () => {
    const afterMs = childrenMs();
    const isKnown = beforeMs !== null && afterMs !== null;
    return { cpuMs: isKnown ? wholeMs(afterMs - beforeMs) : null, memoryKib: null };
  };
}

let peakFile: number | null = null;
let hasNoPeakFile = false;

// One system call of a microsecond: the file stays open.
function beginNewPeak(): boolean {
  if (hasNoPeakFile) return false;
  try {
    peakFile ??= openSync('/proc/self/clear_refs', 'w');
    writeSync(peakFile, newPeak);
    return true;
  } catch {
    // The kernel has no such file, or does not let us: what is resident at the end stands for the peak.
    hasNoPeakFile = true;
    return false;
  }
}

function residentKib(): number {
  return Math.round(process.memoryUsage.rss() / 1_024);
}

function childrenMs(): number | null {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user, system] = [Number(fields[13]), Number(fields[14])];
    return Number.isFinite(user + system) ? (user + system) * tickMs : null;
  } catch {
    // There is no `/proc` here.
    return null;
  }
}

function wholeMs(length: number): DurationMs {
  return toDurationMs(Math.max(0, Math.round(length)));
}
