import type { FailureExample } from '../core/incident.ts';
import { toDurationMs } from '../core/units.ts';
import type { IncidentKind, IncidentNotice, IncidentReport, NoticeDelivery } from '../store/incidents.ts';
import { localTime } from './local-time.ts';
import { lengthText, outcomeText } from './outcome-text.ts';
import { visible, visibleLine } from './visible.ts';

/** An incident for people: what fails and how, what was told to whom, and what to do next. */
export function incidentLines(incident: IncidentReport): readonly string[] {
  return [
    ...headLines(incident),
    '',
    ...incident.kinds.flatMap((kind, index) => [...kindLines(kind, index + 1), '']),
    'What was told:',
    ...toldLines(incident.notices),
    '',
    'What to do next:',
    ...nextLines(incident),
  ];
}

function headLines({ id, chain, task, failures, ...rest }: IncidentReport): readonly string[] {
  const { openedAt, lastFailedAt, healedAt, firstRun } = rest;
  const end = healedAt ?? Date.now();
  const state = healedAt === null ? 'OPEN' : `healed ${localTime(healedAt)}`;
  return [
    `Incident ${id}: ${visibleLine(task)} of chain ${chain}, ${state}`,
    `  opened   ${localTime(openedAt)}, by run ${firstRun}`,
    `  lasts    ${spanText(end - openedAt)}${healedAt === null ? ' until now' : ''}`,
    `  failures ${failures}, the last one ${localTime(lastFailedAt)}`,
  ];
}

function kindLines(kind: IncidentKind, number: number): readonly string[] {
  const times = kind.failures === 1 ? 'once' : `${kind.failures} times`;
  const span =
    kind.failures === 1 ? localTime(kind.firstAt) : `${localTime(kind.firstAt)} to ${localTime(kind.lastAt)}`;
  return [
    `Kind ${number}: ${visibleLine(kind.title)}`,
    `  ${times}, ${span}`,
    ...(isExample(kind.example) ? exampleLines(kind.example) : []),
  ];
}

function exampleLines({ run, at, outcome, text, codeVersion }: FailureExample): readonly string[] {
  const version = codeVersion === null ? '' : `, code ${visibleLine(codeVersion)}`;
  const printed = visible(text.trimEnd());
  return [
    `  for example run ${run}, ${localTime(at)}${version}: ${visibleLine(outcomeText(outcome))}`,
    ...(printed === '' ? [] : printed.split('\n').map((line) => `    | ${line}`)),
  ];
}

function toldLines(notices: readonly IncidentNotice[]): readonly string[] {
  if (notices.length === 0) return ['  nothing yet'];
  return notices.flatMap((notice) => [
    `  ${localTime(notice.at)}  ${noticeText(notice)}`,
    ...(notice.isHeld ? ['    not sent: the chain was muted or paused'] : []),
    ...(notice.deliveries.length === 0 && !notice.isHeld ? ['    to nobody'] : []),
    ...notice.deliveries.map((delivery) => `    ${deliveryText(delivery)}`),
  ]);
}

/** What it said, as far as it is not in the kinds. */
function noticeText({ kind, severity, body }: IncidentNotice): string {
  const failure = fieldOf(body, 'failure');
  const title = fieldOf(failure, 'title');
  const failures = fieldOf(fieldOf(body, 'incident'), 'failures');
  const count = typeof failures === 'number' ? `, ${failures} failure${failures === 1 ? '' : 's'}` : '';
  const what = typeof title === 'string' ? `: ${visibleLine(title)}` : '';
  return `${kind} (${severity}${count})${what}`;
}

function deliveryText({ channel, state, attempts, dueAt, doneAt, error }: NoticeDelivery): string {
  const tries = attempts > 1 ? ` after ${attempts} attempts` : '';
  const why = error === null ? '' : `: ${visibleLine(error)}`;
  if (state === 'waiting') {
    const failed = attempts === 0 ? '' : `${tries}${why}`;
    return `${channel}: waits to be sent, next attempt ${localTime(dueAt)}${failed}`;
  }
  const words: Readonly<Record<string, string>> = { merged: 'sent with others in one message' };
  const when = doneAt === null ? '' : ` ${localTime(doneAt)}`;
  return `${channel}: ${words[state] ?? state}${when}${tries}${why}`;
}

function nextLines({ chain, healedAt, kinds, firstRun }: IncidentReport): readonly string[] {
  const newest = kinds.toSorted((one, other) => other.lastAt - one.lastAt)[0];
  const run = isExample(newest?.example) ? newest.example.run : firstRun;
  const logs = [`runner logs ${chain} --run ${run}`, 'what that run has written'] as const;
  if (healedAt !== null) return inColumns([logs]);
  return inColumns([
    logs,
    [`runner status ${chain}`, 'when it is tried again'],
    [`runner poke ${chain}`, 'tries it now'],
    [`runner mute ${chain} --for 2h`, 'no alerts while you work on it'],
  ]);
}

function inColumns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([command]) => command.length));
  return rows.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`);
}

function isExample(value: unknown): value is FailureExample {
  return (
    typeof value === 'object' &&
    value !== null &&
    'run' in value &&
    'text' in value &&
    typeof value.text === 'string' &&
    'outcome' in value
  );
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function spanText(length: number): string {
  return lengthText(toDurationMs(Math.max(0, Math.floor(length / 1_000) * 1_000)));
}
