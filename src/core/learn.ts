import { learnDue } from './alarm/learn-due.ts';
import type { ChainDefinition } from './definition.ts';
import type { ChainEvent } from './event.ts';
import type { Facts } from './facts.ts';
import { silently, type EventOf, type Learned } from './learned.ts';
import { definitionChanged, runSkipped } from './turn-events.ts';
import { learnRequest } from './requests.ts';
import { endingStepTaken, runEnded, runIntended, runOver, runStarted, runWithdrawn } from './run-events.ts';
import { learnOfWorker } from './worker-events.ts';

/** The facts after `event`. An event about another run than the present one comes too late and changes nothing. */
export function learn(facts: Facts, event: ChainEvent, definition: ChainDefinition): Learned {
  switch (event.kind) {
    case 'asked':
      return learnRequest(facts, event.request, definition);
    case 'run skipped':
      return runSkipped(facts, event, definition);
    case 'definition changed':
      return definitionChanged(facts, event, definition);
    case 'run intended':
      return runIntended(facts, event, definition);
    case 'run started':
      return runStarted(facts, event);
    case 'run withdrawn':
      return runWithdrawn(facts, event, definition);
    case 'ending step taken':
      return endingStepTaken(facts, event);
    case 'output read':
      return silently({ ...facts, printed: event.text });
    case 'run ended':
      return runEnded(facts, event, definition);
    case 'run over':
      return runOver(facts, event);
    case 'worker started':
    case 'worker blocked':
    case 'worker locked':
    case 'worker ready':
    case 'worker lost':
    case 'worker released':
      return learnOfWorker(facts, event, definition);
    case 'store failed':
      return storeFailed(facts, event);
    case 'store worked':
      return storeWorked(facts);
    case 'notice due':
      return learnDue(facts, event, definition);
  }
}

function storeFailed(facts: Facts, event: EventOf<'store failed'>): Learned {
  const isNew = facts.store.kind === 'works' || facts.store.reason !== event.reason;
  return {
    facts: { ...facts, store: { kind: 'fails', reason: event.reason, retryAt: event.retryAt } },
    told: isNew ? [{ kind: 'store failed', reason: event.reason }] : [],
  };
}

function storeWorked(facts: Facts): Learned {
  if (facts.store.kind === 'works') return silently(facts);
  return { facts: { ...facts, store: { kind: 'works' } }, told: [{ kind: 'store works again' }] };
}
