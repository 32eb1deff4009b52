import type {
  AlertPolicy,
  ChainDefinition,
  Isolation,
  OnFailure,
  TaskDefinition,
} from '../../src/core/definition.ts';
import { toDurationMs } from '../../src/core/units.ts';
import { backOff, chainOf, type TaskWishes } from '../support/chain-definition.ts';
import type { SeededRandom } from '../support/seeded-random.ts';

const hourMs = 3_600_000;

/** How the runs of a world behave by themselves; all of it is set to nothing in peace. */
export interface Nature {
  /** How likely a run fails, hangs until it is ended, or leaves a process behind. */
  runFails: number;
  runHangs: number;
  runLeaves: number;
  /** How long other runs take at most, and those that hang at least. */
  runMs: number;
  hangMs: number;
}

/** What no configuration of a world changes: what is promised by it can be told exactly. */
export interface Constants {
  readonly killGraceMs: number;
  readonly alerts: AlertPolicy;
}

/** How the runs of one world behave. */
export function randomNature(random: SeededRandom): Nature {
  return {
    runFails: random.pick([0, 0.2, 0.5, 0.9]),
    runHangs: random.pick([0, 0.1]),
    runLeaves: random.pick([0, 0.3, 0.9]),
    runMs: random.pick([50, 3_000]),
    hangMs: random.pick([60_000, 500_000]),
  };
}

/** When people are told, in one world. */
export function randomConstants(random: SeededRandom): Constants {
  const alerts: AlertPolicy = {
    afterFailures: random.pick([1, 1, 2]),
    remindMs: toDurationMs(random.pick([30_000, 12 * hourMs])),
    freshnessMs: orNever(random.pick([null, 10_000, hourMs])),
    blockedMs: orNever(random.pick([null, 1_000, 1_800_000])),
    lateFactor: random.pick([null, 2, 10]),
    breaker: random.pick([null, null, { failures: 3, probeMs: toDurationMs(600_000) }]),
  };
  return { killGraceMs: 2_000, alerts };
}

/** A configuration of the chain: the next one has other tasks, or the same in other places, and other limits. */
export function randomChain(random: SeededRandom, { killGraceMs, alerts }: Constants): ChainDefinition {
  const first = random.between(1, 2);
  const tasks = Array.from({ length: random.between(1, 3) }, (_, index) => ({
    ...randomTask(random),
    name: `task${first + index}`,
  }));
  const isOfFunctions = random.happens(0.4);
  const isolation = random.pick<Isolation>(['chain', 'chain', 'run', isOfFunctions ? 'shared' : 'chain']);
  const definition = chainOf(tasks, {
    leftovers: random.pick(['wait', 'kill', 'allow']),
    stopGraceMs: toDurationMs(random.pick([0, 5_000])),
    killGraceMs: toDurationMs(killGraceMs),
    isolation,
    recycle: {
      runs: random.pick([null, 1, 3]),
      memoryKib: random.pick([null, 1_000]),
      ageMs: orNever(random.pick([null, 60_000])),
    },
    history: { runsKept: 10_000, failedRunsKept: 10_000, ageMs: null },
    alerts,
  });
  return isOfFunctions ? { ...definition, tasks: definition.tasks.map(asFunction) } : definition;
}

/** The longest that a chain may wait between two runs by this configuration. */
export function longestCooldown({ tasks, alerts }: ChainDefinition): number {
  const lengths = tasks.map(({ cooldown: { successMs, failure } }) =>
    Math.max(successMs, failure.kind === 'fixed' ? failure.lengthMs : failure.capMs),
  );
  return Math.max(...lengths, alerts.breaker?.probeMs ?? 0);
}

function asFunction(task: TaskDefinition): TaskDefinition {
  return { ...task, work: { kind: 'function', file: '/srv/mail/tasks.ts', exportName: task.name } };
}

function randomTask(random: SeededRandom): TaskWishes {
  const timeout = random.happens(0.5) ? { timeoutMs: random.pick([500, 5_000]) } : {};
  const onFailure: OnFailure = random.pick(['continue', 'continue', 'retry', 'restart', 'pause']);
  return {
    ...timeout,
    onFailure,
    successMs: random.pick([0, 50, 1_000, 60_000, hourMs]),
    failure: random.happens(0.5)
      ? random.pick([0, 2_000, 600_000])
      : backOff(1_000, { capMs: 300_000, jitter: random.pick([0, 0.5, 1]) }),
  };
}

function orNever(lengthMs: number | null): ReturnType<typeof toDurationMs> | null {
  return lengthMs === null ? null : toDurationMs(lengthMs);
}
