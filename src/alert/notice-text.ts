import { counted } from '../core/counted.ts';
import type { FailureExample, IncidentBrief, SeenKind } from '../core/incident.ts';
import type {
  BlockedNotice,
  FlappingNotice,
  FreshnessNotice,
  IncidentNotice,
  LateNotice,
  Notice,
  ResumedNotice,
} from '../core/notice.ts';
import type { Outcome } from '../core/outcome.ts';
import { durationBetween, type DurationMs } from '../core/units.ts';
import { lengthText, momentText, oneLine, plainLines } from './people-text.ts';

/** Something that is the case, in one line. */
export interface Fact {
  readonly name: string;
  readonly text: string;
}

/** What to type now. */
export interface Command {
  readonly line: string;
  readonly why: string;
}

/** What a notice says to people. */
export interface NoticeText {
  readonly title: string;
  readonly facts: readonly Fact[];
  /** What the task printed, or a stack. */
  readonly example: string | null;
  readonly commands: readonly Command[];
}

/** Where a notice comes from. */
export interface Whence {
  readonly chain: string;
  /** The number of its incident; `null` where it has none. */
  readonly incident: number | null;
}

const longestExample = 8 * 1024;
const longestFact = 500;

/** Puts a notice into words. */
export function tellNotice(notice: Notice, whence: Whence): NoticeText {
  switch (notice.kind) {
    case 'incident opened':
    case 'new kind':
    case 'incident lasts':
    case 'incident healed':
    case 'breaker opened':
      return tellIncident(notice, whence);
    case 'flapping':
    case 'flapping lasts':
    case 'flapping over':
      return tellFlapping(notice, whence);
    case 'not fresh':
    case 'not fresh lasts':
    case 'fresh again':
      return tellFreshness(notice, whence);
    case 'blocked':
    case 'blocked lasts':
    case 'unblocked':
      return tellBlocked(notice, whence);
    case 'late run':
    case 'late run ended':
      return tellLate(notice, whence);
    case 'alerts resumed':
      return tellResumed(notice, whence);
  }
}

function tellIncident(notice: IncidentNotice & Notice, { chain, incident }: Whence): NoticeText {
  const { failure, remindMs, probeMs, incident: brief } = notice;
  const isOver = notice.kind === 'incident healed';
  const run = failure?.run ?? brief.firstRun;
  return {
    title: incidentTitle(notice, placeText(chain, brief.task)),
    facts: [
      { name: 'Task', text: oneLine(brief.task, longestFact) },
      { name: 'Chain', text: chain },
      ...(incident === null ? [] : [{ name: 'Incident', text: String(incident) }]),
      { name: 'Since', text: `${momentText(brief.openedAt)}, run ${brief.firstRun}` },
      { name: 'Failures', text: String(brief.failures) },
      ...(failure === null ? [] : failureFacts(failure)),
      ...kindFacts(brief),
      ...(probeMs === null ? [] : [{ name: 'Tried again', text: `only every ${lengthText(probeMs)}` }]),
      ...(isOver ? [{ name: 'Ended', text: momentText(notice.at) }] : reminderFacts(remindMs)),
    ],
    example: failure === null ? null : exampleOf(failure),
    commands: [
      ...(incident === null
        ? []
        : [{ line: `runner incident ${incident}`, why: 'shows all that is known of it' }]),
      { line: `runner logs ${chain} --run ${run}`, why: 'shows what the run has printed' },
      ...(isOver ? [] : [muteCommand(chain)]),
    ],
  };
}

function incidentTitle(notice: IncidentNotice & Notice, place: string): string {
  const { failures, openedAt, kinds } = notice.incident;
  const what = notice.failure?.title ?? kinds.at(-1)?.title ?? 'no reason is known';
  const length = lengthText(durationBetween(openedAt, notice.at));
  const times = counted(failures, 'failure');
  switch (notice.kind) {
    case 'incident opened':
      return failures > 1 ? `${place} fails (${times} in a row): ${what}` : `${place} fails: ${what}`;
    case 'new kind':
      return `${place} fails in a new way: ${what}`;
    case 'incident lasts':
      return `${place} still fails after ${length} (${times}): ${what}`;
    case 'incident healed':
      return `${place} works again after ${length} (${times})`;
    case 'breaker opened':
      return `${place} fails each time and is tried rarely now (${times}): ${what}`;
  }
}

