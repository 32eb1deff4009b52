import { chainStates } from '../core/status.ts';

/** A schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** The schemas of what the control API says, by name; JSON Schema 2020-12, as in OpenAPI 3.1. */
export function openApiSchemas(): Readonly<Record<string, Schema>> {
  return {
    StatusAnswer: object('A runner and all its chains.', {
      runner: ref('RunnerFigures'),
      chains: list(
        ref('ChainStatus'),
        'In the order of the configuration; what a reload brought comes last.',
      ),
      incidents: list(ref('IncidentSummary'), 'Those that are open, the newest last; at most 1 000.'),
    }),
    RunnerFigures: object('What a runner says of itself.', {
      pid: whole('Its process id.'),
      version: text('The version of yourlabs-runner.'),
      host: text('The name of the host.'),
      directory: text('The project root, absolute.'),
      since: moment('When it came up.'),
      memoryBytes: whole('Its resident memory.'),
      isEnding: flag('Whether it ends after the runs in progress, or gives its chains away.'),
      successor: orNull(whole('The process that takes its chains over.')),
    }),
    ChainStatus: chainStatus(),
    RunStatus: runStatus(),
    LastEnd: lastEnd(),
    Outcome: outcome(),
    Holder: object('A process that is in the way.', {
      pid: whole('Its process id.'),
      command: text('Its command line, cut to a readable length.'),
    }),
    PlannedChange: object('What a new configuration means for one chain.', {
      chain: text('Its name.'),
      what: oneOf('What becomes of it, after its run in progress.', [
        'new',
        'changed',
        'untouched',
        'removed',
      ]),
      different: list(text('Such as `tasks` or `env.TZ`: without the value, which may be secret.')),
    }),
    ConfigProblem: object('Something in the configuration that has to be put right.', {
      at: text('`runner.config.yaml:12:9`, a variable or a file.'),
      path: orNull(text('Such as `chains.mail.cooldown`.')),
      message: text('What is wrong, what was found, and what would be right.'),
    }),
    HistoryEntry: historyEntry(),
    Problem: problem(),
  };
}

function runStatus(): Schema {
  return object('The run in progress, or what is left of it.', {
    number: whole('Counted from 1, for each chain; it only grows.'),
    task: text('The name of its task.'),
    stage: oneOf('How far it has come.', ['intended', 'running', 'left behind']),
    since: moment('When it came so far.'),
    forMs: length('How long ago that is, by a clock that nobody sets.'),
    usualMs: orNull(number('How long runs of this task usually take: a moving average of its successes.')),
    ending: orNull(
      object('What has been done to end it.', {
        why: oneOf('Why it is ended.', ['timeout', 'stop', 'leftovers', 'operator']),
        step: oneOf('How: its signal was aborted, SIGTERM, SIGKILL.', ['asked', 'cancelled', 'killed']),
      }),
    ),
  });
}

function lastEnd(): Schema {
  return object('The end of the last run, in brief. The history has it whole.', {
    run: whole('Its number.'),
    task: text('The name of its task.'),
    outcome: ref('Outcome'),
    endedAt: moment('When it ended.'),
    durationMs: orNull(length('How long it took; null where nobody measured it.')),
    streak: whole('Failures of this task in a row, this one included; 0 after a success.'),
  });
}

function chainStatus(): Schema {
  return object('Everything that answers "why is it not running?" of one chain.', {
    chain: text('Its name.'),
    state: oneOf('What it does right now; docs/command-line.md explains the words.', chainStates),
    task: text('The task in progress; the next one where there is none.'),
    pass: orNull(whole('The pass, counted from 1; null where this runner does not run the chain.')),
    fence: orNull(whole('The number of the term: it grows each time that a runner takes the chain.')),
    run: orNull(ref('RunStatus')),
    cooldown: orNull(
      object('The cooldown in force.', {
        remainingMs: length('What is left of it.'),
        lengthMs: length('How long it is from the end of the run.'),
      }),
    ),
    pause: orNull(
      object('The pause in force.', {
        since: moment('When it began.'),
        by: { description: 'Somebody, or a failed task with `onFailure: "pause"`.', anyOf: pausedBy() },
        remainingMs: orNull(length('What is left of it; null until somebody resumes the chain.')),
      }),
    ),
    mute: orNull(
      object('The mute in force: notices are kept back.', {
        since: moment('When it began.'),
        by: text('Who asked for it.'),
        remainingMs: length('What is left of it.'),
      }),
    ),
    stopped: orNull(
      object('The stop in force.', {
        since: moment('When it was asked for.'),
        by: text('Who asked for it.'),
      }),
    ),
    wanted: oneOf('What is wanted of it beyond the run in progress.', ['run', 'drain', 'stop', 'stop now']),
    isPoked: flag('Whether the next cooldown, or the present one, is left out.'),
    isSkippingNext: flag('Whether the next run is left out.'),
    inTheWay: list(ref('Holder'), 'Processes of an earlier run, or that a run left behind.'),
    heldBy: orNull(
      object('The process that has the chain, where it is not this runner.', {
        pid: orNull(whole('Its process id; null when it could not be found out.')),
        command: text('Its command line.'),
        isGiving: flag('Whether it gives the chain to this runner, after its run in progress.'),
      }),
    ),
    reason: orNull(
      text('Why the worker cannot start, the state cannot be stored or the chain cannot begin.'),
    ),
    worker: orNull(object('The worker.', { pid: whole('Its process id.') })),
    last: orNull(ref('LastEnd')),
    streaks: {
      type: 'object',
      description: 'Failures in a row, by the name of the task.',
      additionalProperties: { type: 'integer' },
    },
  });
}

