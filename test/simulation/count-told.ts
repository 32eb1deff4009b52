import type { ChainEvent, Told } from '../../src/core/event.ts';
import type { Coverage } from './coverage.ts';

/** Counts an event that a worker has posted. */
export function countEvent(event: ChainEvent, coverage: Coverage): void {
  coverage.count('event', event.kind);
  if (event.kind === 'worker locked') coverage.count('found in the journal', event.found.kind);
}

/**
 * Counts what was told, and what it shows of the loop of the chain: which decision, event or request it comes from.
 * The loop takes each of its steps by calls of ports, and most of them are told.
 */
export function countTold(told: Told, coverage: Coverage): void {
  coverage.count('told', told.kind);
  switch (told.kind) {
    case 'run intended':
      coverage.count('decision', 'intend run');
      coverage.count('event', 'run intended');
      break;
    case 'run started':
      coverage.count('event', 'run started');
      break;
    case 'run ended':
      coverage.count('outcome', told.outcome.kind);
      if (told.outcome.kind !== 'withdrawn') break;
      coverage.count('event', 'run withdrawn');
      if (told.outcome.reason.startsWith('the chain was')) coverage.count('decision', 'withdraw run');
      break;
    case 'ending step taken':
      coverage.count('event', 'ending step taken');
      coverage.count('ending step', `${told.why}, ${told.step}`);
      break;
    case 'run skipped':
      coverage.count('decision', 'skip run');
      coverage.count('event', 'run skipped');
      break;
    case 'definition changed':
      coverage.count('event', 'definition changed');
      break;
    case 'notice':
      coverage.count('notice', told.notice.kind);
      countDue(told.notice.kind, coverage);
      break;
    case 'unmuted':
      if (told.by === null) countDue('mute over', coverage);
      else countRequest('unmute asked', coverage);
      break;
    case 'resumed':
      if (told.by !== null) countRequest('resume asked', coverage);
      break;
    case 'paused':
      if (told.pause.by.kind === 'operator') countRequest('pause asked', coverage);
      break;
    case 'muted':
      countRequest('mute asked', coverage);
      break;
    case 'poked':
      countRequest('poke asked', coverage);
      break;
    case 'skip asked':
    case 'end asked':
    case 'chain stopped':
    case 'drain asked':
    case 'stop asked':
      countRequest(told.kind, coverage);
      break;
    case 'worker outdated':
      if (told.reason.startsWith('restarted by')) countRequest('worker outdated', coverage);
      break;
    case 'run left behind':
    case 'leftovers gone':
    case 'pass ended':
    case 'worker blocked':
    case 'worker ready':
    case 'worker lost':
    case 'store failed':
    case 'store works again':
    case 'incident changed':
      break;
  }
}

function countRequest(kind: string, coverage: Coverage): void {
  coverage.count('event', 'asked');
  coverage.count('request', kind);
}

const dueKinds = new Set([
  'incident lasts',
  'flapping lasts',
  'flapping over',
  'not fresh',
  'not fresh lasts',
  'blocked',
  'blocked lasts',
  'unblocked',
  'late run',
  'mute over',
  'alerts resumed',
  'incident closed',
]);

/** Counts something that was due by the clock; other kinds of notice are not. */
export function countDue(kind: string, coverage: Coverage): void {
  if (!dueKinds.has(kind)) return;
  coverage.count('due', kind);
  coverage.count('decision', 'give notice');
  coverage.count('event', 'notice due');
}
