import { storedWait, type Here } from '../cooldown.ts';
import type { AlertPolicy, Breaker } from '../definition.ts';
import type { FailureExample } from '../incident.ts';
import type { Incident } from './alarm.ts';
import { countKind } from './kinds.ts';

/** So many kinds of one incident are told at once; what comes after them is in its reminders. */
const kindsTold = 5;

/** What counting a failure needs to know. */
interface Counting {
  readonly task: string;
  readonly here: Here;
  readonly policy: AlertPolicy;
}

/** The incident that a task's first failure opens. */
export function opened(failure: FailureExample, { task, here, policy }: Counting): Incident {
  const { kinds } = countKind([], failure);
  const incident: Incident = {
    task,
    firstRun: failure.run,
    openedAt: failure.at,
    lastFailedAt: failure.at,
    failures: 1,
    kinds,
    otherFailures: 0,
    stage: 'untold',
    severity: 'error',
    remind: storedWait(policy.remindMs, here),
    kindsTold: 0,
    newest: { kind: failure.kind, inARow: 1 },
    isBreakerOpen: false,
  };
  return { ...incident, isBreakerOpen: opensBreaker(incident, policy.breaker) };
}

/** The incident after one more failure. */
export function withFailure(incident: Incident, failure: FailureExample, { policy }: Counting): Incident {
  const { kinds, isKept } = countKind(incident.kinds, failure);
  const isSameKind = incident.newest.kind === failure.kind;
  const counted: Incident = {
    ...incident,
    lastFailedAt: failure.at,
    failures: incident.failures + 1,
    kinds,
    otherFailures: incident.otherFailures + (isKept ? 0 : 1),
    newest: { kind: failure.kind, inARow: isSameKind ? incident.newest.inARow + 1 : 1 },
  };
  return { ...counted, isBreakerOpen: incident.isBreakerOpen || opensBreaker(counted, policy.breaker) };
}

/** Whether people are to be told of the newest failure because its kind is new to a told incident. */
export function hasNewKindToTell(before: Incident, after: Incident): boolean {
  return (
    before.stage === 'told' &&
    before.kindsTold < kindsTold &&
    !before.kinds.some(({ key }) => key === after.newest.kind)
  );
}

function opensBreaker({ newest }: Incident, breaker: Breaker | null): boolean {
  return breaker !== null && newest.inARow >= breaker.failures;
}
