import type {
  AlertPolicy,
  ChainDefinition,
  ChainName,
  FailureCooldown,
  OnFailure,
  TaskDefinition,
} from '../../src/core/definition.ts';
import { runnersOwn } from '../../src/core/identity.ts';
import { toDurationMs } from '../../src/core/units.ts';

/** What matters to a test of a task; the rest is the default. */
export interface TaskWishes {
  readonly name?: string;
  readonly successMs?: number;
  /** A number of milliseconds for a fixed wait. */
  readonly failure?: number | FailureCooldown;
  readonly timeoutMs?: number;
  readonly onFailure?: OnFailure;
}

/** A chain of the given tasks; the stop grace is 30 s, the kill grace 10 s, each cooldown 1 s. */
export function chainOf(
  tasks: readonly TaskWishes[],
  changed: Partial<ChainDefinition> = {},
): ChainDefinition {
  return {
    name: chainNamed('mail'),
    tasks: tasks.map(taskOf),
    directory: '/srv/mail',
    environment: {},
    identity: runnersOwn,
    stopGraceMs: toDurationMs(30_000),
    killGraceMs: toDurationMs(10_000),
    leftovers: 'wait',
    isolation: 'chain',
    recycle: { runs: null, memoryKib: null, ageMs: null },
    log: {
      fileLimitBytes: 1_000,
      filesKept: 1,
      ageLimitMs: null,
      isCompressed: false,
      totalLimitBytes: null,
    },
    history: { runsKept: 100, failedRunsKept: 100, ageMs: null },
    heartbeat: null,
    alerts: alertPolicy,
    codeVersion: null,
    code: null,
    ...changed,
  };
}

/** The first failure is told, reminders come after 12 h, 24 h and so on, and nothing else is. */
export const alertPolicy: AlertPolicy = {
  afterFailures: 1,
  remindMs: toDurationMs(12 * 3_600_000),
  freshnessMs: null,
  blockedMs: null,
  lateFactor: null,
  breaker: null,
};

/** A chain's name. */
export function chainNamed(name: string): ChainName {
  return name as ChainName;
}

/** A back-off without jitter. */
export function backOff(
  firstMs: number,
  changed: { readonly factor?: number; readonly capMs?: number; readonly jitter?: number } = {},
): FailureCooldown {
  const { factor = 2, capMs = 300_000, jitter = 0 } = changed;
  return { kind: 'back-off', firstMs: toDurationMs(firstMs), factor, capMs: toDurationMs(capMs), jitter };
}

function taskOf(wishes: TaskWishes, index: number): TaskDefinition {
  const { name = `task${index + 1}`, successMs = 1_000, failure = 1_000, timeoutMs, onFailure } = wishes;
  return {
    name,
    work: { kind: 'command', argv: ['/bin/true'] },
    cooldown: {
      successMs: toDurationMs(successMs),
      failure: typeof failure === 'number' ? { kind: 'fixed', lengthMs: toDurationMs(failure) } : failure,
    },
    timeoutMs: timeoutMs === undefined ? null : toDurationMs(timeoutMs),
    onFailure: onFailure ?? 'continue',
  };
}
