import {
  flag,
  length,
  list,
  moment,
  object,
  oneOf,
  orNull,
  ref,
  text,
  whole,
  type Schema,
} from './openapi-schemas.ts';

/** The schemas of incidents, by name. */
export function incidentSchemas(): Readonly<Record<string, Schema>> {
  return {
    IncidentSummary: object('A streak of failures of one task, in brief.', summary()),
    IncidentReport: object('Everything that is kept of an incident.', {
      ...summary(),
      kinds: list(ref('IncidentKind'), 'In the order in which they came.'),
      notices: list(ref('IncidentNotice'), 'What people were told of it, in that order.'),
    }),
    IncidentKind: object('A kind of failure within an incident.', {
      key: text('Equal for failures of the same kind.'),
      title: text('One line for people.'),
      failures: whole('How many failures of this kind there were.'),
      firstAt: moment('When the first came.'),
      lastAt: moment('When the last came.'),
      example: ref('FailureExample'),
    }),
    FailureExample: object('One failure in full.', {
      run: whole('The number of the run.'),
      kind: text('The key of its kind.'),
      title: text('One line for people.'),
      at: moment('When the run ended.'),
      outcome: ref('Outcome'),
      text: text('The stack of an error, or the last lines that a command printed; at most 8 KiB.'),
      durationMs: orNull(length('How long the run took.')),
      codeVersion: orNull(text('The version of the code that failed.')),
    }),
    IncidentNotice: object('Something that people were to learn of it.', {
      id: whole('Its number.'),
      kind: text('Such as `incident opened` or `incident healed`.'),
      severity: oneOf('How much it matters.', ['warning', 'error', 'critical']),
      at: moment('When it was due.'),
      isHeld: flag('Whether it was kept and not sent, because the chain was muted or paused.'),
      body: { description: 'The notice itself, with what its kind carries.' },
      deliveries: list(ref('NoticeDelivery'), 'One for each channel that it was for.'),
    }),
    NoticeDelivery: object('What became of a notice on one channel.', {
      channel: text('The name of the channel.'),
      state: oneOf('`merged` is sent together with others; `expired` and `refused` were not sent.', [
        'waiting',
        'sent',
        'expired',
        'refused',
        'merged',
      ]),
      attempts: whole('How often it was tried.'),
      dueAt: moment('When it is tried next, or was to be tried last.'),
      doneAt: orNull(moment('When it was done with.')),
      error: orNull(text('Why the last attempt failed.')),
    }),
  };
}

function summary(): Readonly<Record<string, Schema>> {
  return {
    id: whole('Its number within the state folder; it only grows.'),
    chain: text('The name of its chain.'),
    task: text('The name of its task.'),
    firstRun: whole('The first failed run.'),
    openedAt: moment('When that ended.'),
    lastFailedAt: moment('When the last failed run ended.'),
    healedAt: orNull(moment('When the task succeeded again; null while the incident is open.')),
    failures: whole('How many failed runs it has.'),
    kindCount: whole('How many kinds of failure are kept of it.'),
    title: text('What the newest kind says, on one line.'),
  };
}
