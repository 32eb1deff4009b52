import type { RunnerStatus } from '../control-port.ts';
import { ownValue } from '../core/own-value.ts';
import { chainStates, type ChainStatus } from '../core/status.ts';
import { label, type Family, type Sample } from './exposition.ts';
import type { LoopFigures } from './loop-watch.ts';
import { bucketSeconds, type RunTally, type TaskTally } from './run-tally.ts';

/** All that the metrics are made of. */
export interface MetricFacts {
  readonly status: RunnerStatus;
  readonly tally: RunTally;
  /** The open incidents. */
  readonly open: readonly { readonly chain: string; readonly task: string }[];
  /** What became of deliveries, by channel and `sent`, `failed` or `waiting`. */
  readonly deliveries: readonly DeliveryCount[];
  readonly loop: LoopFigures;
}

/** So many deliveries of a channel had this fate. */
export interface DeliveryCount {
  readonly channel: string;
  readonly state: 'sent' | 'failed' | 'waiting';
  readonly count: number;
}

/** The metrics of a runner. Labels are names of chains, tasks and channels, and words of this program. */
export function families(facts: MetricFacts): readonly Family[] {
  return [...runnerFamilies(facts), ...chainFamilies(facts), ...runFamilies(facts), ...alertFamilies(facts)];
}

function runnerFamilies({ status: { runner, chains }, loop }: MetricFacts): readonly Family[] {
  const counts = new Map<string, number>(chainStates.map((state) => [state, 0]));
  for (const { state } of chains) counts.set(state, (counts.get(state) ?? 0) + 1);
  const delay = 'How late the event loop of the runner was since the metrics were read last';
  return [
    gauge('runner_info', 'The version of the runner.', [sample(label('version', runner.version), 1)]),
    gauge('runner_start_time_seconds', 'When the runner came up, in Unix time.', [
      sample('', runner.since / 1_000),
    ]),
    gauge('runner_resident_memory_bytes', 'Resident memory of the runner.', [sample('', runner.memoryBytes)]),
    gauge('runner_event_loop_delay_p99_seconds', `${delay}, 99th percentile.`, [
      sample('', loop.delayP99Seconds),
    ]),
    gauge('runner_event_loop_delay_max_seconds', `${delay}, at most.`, [sample('', loop.delayMaxSeconds)]),
    counter('runner_event_loop_active_seconds_total', 'For how long the event loop was busy.', [
      sample('', loop.activeSeconds),
    ]),
    gauge(
      'runner_chains',
      'How many chains are in each state.',
      [...counts].map(([state, count]) => sample(label('state', state), count)),
    ),
  ];
}

function chainFamilies({ status: { chains } }: MetricFacts): readonly Family[] {
  return [
    gauge(
      'runner_cooldown_seconds',
      'The length of the cooldown in force; 0 where there is none.',
      each(chains, ({ chain, cooldown }) => [
        sample(label('chain', chain), (cooldown?.lengthMs ?? 0) / 1_000),
      ]),
    ),
    gauge(
      'runner_muted',
      'Whether alerts of the chain are muted: 1 where they are.',
      each(chains, ({ chain, mute }) => (mute === null ? [] : [sample(label('chain', chain), 1)])),
    ),
  ];
}