function failureFacts(failure: FailureExample): readonly Fact[] {
  const { run, at, durationMs, codeVersion, outcome } = failure;
  const took = durationMs === null ? '' : `, after ${lengthText(durationMs)}`;
  return [
    { name: 'Run', text: `${run}, ended ${momentText(at)}${took}` },
    { name: 'Outcome', text: oneLine(outcomeText(outcome), longestFact) },
    ...(codeVersion === null ? [] : [{ name: 'Code', text: oneLine(codeVersion, 80) }]),
  ];
}

function kindFacts({ kinds, otherFailures }: IncidentBrief): readonly Fact[] {
  if (kinds.length + otherFailures < 2) return [];
  return [
    ...kinds.map(kindFact),
    ...(otherFailures > 0 ? [{ name: 'Other kinds', text: counted(otherFailures, 'failure') }] : []),
  ];
}

function kindFact({ title, failures, lastAt }: SeenKind): Fact {
  const times = failures === 1 ? 'once' : `${failures} times`;
  return { name: `Seen ${times}`, text: `${oneLine(title, 200)}, last ${momentText(lastAt)}` };
}

function tellFlapping(notice: FlappingNotice & Notice, { chain }: Whence): NoticeText {
  const { task, since, incidents, failures, kinds, remindMs } = notice;
  const place = placeText(chain, task);
  const length = lengthText(durationBetween(since, notice.at));
  const counts = `${counted(incidents, 'incident')}, ${counted(failures, 'failure')} in ${length}`;
  const titles = {
    flapping: `${place} fails and works in turn: ${counts}`,
    'flapping lasts': `${place} still fails and works in turn: ${counts}`,
    'flapping over': `${place} is steady again: ${counts}`,
  };
  return {
    title: titles[notice.kind],
    facts: [
      { name: 'Task', text: oneLine(task, longestFact) },
      { name: 'Chain', text: chain },
      { name: 'Since', text: momentText(since) },
      ...kinds.map(kindFact),
      ...reminderFacts(remindMs),
    ],
    example: null,
    commands: [
      { line: `runner history ${chain}`, why: 'shows its last runs' },
      { line: 'runner incidents', why: 'shows its incidents' },
      ...(notice.kind === 'flapping over' ? [] : [muteCommand(chain)]),
    ],
  };
}

function tellFreshness(notice: FreshnessNotice & Notice, { chain }: Whence): NoticeText {
  const { lastSuccessAt, freshnessMs, forMs, remindMs } = notice;
  const titles = {
    'not fresh': `${chain} has had no success for ${lengthText(forMs)}`,
    'not fresh lasts': `${chain} still has had no success, for ${lengthText(forMs)}`,
    'fresh again': `${chain} has succeeded again after ${lengthText(forMs)}`,
  };
  return {
    title: titles[notice.kind],
    facts: [
      { name: 'Chain', text: chain },
      { name: 'Last success', text: lastSuccessAt === null ? 'never' : momentText(lastSuccessAt) },
      { name: 'Wanted', text: `one every ${lengthText(freshnessMs)}` },
      ...reminderFacts(remindMs),
    ],
    example: null,
    commands: [
      { line: `runner status ${chain}`, why: 'shows why it does not run, or what fails' },
      ...(notice.kind === 'fresh again' ? [] : [muteCommand(chain)]),
    ],
  };
}

function tellBlocked(notice: BlockedNotice & Notice, { chain }: Whence): NoticeText {
  const { since, forMs, holders, remindMs } = notice;
  const titles = {
    blocked: `${chain} has waited for ${lengthText(forMs)} for processes of an earlier run`,
    'blocked lasts': `${chain} still waits for processes of an earlier run, for ${lengthText(forMs)}`,
    unblocked: `${chain} goes on after it had to wait for ${lengthText(forMs)}`,
  };
  return {
    title: titles[notice.kind],
    facts: [
      { name: 'Chain', text: chain },
      { name: 'Since', text: momentText(since) },
      ...holders
        .slice(0, 10)
        .map(({ pid, command }) => ({ name: `Process ${pid}`, text: oneLine(command, longestFact) })),
      ...(holders.length > 10
        ? [{ name: 'More', text: counted(holders.length - 10, 'process', 'processes') }]
        : []),
      ...reminderFacts(remindMs),
    ],
    example: null,
    commands: [
      { line: `runner status ${chain}`, why: 'names the processes in the way' },
      ...(notice.kind === 'unblocked'
        ? []
        : [{ line: `runner kill-run ${chain}`, why: 'ends what the run left behind' }, muteCommand(chain)]),
    ],
  };
}

