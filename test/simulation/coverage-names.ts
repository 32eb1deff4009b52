import type { Due } from '../../src/core/alarm/due-notice.ts';
import type { Decision, WaitReason } from '../../src/core/decide.ts';
import type { ChainEvent, ChainRequest, JournalEntry } from '../../src/core/event.ts';
import type { EndingReason, Stage, StoreFact, Wanted, WorkerFact } from '../../src/core/facts.ts';
import type { Holds } from '../../src/core/initial.ts';
import type { NoticeKind } from '../../src/core/notice.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Asked, ControlRequest, Reloaded, Upgraded } from '../../src/control-port.ts';
import type { Clock, Opening, Output, Store, Worker, Workers } from '../../src/ports.ts';
import { toldKinds } from '../support/told-kinds.ts';
import type { Harm } from './harms.ts';

/** What is counted together. */
export type Table =
  | 'decision'
  | 'wait for'
  | 'event'
  | 'request'
  | 'outcome'
  | 'told'
  | 'notice'
  | 'due'
  | 'harm'
  | 'ending step'
  | 'asked'
  | 'answer'
  | 'opening'
  | 'reload'
  | 'upgrade'
  | 'hand-over'
  | 'found in the journal'
  | 'term begun, holds'
  | 'worker and run'
  | 'wanted, run, store, hold'
  | 'runner died at';

type NamesOf<Union extends string> = { readonly [Name in Union]: true };

/** Everything that a runner asks of the world; between any two of these calls it may die. */
export type PortCall =
  | `clock.${Exclude<keyof Clock, 'boot'>}`
  | `store.${keyof Store}`
  | `workers.${keyof Workers}`
  | `worker.${keyof Worker}`
  | `output.${keyof Output}`
  | 'open'
  | 'close'
  | 'tell'
  | 'tellBy'
  | 'note'
  | 'load'
  | 'seat.take'
  | 'seat.leave'
  | 'startSuccessor';

/** Whether a chain is held, and by what. */
export type Hold = 'free' | 'paused' | 'stopped';

type StageName = Stage['kind'] | 'no run';

/** Facts that are counted together. */
export type Combination = `${Wanted['kind']}, ${StageName}, ${StoreFact['kind']}, ${Hold}`;

const decisions: NamesOf<Decision['kind']> = {
  'intend run': true,
  'start run': true,
  'withdraw run': true,
  'end run': true,
  'start worker': true,
  'release worker': true,
  'skip run': true,
  'give notice': true,
  store: true,
  wait: true,
  finish: true,
};

const waitReasons: NamesOf<WaitReason> = {
  running: true,
  'cooling down': true,
  paused: true,
  'left behind': true,
  'worker starting': true,
  'worker blocked': true,
  'worker cannot start': true,
  'store fails': true,
};

const events: NamesOf<ChainEvent['kind']> = {
  asked: true,
  'worker released': true,
  'definition changed': true,
  'run skipped': true,
  'run intended': true,
  'run started': true,
  'run withdrawn': true,
  'ending step taken': true,
  'output read': true,
  'run ended': true,
  'run over': true,
  'worker started': true,
  'worker blocked': true,
  'worker locked': true,
  'worker ready': true,
  'worker lost': true,
  'store failed': true,
  'store worked': true,
  'notice due': true,
};

const requests: NamesOf<ChainRequest['kind']> = {
  'stop asked': true,
  'drain asked': true,
  'chain stopped': true,
  'pause asked': true,
  'resume asked': true,
  'mute asked': true,
  'unmute asked': true,
  'poke asked': true,
  'skip asked': true,
  'end asked': true,
  'worker outdated': true,
};

const outcomes: NamesOf<Outcome['kind']> = {
  succeeded: true,
  exited: true,
  killed: true,
  threw: true,
  'not started': true,
  interrupted: true,
  'timed out': true,
  stopped: true,
  withdrawn: true,
};

const notices: NamesOf<NoticeKind> = {
  'incident opened': true,
  'new kind': true,
  'incident lasts': true,
  'incident healed': true,
  'breaker opened': true,
  flapping: true,
  'flapping lasts': true,
  'flapping over': true,
  'not fresh': true,
  'not fresh lasts': true,
  'fresh again': true,
  blocked: true,
  'blocked lasts': true,
  unblocked: true,
  'late run': true,
  'late run ended': true,
  'alerts resumed': true,
};

const dues: NamesOf<Due['what']> = {
  'incident lasts': true,
  'incident closed': true,
  'flapping lasts': true,
  'flapping over': true,
  'not fresh': true,
  'not fresh lasts': true,
  blocked: true,
  'blocked lasts': true,
  unblocked: true,
  'late run': true,
  'mute over': true,
  'alerts resumed': true,
};