function pausedBy(): readonly Schema[] {
  return [
    object('Somebody.', { kind: { const: 'operator' }, name: text('The name that they gave.') }),
    object('A failure.', { kind: { const: 'failure' }, task: text('The task that failed.') }),
  ];
}

function outcome(): Schema {
  const reason = text('Why.');
  const error = object('What is kept of the error.', {
    name: text('Its class.'),
    message: text('Its first line.'),
    stack: text('Empty here; the history has it.'),
  });
  const kinds: readonly (readonly [string, Readonly<Record<string, Schema>>])[] = [
    ['succeeded', {}],
    ['exited', { exitCode: whole('From 1 to 255.') }],
    ['killed', { signal: text('Such as `SIGKILL`.') }],
    ['threw', { error }],
    ['not started', { reason }],
    ['interrupted', { reason }],
    ['timed out', { timeoutMs: length('Its limit.') }],
    ['stopped', {}],
    ['withdrawn', { reason }],
  ];
  const description =
    'How a run ended. `stopped` and `withdrawn` have no verdict: nobody let the run finish, and it comes again.';
  return {
    description,
    anyOf: kinds.map(([kind, more]) => object(kind, { kind: { const: kind }, ...more })),
  };
}

function historyEntry(): Schema {
  return object('One run in the history.', {
    chain: text('The name of its chain.'),
    run: whole('Its number.'),
    pass: whole('The pass it belonged to.'),
    task: text('The name of its task.'),
    fence: whole('The fence that it had.'),
    startedAt: moment('When it was intended.'),
    endedAt: orNull(moment('When it ended; null while it is in progress.')),
    durationMs: orNull(length('How long it took.')),
    cpuMs: orNull(length('Its time on a processor; null where it was not measured.')),
    memoryKib: orNull(whole('The most memory at once, in KiB; null where it was not measured.')),
    outcome: orNull(text('The kind of its outcome; null while it has none.')),
    detail: { description: 'What the outcome carries: an exit code, a signal, an error.' },
    log: object('Where its output is.', {
      generation: whole('Counts the files of the log, from 1.'),
      from: whole('The byte at which it begins.'),
      to: orNull(whole('The byte at which it ends.')),
    }),
  });
}

function problem(): Schema {
  return object('Why something was not done.', {
    error: object('The error.', {
      code: oneOf('What programs look at; more codes may come.', errorCodes),
      message: text('What people read: what could not be done, and what would be right.'),
    }),
  });
}

const errorCodes = [
  'BAD_REQUEST',
  'TOO_LONG',
  'NO_SUCH_PAGE',
  'NO_SUCH_CHAIN',
  'NO_SUCH_INCIDENT',
  'REFUSED',
  'CONFIG_REJECTED',
  'SUCCESSOR_FAILED',
  'BUG',
];

/** An object that has all of these fields. Later versions may add some. */
export function object(description: string, properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', description, required: Object.keys(properties), properties };
}

/** One of the schemas above. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** Any number of these. */
export function list(items: Schema, description?: string): Schema {
  return { type: 'array', items, ...(description !== undefined && { description }) };
}

/** Text. */
export function text(description: string): Schema {
  return { type: 'string', description };
}

/** A whole number from 0. */
export function whole(description: string): Schema {
  return { type: 'integer', minimum: 0, description };
}

/** True or false. */
export function flag(description: string): Schema {
  return { type: 'boolean', description };
}

function number(description: string): Schema {
  return { type: 'number', description };
}

/** A moment of the wall clock. */
export function moment(description: string): Schema {
  return { type: 'integer', description: `${description} Milliseconds since 1970 UTC.` };
}

/** A length of time. */
export function length(description: string): Schema {
  return { type: 'number', minimum: 0, description: `${description} In milliseconds.` };
}

/** One of these words. */
export function oneOf(description: string, words: readonly string[]): Schema {
  return { type: 'string', enum: words, description };
}

/** This or null. */
export function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] };
}
