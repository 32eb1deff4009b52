import type { IncidentBrief, SeenKind } from '../incident.ts';
import type { EpochMs } from '../units.ts';

/** So many kinds of failure of one incident are kept apart. A task that never fails twice alike is told by its reminders. */
const kindsKept = 10;

/** A failure, as far as the counting by kind needs it. */
export interface CountedFailure {
  readonly kind: string;
  readonly title: string;
  readonly at: EpochMs;
}

/** The kinds after one more failure, and whether it is one of a new kind. */
export function countKind(
  kinds: readonly SeenKind[],
  failure: CountedFailure,
): { readonly kinds: readonly SeenKind[]; readonly isNew: boolean; readonly isKept: boolean } {
  const { kind, title, at } = failure;
  if (kinds.some(({ key }) => key === kind)) {
    const counted = kinds.map((seen) =>
      seen.key === kind ? { ...seen, failures: seen.failures + 1, lastAt: at } : seen,
    );
    return { kinds: counted, isNew: false, isKept: true };
  }
  if (kinds.length >= kindsKept) return { kinds, isNew: true, isKept: false };
  const first: SeenKind = { key: kind, title, failures: 1, firstAt: at, lastAt: at };
  return { kinds: [...kinds, first], isNew: true, isKept: true };
}

/** The incident without what only the alarm needs. */
export function briefOf(incident: IncidentBrief): IncidentBrief {
  const { task, firstRun, openedAt, lastFailedAt, failures, kinds, otherFailures } = incident;
  return { task, firstRun, openedAt, lastFailedAt, failures, kinds, otherFailures };
}