const harms: NamesOf<Harm['kind']> = {
  'runner killed': true,
  'runner killed at work': true,
  'runner killed while it stores': true,
  'runner stopped': true,
  'runner frozen': true,
  'second runner': true,
  'runner in the foreground': true,
  upgrade: true,
  'host rebooted': true,
  'clock set': true,
  'disk full': true,
  'save fails': true,
  'store slow': true,
  'term cannot begin': true,
  'chain cannot be opened': true,
  'worker killed': true,
  'worker killed as a run ends': true,
  'worker killed in a run': true,
  'worker cut off': true,
  'worker cannot start': true,
  'tasks cannot be loaded': true,
  'messages late': true,
  'log full': true,
  reload: true,
  asked: true,
  'status looked at': true,
};

const endings: { readonly [Why in EndingReason]: readonly ('asked' | 'cancelled' | 'killed')[] } = {
  timeout: ['cancelled', 'killed'],
  stop: ['asked', 'cancelled', 'killed'],
  leftovers: ['cancelled', 'killed'],
  operator: ['cancelled', 'killed'],
};

const controls: NamesOf<ControlRequest['kind']> = {
  start: true,
  poke: true,
  resume: true,
  unmute: true,
  skip: true,
  restart: true,
  pause: true,
  mute: true,
  stop: true,
  'kill-run': true,
  release: true,
};

const answers: NamesOf<Asked['kind']> = { done: true, 'no such chain': true, refused: true };
const openings: NamesOf<Opening['kind']> = { opened: true, 'held elsewhere': true, 'cannot open': true };
const reloads: NamesOf<Reloaded['kind']> = {
  planned: true,
  'carried out': true,
  rejected: true,
  refused: true,
};
const upgrades: NamesOf<Upgraded['kind']> = { 'taking over': true, failed: true, refused: true };
const handOvers = { given: true, 'taken back': true, 'predecessor died': true } as const;
const journal: NamesOf<JournalEntry['kind']> = { nothing: true, began: true, ended: true };
const holds: NamesOf<Holds> = { kept: true, 'stop ends': true, 'both end': true };
const wanteds: NamesOf<Wanted['kind']> = { run: true, drain: true, stop: true, 'stop now': true };
const stores: NamesOf<StoreFact['kind']> = { works: true, fails: true };
const stages: NamesOf<StageName> = { 'no run': true, intended: true, running: true, 'left behind': true };
const workerFacts: NamesOf<WorkerFact['kind']> = {
  absent: true,
  starting: true,
  blocked: true,
  loading: true,
  ready: true,
};

/** All of these names. */
export const portCalls: NamesOf<PortCall> = {
  'clock.now': true,
  'clock.wakeAt': true,
  'clock.allHeard': true,
  'store.begin': true,
  'store.save': true,
  'workers.start': true,
  'workers.end': true,
  'workers.remains': true,
  'worker.run': true,
  'worker.release': true,
  'output.position': true,
  'output.tail': true,
  'output.mustRotate': true,
  'output.rotate': true,
  'output.limit': true,
  'output.watch': true,
  'output.unwatch': true,
  open: true,
  close: true,
  tell: true,
  tellBy: true,
  note: true,
  load: true,
  'seat.take': true,
  'seat.leave': true,
  startSuccessor: true,
};

/** What is counted, and every name that it has. A name that a type gets and this does not have breaks the build. */
export const tables: { readonly [Name in Table]: readonly string[] } = {
  decision: Object.keys(decisions),
  'wait for': Object.keys(waitReasons),
  event: Object.keys(events),
  request: Object.keys(requests),
  outcome: Object.keys(outcomes),
  told: Object.keys(toldKinds),
  notice: Object.keys(notices),
  due: Object.keys(dues),
  harm: Object.keys(harms),
  'ending step': Object.entries(endings).flatMap(([why, steps]) => steps.map((step) => `${why}, ${step}`)),
  asked: Object.keys(controls),
  answer: Object.keys(answers),
  opening: Object.keys(openings),
  reload: Object.keys(reloads),
  upgrade: Object.keys(upgrades),
  'hand-over': Object.keys(handOvers),
  'found in the journal': Object.keys(journal),
  'term begun, holds': Object.keys(holds),
  'worker and run': productOf(Object.keys(workerFacts), Object.keys(stages)).filter(isPossibleWorker),
  'wanted, run, store, hold': productOf(Object.keys(wanteds), Object.keys(stages), Object.keys(stores), [
    'free',
    'paused',
    'stopped',
  ] satisfies Hold[]).filter(isPossible),
  'runner died at': Object.keys(portCalls),
};

function productOf(...lists: readonly (readonly string[])[]): readonly string[] {
  return lists.reduce<readonly string[]>(
    (products, list) =>
      products.flatMap((product) => list.map((one) => (product === '' ? one : `${product}, ${one}`))),
    [''],
  );
}

/** A chain that somebody has stopped is wanted to stop, so no other wish goes together with it. */
function isPossible(combination: string): boolean {
  const [wanted, , , hold] = combination.split(', ');
  return hold !== 'stopped' || wanted === 'stop' || wanted === 'stop now';
}

/** A worker that has the lock has proven that no run of an earlier one is in progress, nor anything left of it. */
function isPossibleWorker(combination: string): boolean {
  return combination !== 'loading, running' && combination !== 'loading, left behind';
}