function tellLate(notice: LateNotice & Notice, { chain }: Whence): NoticeText {
  const { task, run, since, forMs, usualMs, outcome } = notice;
  const place = placeText(chain, task);
  const usual = `usually ${lengthText(usualMs)}`;
  const titles = {
    'late run': `${place} has been running for ${lengthText(forMs)}, ${usual}`,
    'late run ended': `${place} has ended after ${lengthText(forMs)}, ${usual}`,
  };
  return {
    title: titles[notice.kind],
    facts: [
      { name: 'Task', text: oneLine(task, longestFact) },
      { name: 'Chain', text: chain },
      { name: 'Run', text: `${run}, begun ${momentText(since)}` },
      ...(outcome === null ? [] : [{ name: 'Outcome', text: oneLine(outcomeText(outcome), longestFact) }]),
    ],
    example: null,
    commands: [
      { line: `runner logs ${chain} --run ${run}`, why: 'shows what it has printed' },
      ...(notice.kind === 'late run ended'
        ? []
        : [{ line: `runner kill-run ${chain}`, why: 'ends it' }, muteCommand(chain)]),
    ],
  };
}

function tellResumed(notice: ResumedNotice & Notice, { chain }: Whence): NoticeText {
  const { heldBy, since, held, open } = notice;
  const count = held.reduce((sum, one) => sum + one.count, 0);
  const was = heldBy === 'mute' ? 'was muted' : 'was paused';
  return {
    title: `${chain} ${was} until now: ${counted(count, 'notice')} held back, ${counted(open.length, 'incident')} open`,
    facts: [
      { name: 'Chain', text: chain },
      { name: 'Since', text: momentText(since) },
      ...held.map(({ kind, count: many }) => ({ name: 'Held back', text: `${kind}, ${many}` })),
      ...open.map(({ task, openedAt, failures }) => ({
        name: 'Open',
        text: `${oneLine(task, 200)}, since ${momentText(openedAt)}, ${counted(failures, 'failure')}`,
      })),
    ],
    example: null,
    commands: [{ line: 'runner incidents --open', why: 'shows what is still wrong' }],
  };
}

function exampleOf({ text, outcome }: FailureExample): string | null {
  const printed = text.trim() === '' && outcome.kind === 'threw' ? outcome.error.message : text;
  return printed.trim() === '' ? null : plainLines(printed, longestExample);
}

function reminderFacts(remindMs: DurationMs | null): readonly Fact[] {
  return remindMs === null
    ? []
    : [{ name: 'Told again', text: `in ${lengthText(remindMs)}, if nothing changes` }];
}

function muteCommand(chain: string): Command {
  return { line: `runner mute ${chain} --for 2h`, why: 'holds back what is told of this chain' };
}

function placeText(chain: string, task: string): string {
  return /^[\w.-]+$/.test(task) ? `${chain}/${task}` : `${chain} (${oneLine(task, 60)})`;
}

function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'succeeded':
      return 'succeeded';
    case 'exited':
      return `exit status ${outcome.exitCode}`;
    case 'killed':
      return `killed by ${outcome.signal}`;
    case 'threw':
      return `${outcome.error.name}: ${outcome.error.message.split('\n')[0] ?? ''}`;
    case 'not started':
      return `could not start: ${outcome.reason}`;
    case 'interrupted':
      return `interrupted, its result is unknown: ${outcome.reason}`;
    case 'timed out':
      return `timed out after ${lengthText(outcome.timeoutMs)}`;
    case 'stopped':
      return 'was stopped';
    case 'withdrawn':
      return `was not started: ${outcome.reason}`;
  }
}