function runFamilies({ status: { chains }, tally, open }: MetricFacts): readonly Family[] {
  const isOpen = new Set(open.map(({ chain, task }) => keyOf(chain, task)));
  const tasks = chains.flatMap((chain) => tasksOf(chain, tally));
  return [
    counter(
      'runner_runs_total',
      'Runs that have ended since the runner came up, by outcome.',
      each(tasks, ({ labels, counted }) =>
        [...(counted?.outcomes ?? [])].map(([kind, count]) =>
          sample(`${labels},${label('outcome', kind)}`, count),
        ),
      ),
    ),
    {
      name: 'runner_run_duration_seconds',
      type: 'histogram',
      help: 'How long runs took that succeeded or failed.',
      samples: each(tasks, ({ labels, counted }) => (counted === null ? [] : histogram(labels, counted))),
    },
    gauge(
      'runner_last_success_timestamp_seconds',
      'When the task succeeded last, in Unix time.',
      each(tasks, ({ labels, lastSuccessAt }) =>
        lastSuccessAt === null ? [] : [sample(labels, lastSuccessAt / 1_000)],
      ),
    ),
    gauge(
      'runner_failure_streak',
      'Failures of the task in a row.',
      each(tasks, ({ labels, streak }) => [sample(labels, streak)]),
    ),
    gauge(
      'runner_incident_open',
      'Whether the task has an open incident: 1 where it has.',
      each(tasks, ({ labels, key }) => [sample(labels, isOpen.has(key) ? 1 : 0)]),
    ),
  ];
}

function alertFamilies({ tally, open, deliveries }: MetricFacts): readonly Family[] {
  const notices = [false, true].flatMap((isHeld) =>
    [...tally.notices(isHeld)].map(([kind, count]) =>
      sample(`${label('kind', kind)},${label('held', String(isHeld))}`, count),
    ),
  );
  const ended = deliveries.filter(({ state }) => state !== 'waiting');
  const waiting = deliveries.filter(({ state }) => state === 'waiting');
  return [
    gauge('runner_incidents_open', 'How many incidents are open.', [sample('', open.length)]),
    counter(
      'runner_notices_total',
      'What people were to learn, by kind; held while muted or paused.',
      notices,
    ),
    counter(
      'runner_deliveries_total',
      'Attempts to deliver alerts since the runner came up.',
      ended.map(({ channel, state, count }) =>
        sample(`${label('channel', channel)},${label('result', state)}`, count),
      ),
    ),
    gauge(
      'runner_deliveries_waiting',
      'Alerts that are not delivered yet.',
      waiting.map(({ channel, count }) => sample(label('channel', channel), count)),
    ),
  ];
}

/** What is known of one task of a chain. */
interface TaskFacts {
  readonly labels: string;
  readonly key: string;
  readonly counted: TaskTally | null;
  readonly streak: number;
  readonly lastSuccessAt: number | null;
}

/** Of the tasks that have run since the runner came up, or are failing since before. */
function tasksOf({ chain, streaks, last }: ChainStatus, tally: RunTally): readonly TaskFacts[] {
  const counted = tally.tasksOf(chain);
  const names = new Set([...counted.keys(), ...Object.keys(streaks), ...(last === null ? [] : [last.task])]);
  return [...names].map((task) => {
    const own = counted.get(task) ?? null;
    const isLast = last !== null && last.task === task && last.outcome.kind === 'succeeded';
    return {
      labels: `${label('chain', chain)},${label('task', task)}`,
      key: keyOf(chain, task),
      counted: own,
      streak: ownValue(streaks, task) ?? 0,
      lastSuccessAt: own?.lastSuccessAt ?? (isLast ? last.endedAt : null),
    };
  });
}

function* histogram(labels: string, { buckets, sumSeconds }: TaskTally): Generator<Sample> {
  let sum = 0;
  for (const [index, bound] of [...bucketSeconds, '+Inf'].entries()) {
    sum += buckets[index] ?? 0;
    yield { suffix: '_bucket', labels: `${labels},le="${bound}"`, value: sum };
  }
  yield { suffix: '_sum', labels, value: sumSeconds };
  yield { suffix: '_count', labels, value: sum };
}

function* each<Item>(items: readonly Item[], make: (item: Item) => Iterable<Sample>): Generator<Sample> {
  for (const item of items) yield* make(item);
}

function keyOf(chain: string, task: string): string {
  return `${chain} ${task}`;
}

function sample(labels: string, value: number): Sample {
  return { labels, value };
}

function gauge(name: string, help: string, samples: Iterable<Sample>): Family {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: Iterable<Sample>): Family {
  return { name, type: 'counter', help, samples };
}
