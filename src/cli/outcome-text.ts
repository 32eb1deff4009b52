import { formatDuration } from '../core/duration.ts';
import type { Outcome, TaskError } from '../core/outcome.ts';
import { toDurationMs, type DurationMs } from '../core/units.ts';

/** How a run ended, in words that continue "run 12 ...". */
export function outcomeText(outcome: Outcome, durationMs: DurationMs | null = null): string {
  const took = durationMs === null ? '' : ` after ${lengthText(durationMs)}`;
  switch (outcome.kind) {
    case 'succeeded':
      return `succeeded${took}`;
    case 'exited':
      return `failed${took}: exit status ${outcome.exitCode}`;
    case 'killed':
      return `failed${took}: killed by ${outcome.signal}`;
    case 'threw':
      return `failed${took}: ${errorText(outcome.error)}`;
    case 'not started':
      return `failed: could not start: ${outcome.reason}`;
    case 'interrupted':
      return `failed: interrupted, its result is unknown: ${outcome.reason}`;
    case 'timed out':
      return `failed: timed out after ${formatDuration(outcome.timeoutMs)}`;
    case 'stopped':
      return `was stopped${took}`;
    case 'withdrawn':
      return `was not started: ${outcome.reason}`;
  }
}

function errorText({ name, message }: TaskError): string {
  const line = firstLine(message);
  return name === 'Error' && line !== '' ? line : `${name}: ${line}`;
}

/** The same for a run as it is stored. */
export function storedOutcomeText(kind: string, detail: unknown): string {
  return outcomeText(toOutcome(kind, typeof detail === 'object' && detail !== null ? { ...detail } : {}));
}

function toOutcome(kind: string, detail: Readonly<Record<string, unknown>>): Outcome {
  const reason = textOf(detail['reason']);
  switch (kind) {
    case 'succeeded':
    case 'stopped':
      return { kind };
    case 'exited':
      return { kind, exitCode: Number(detail['exitCode']) };
    case 'killed':
      return { kind, signal: textOf(detail['signal']) };
    case 'timed out':
      return { kind, timeoutMs: toDurationMs(Number(detail['timeoutMs'])) };
    case 'threw':
      return { kind, error: toError(detail['error']) };
    case 'not started':
    case 'interrupted':
    case 'withdrawn':
      return { kind, reason };
    default:
      return { kind: 'interrupted', reason: `a newer version of runner calls it "${kind}"` };
  }
}

function toError(error: unknown): TaskError {
  const fields: Readonly<Record<string, unknown>> =
    typeof error === 'object' && error !== null ? { ...error } : {};
  return { name: textOf(fields['name']), message: textOf(fields['message']), stack: textOf(fields['stack']) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A measured or planned length as people read it: `812ms`, `4.2s`, `3m20s`. */
export function lengthText(length: DurationMs | null): string {
  if (length === null) return 'an unknown time';
  if (length < 1_000) return `${length}ms`;
  if (length < 60_000) return `${(length / 1_000).toFixed(1).replace(/\.0$/, '')}s`;
  return formatDuration(toDurationMs(Math.round(length / 1_000) * 1_000));
}

/** A measured amount of memory as people read it, in units of 1024: `812KB`, `48MB`, `1.3GB`. */
export function memoryText(kib: number): string {
  if (kib < 1_024) return `${kib}KB`;
  const mib = kib / 1_024;
  return mib < 1_024 ? `${Math.round(mib)}MB` : `${(mib / 1_024).toFixed(1)}GB`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
