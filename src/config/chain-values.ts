import type { ChainDefinition, Isolation } from '../core/definition.ts';
import { formatDuration } from '../core/duration.ts';
import { toDurationMs, type DurationMs } from '../core/units.ts';
import { alertPolicyOf, alertRows, alertValuesOf, type AlertValues } from './alert-values.ts';
import type { CheckedChain, CheckedHostChain } from './checked-config.ts';
import type { ChosenChain } from './chosen-chains.ts';
import type { LoadedValue } from './loaded.ts';
import type { KeyPath } from './problem.ts';
import type { Sourced } from './settings.ts';
import { showSize } from './size.ts';

/** By how much failed runs are kept longer where nobody says it. */
const longerForFailed = 5;
const mostRuns = 10_000_000;

/** What is in force for a whole chain, and where it comes from. */
export interface ChainValues {
  readonly stopGrace: Sourced<NonNullable<CheckedHostChain['stopGrace']>>;
  readonly killGrace: Sourced<NonNullable<CheckedHostChain['killGrace']>>;
  readonly leftovers: Sourced<NonNullable<CheckedHostChain['leftovers']>>;
  readonly logSize: Sourced<number>;
  readonly logAge: Sourced<DurationMs | 'none'>;
  readonly logKeep: Sourced<number>;
  readonly logCompress: Sourced<boolean>;
  readonly logTotal: Sourced<number | 'none'>;
  readonly historyRuns: Sourced<number>;
  readonly historyFailedRuns: Sourced<number>;
  readonly historyAge: Sourced<DurationMs | 'none'>;
  readonly isolation: Sourced<Isolation>;
  readonly recycleRuns: Sourced<number | null>;
  readonly recycleMemory: Sourced<number | 'none'>;
  readonly recycleAge: Sourced<DurationMs | null>;
  readonly alerts: AlertValues;
}

/** What is written for the chain, for this host, or by nobody. */
export function valuesOfChain(chosen: ChosenChain): ChainValues {
  const { chain, hosts, fromOf, logTotal } = chosen;
  const strongest = <Key extends 'stopGrace' | 'killGrace' | 'leftovers'>(
    key: Key,
    usual: NonNullable<CheckedHostChain[Key]>,
  ): Sourced<NonNullable<CheckedHostChain[Key]>> => {
    const sources = [...hosts.toReversed(), { values: chain, fromOf }];
    for (const source of sources) {
      const value = source.values[key];
      if (value !== undefined) return { value, from: source.fromOf([key]) };
    }
    return { value: usual, from: 'default' };
  };
  const configured = <Value>(value: Value | undefined, path: KeyPath, usual: Value): Sourced<Value> =>
    value === undefined ? { value: usual, from: 'default' } : { value, from: fromOf(path) };
  return {
    stopGrace: strongest('stopGrace', toDurationMs(30_000)),
    killGrace: strongest('killGrace', toDurationMs(10_000)),
    leftovers: strongest('leftovers', 'wait'),
    logSize: configured(chain.log?.size, ['log', 'size'], 10 * 1024 * 1024),
    logAge: configured(chain.log?.age, ['log', 'age'], 'none'),
    logKeep: configured(chain.log?.keep, ['log', 'keep'], 5),
    logCompress: configured(chain.log?.compress, ['log', 'compress'], true),
    logTotal: logTotal ?? { value: 1024 ** 3, from: 'default' },
    ...historyOf(chain.history, configured),
    isolation: configured<Isolation>(chain.isolation, ['isolation'], 'chain'),
    recycleRuns: configured<number | null>(chain.recycle?.runs, ['recycle', 'runs'], null),
    recycleMemory: configured<number | 'none'>(chain.recycle?.memory, ['recycle', 'memory'], 1024 ** 3),
    recycleAge: configured<DurationMs | null>(chain.recycle?.age, ['recycle', 'age'], null),
    alerts: alertValuesOf(chosen),
  };
}

/** The value that was written at a path, or the usual one. */
type Configured = <Value>(value: Value | undefined, path: KeyPath, usual: Value) => Sourced<Value>;

