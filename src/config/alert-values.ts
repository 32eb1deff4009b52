import type { AlertPolicy, Breaker } from '../core/definition.ts';
import { formatDuration } from '../core/duration.ts';
import { toDurationMs, type DurationMs } from '../core/units.ts';
import type { CheckedAlerts } from './checked-config.ts';
import type { ChosenChain } from './chosen-chains.ts';
import type { LoadedValue } from './loaded.ts';
import type { Sourced } from './settings.ts';

/** When people are told of a chain, and where that is written. */
export type AlertValues = { readonly [Key in keyof AlertPolicy]: Sourced<AlertPolicy[Key]> };

/** What is written for this host, for the chain, or by nobody. */
export function alertValuesOf({ chain, hosts, fromOf }: ChosenChain): AlertValues {
  const sources = [...hosts.toReversed(), { values: chain, fromOf }];
  function strongest<Key extends keyof CheckedAlerts, Value>(
    key: Key,
    usual: Value,
    read: (written: NonNullable<CheckedAlerts[Key]>) => Value,
  ): Sourced<Value> {
    for (const source of sources) {
      const value = source.values[key];
      if (value !== undefined) return { value: read(value), from: source.fromOf([key]) };
    }
    return { value: usual, from: 'default' };
  }
  return {
    afterFailures: strongest('alertAfterFailures', 1, (written) => written),
    remindMs: strongest('alertAfter', toDurationMs(12 * 3_600_000), (written) => written),
    freshnessMs: strongest('freshness', null, orNull<DurationMs>),
    blockedMs: strongest<'blockedAfter', DurationMs | null>(
      'blockedAfter',
      toDurationMs(30 * 60_000),
      orNull<DurationMs>,
    ),
    lateFactor: strongest<'lateFactor', number | null>('lateFactor', 10, orNull<number>),
    breaker: strongest<'breaker', Breaker | null>('breaker', null, ({ failures, probe }) => ({
      failures,
      probeMs: probe,
    })),
  };
}

/** The policy that these values make. */
export function alertPolicyOf(values: AlertValues): AlertPolicy {
  return {
    afterFailures: values.afterFailures.value,
    remindMs: values.remindMs.value,
    freshnessMs: values.freshnessMs.value,
    blockedMs: values.blockedMs.value,
    lateFactor: values.lateFactor.value,
    breaker: values.breaker.value,
  };
}

/** The values as rows of the table of `runner check`. */
export function alertRows(values: AlertValues): LoadedValue[] {
  const { afterFailures, remindMs, freshnessMs, blockedMs, lateFactor, breaker } = values;
  return [
    { path: 'alertAfterFailures', shown: String(afterFailures.value), from: afterFailures.from },
    { path: 'alertAfter', shown: formatDuration(remindMs.value), from: remindMs.from },
    { path: 'freshness', shown: durationOrNone(freshnessMs.value), from: freshnessMs.from },
    { path: 'blockedAfter', shown: durationOrNone(blockedMs.value), from: blockedMs.from },
    { path: 'lateFactor', shown: String(lateFactor.value ?? 'none'), from: lateFactor.from },
    { path: 'breaker', shown: breakerText(breaker.value), from: breaker.from },
  ];
}

function orNull<Value>(written: Value | 'none'): Value | null {
  return written === 'none' ? null : written;
}

function durationOrNone(length: DurationMs | null): string {
  return length === null ? 'none' : formatDuration(length);
}

function breakerText(breaker: Breaker | null): string {
  return breaker === null
    ? 'none'
    : `after ${breaker.failures} failures, probes every ${formatDuration(breaker.probeMs)}`;
}
