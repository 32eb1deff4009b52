import type { FailureCooldown, OnFailure } from '../core/definition.ts';
import { formatDuration } from '../core/duration.ts';
import { isShorter, toDurationMs, type DurationMs } from '../core/units.ts';
import type { CheckedBackOff, CheckedFailureCooldown, CheckedSettings } from './checked-config.ts';
import type { LoadedValue } from './loaded.ts';
import type { KeyPath } from './problem.ts';

/** A value and where it was written. */
export interface Sourced<Value> {
  readonly value: Value;
  readonly from: string;
}

/** What one source sets for a task. */
export interface TaskLayer {
  readonly success?: Sourced<DurationMs>;
  readonly failure?: Sourced<CheckedFailureCooldown>;
  readonly timeout?: Sourced<DurationMs | 'none'>;
  readonly onFailure?: Sourced<OnFailure>;
}

/** What is in force for a task. */
export interface TaskSettings {
  readonly success: Sourced<DurationMs>;
  readonly failure: Sourced<FailureCooldown>;
  readonly timeout: Sourced<DurationMs | 'none'>;
  readonly onFailure: Sourced<OnFailure>;
}

/** What holds where nothing is written: see `Cooldown` and `TaskDefinition` in core. */
const defaults = {
  success: { value: toDurationMs(1_000), from: 'default' },
  timeout: { value: 'none', from: 'default' },
  onFailure: { value: 'continue', from: 'default' },
} as const;
const defaultBackOff = { first: toDurationMs(1_000), factor: 2, max: toDurationMs(300_000), jitter: 0.2 };

/** Makes a layer of what was written. @param from says where the value at a path below it was written. */
export function layerOf(settings: CheckedSettings, from: (path: KeyPath) => string): TaskLayer {
  const { cooldown, timeout, onFailure } = settings;
  return {
    ...(cooldown?.success !== undefined && {
      success: { value: cooldown.success, from: from(['cooldown', 'success']) },
    }),
    ...(cooldown?.failure !== undefined && {
      failure: { value: cooldown.failure, from: from(['cooldown', 'failure']) },
    }),
    ...(timeout !== undefined && { timeout: { value: timeout, from: from(['timeout']) } }),
    ...(onFailure !== undefined && { onFailure: { value: onFailure, from: from(['onFailure']) } }),
  };
}

/** Puts layers on top of each other and of the defaults. @param layers the weakest first */
export function settingsOf(layers: readonly TaskLayer[]): TaskSettings {
  const strongestFirst = layers.toReversed();
  return {
    success: strongestFirst.find((layer) => layer.success !== undefined)?.success ?? defaults.success,
    failure: failureOf(layers),
    timeout: strongestFirst.find((layer) => layer.timeout !== undefined)?.timeout ?? defaults.timeout,
    onFailure: strongestFirst.find((layer) => layer.onFailure !== undefined)?.onFailure ?? defaults.onFailure,
  };
}

/** The rows of a task's values. @param prefix `tasks[0].` or, where all tasks agree, nothing */
export function settingsRows(settings: TaskSettings, prefix: string): LoadedValue[] {
  const { success, failure, timeout, onFailure } = settings;
  return [
    { path: `${prefix}cooldown.success`, shown: formatDuration(success.value), from: success.from },
    { path: `${prefix}cooldown.failure`, shown: showFailure(failure.value), from: failure.from },
    { path: `${prefix}timeout`, shown: showTimeout(timeout.value), from: timeout.from },
    { path: `${prefix}onFailure`, shown: onFailure.value, from: onFailure.from },
  ];
}

/** What is wrong with a back-off whose parts come from several places, or `null`. */
export function problemWithBackOff(failure: FailureCooldown): string | null {
  if (failure.kind === 'fixed' || !isShorter(failure.capMs, failure.firstMs)) return null;
  const [first, max] = [formatDuration(failure.firstMs), formatDuration(failure.capMs)];
  return `Cannot grow the failure cooldown: found "first" of ${first} above "max" of ${max}, write a "max" of at least ${first}`;
}

/** A back-off takes what it does not set from a weaker back-off; a fixed time replaces all. */
function failureOf(layers: readonly TaskLayer[]): Sourced<FailureCooldown> {
  let written: CheckedFailureCooldown = { kind: 'back-off' };
  let from = 'default';
  for (const { failure } of layers) {
    if (failure === undefined) continue;
    from = failure.from;
    const isPart: boolean = failure.value.kind === 'back-off' && written.kind === 'back-off';
    written = isPart ? { ...written, ...withoutUndefined(failure.value) } : failure.value;
  }
  return { value: written.kind === 'fixed' ? written : completeBackOff(written), from };
}

function completeBackOff(written: CheckedBackOff): FailureCooldown {
  const first = written.first ?? defaultBackOff.first;
  // Who sets only a long first wait did not ask for a shorter longest one.
  const usualMax = isShorter(defaultBackOff.max, first) ? first : defaultBackOff.max;
  // Who sets only a short longest wait did not ask for a longer first one.
  const isFirstUsual = written.first === undefined && written.max !== undefined;
  const firstMs = isFirstUsual && isShorter(written.max, first) ? written.max : first;
  return {
    kind: 'back-off',
    firstMs,
    factor: written.factor ?? defaultBackOff.factor,
    capMs: written.max ?? usualMax,
    jitter: written.jitter ?? defaultBackOff.jitter,
  };
}

function withoutUndefined(value: CheckedFailureCooldown): CheckedBackOff {
  return Object.fromEntries(
    Object.entries(value).filter(([key, part]) => key !== 'kind' && part !== undefined),
  );
}

function showTimeout(timeout: DurationMs | 'none'): string {
  return timeout === 'none' ? 'none' : formatDuration(timeout);
}

function showFailure(failure: FailureCooldown): string {
  if (failure.kind === 'fixed') return formatDuration(failure.lengthMs);
  const { firstMs, factor, capMs, jitter } = failure;
  return `${formatDuration(firstMs)} x ${factor} up to ${formatDuration(capMs)}, jitter ${jitter}`;
}