function historyOf(
  history: CheckedChain['history'],
  configured: Configured,
): Pick<ChainValues, 'historyRuns' | 'historyFailedRuns' | 'historyAge'> {
  const historyRuns = configured(history?.runs, ['history', 'runs'], 10_000);
  return {
    historyRuns,
    historyFailedRuns: configured(
      history?.failedRuns,
      ['history', 'failedRuns'],
      Math.min(longerForFailed * historyRuns.value, mostRuns),
    ),
    historyAge: configured<DurationMs | 'none'>(history?.age, ['history', 'age'], 'none'),
  };
}

function historyRows({ historyFailedRuns, historyAge }: ChainValues): readonly LoadedValue[] {
  const { value, from } = historyAge;
  return [
    { path: 'history.failedRuns', shown: String(historyFailedRuns.value), from: historyFailedRuns.from },
    { path: 'history.age', shown: value === 'none' ? 'none' : formatDuration(value), from },
  ];
}

type DefinedByValues = Pick<
  ChainDefinition,
  'stopGraceMs' | 'killGraceMs' | 'leftovers' | 'log' | 'history' | 'alerts' | 'isolation' | 'recycle'
>;

/** What of a chain's definition follows from its values. */
export function definedBy(values: ChainValues): DefinedByValues {
  return {
    stopGraceMs: values.stopGrace.value,
    killGraceMs: values.killGrace.value,
    leftovers: values.leftovers.value,
    log: {
      fileLimitBytes: values.logSize.value,
      filesKept: values.logKeep.value,
      ageLimitMs: values.logAge.value === 'none' ? null : values.logAge.value,
      isCompressed: values.logCompress.value,
      totalLimitBytes: values.logTotal.value === 'none' ? null : values.logTotal.value,
    },
    history: {
      runsKept: values.historyRuns.value,
      failedRunsKept: values.historyFailedRuns.value,
      ageMs: values.historyAge.value === 'none' ? null : values.historyAge.value,
    },
    alerts: alertPolicyOf(values.alerts),
    isolation: values.isolation.value,
    recycle: {
      runs: values.recycleRuns.value,
      memoryKib: values.recycleMemory.value === 'none' ? null : values.recycleMemory.value / 1024,
      ageMs: values.recycleAge.value,
    },
  };
}

/** The values as rows of the table of `runner check`. */
export function chainRows(values: ChainValues): LoadedValue[] {
  const { stopGrace, killGrace, leftovers, logSize, logAge, logKeep, logCompress, logTotal, historyRuns } =
    values;
  const { isolation, recycleRuns: runs, recycleMemory: memory, recycleAge: age } = values;
  return [
    { path: 'stopGrace', shown: formatDuration(stopGrace.value), from: stopGrace.from },
    { path: 'killGrace', shown: formatDuration(killGrace.value), from: killGrace.from },
    { path: 'leftovers', shown: leftovers.value, from: leftovers.from },
    { path: 'log.size', shown: showSize(logSize.value), from: logSize.from },
    {
      path: 'log.age',
      shown: logAge.value === 'none' ? 'none' : formatDuration(logAge.value),
      from: logAge.from,
    },
    { path: 'log.keep', shown: String(logKeep.value), from: logKeep.from },
    { path: 'log.compress', shown: String(logCompress.value), from: logCompress.from },
    {
      path: 'logs.total',
      shown: logTotal.value === 'none' ? 'none' : showSize(logTotal.value),
      from: logTotal.from,
    },
    { path: 'history.runs', shown: String(historyRuns.value), from: historyRuns.from },
    ...historyRows(values),
    { path: 'isolation', shown: isolation.value, from: isolation.from },
    { path: 'recycle.runs', shown: String(runs.value ?? 'none'), from: runs.from },
    {
      path: 'recycle.memory',
      shown: memory.value === 'none' ? 'none' : showSize(memory.value),
      from: memory.from,
    },
    { path: 'recycle.age', shown: age.value === null ? 'none' : formatDuration(age.value), from: age.from },
    ...alertRows(values.alerts),
  ];
}
