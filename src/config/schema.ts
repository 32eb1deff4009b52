import { z } from 'zod';
import { formatDuration, parseDuration } from '../core/duration.ts';
import { quoted } from '../core/quoted.ts';
import { isShorter, toDurationMs, type DurationMs } from '../core/units.ts';
import type { TaskOptions } from '../user-code/task.ts';
import type {
  CheckedChain,
  CheckedConfig,
  CheckedFailureCooldown,
  CheckedHostChain,
  CheckedSettings,
} from './checked-config.ts';
import { alertsOfChain, alertsSchema } from './alerts-schema.ts';
import { describeFound } from './describe-found.ts';
import { heartbeatSchema } from './heartbeat-schema.ts';
import { identityOfChain, identityOfHosts } from './identity-schema.ts';
import { metricsSchema } from './metrics-options.ts';
import { parseSize } from './size.ts';
import type { RunnerConfig } from './runner-config.ts';
import {
  choiceOf,
  duration,
  durationText,
  expecting,
  number,
  orNone,
  strict,
  text,
  textOf,
} from './schema-parts.ts';
import { zeroTimeoutProblem } from './typed-options.ts';

// `usual` is what holds where nothing is written: zod leaves `default` out of the JSON Schema of a text that is
// read as something else, so json-schema.ts puts it there.

const timeout = durationText.transform((written, context): DurationMs | 'none' => {
  if (written === 'none') return 'none';
  const parsed = parseDuration(written);
  if (parsed.kind === 'duration' && parsed.durationMs > 0) return parsed.durationMs;
  const wrong = parsed.kind === 'problem' ? parsed.problem : zeroTimeoutProblem;
  // Whoever writes "off" or "never" wants no limit, and not another number.
  const message = /\d/.test(written)
    ? wrong
    : `found ${quoted(written)}, write a time limit such as "10m", or "none"`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const backOff = strict(
  {
    first: duration
      .optional()
      .meta({ description: 'The wait after the first failure of a streak.', usual: '1s' }),
    factor: number({ least: 1, most: 1000, isWhole: false })
      .optional()
      .meta({ description: 'By how much the wait grows with each further failure.', usual: 2 }),
    max: duration.optional().meta({ description: 'The longest wait; at least `first`.', usual: '5m' }),
    jitter: number({ least: 0, most: 1, isWhole: false })
      .optional()
      .meta({ description: 'The share of the wait that chance may take off.', usual: 0.2 }),
  },
  'a duration such as "20m" or a back-off such as { first: "1s", max: "5m" }',
);

const failure = z
  .union(
    [
      duration.transform((lengthMs): CheckedFailureCooldown => ({ kind: 'fixed', lengthMs })),
      backOff.transform((parts): CheckedFailureCooldown => ({ kind: 'back-off', ...parts })),
    ],
    expecting('a duration such as "20m" or a back-off such as { first: "1s", max: "5m" }'),
  )
  .optional()
  .meta({
    description: 'After a failed run: a fixed time, or a back-off that grows with each failure in a row.',
  });

const cooldown = z
  .union(
    [
      duration.transform((success) => ({ success })),
      strict(
        {
          success: duration
            .optional()
            .meta({ description: 'After a run that succeeded. `0s` is back to back.', usual: '1s' }),
          failure,
        },
        'a duration such as "5m", or { success: "5m", failure: "20m" }',
      ),
    ],
    {
      error: ({ input }) => {
        const unit = typeof input === 'number' && Number.isFinite(input) && input >= 0 ? `${input}s` : '5m';
        return `found ${describeFound(input)}, write a duration with a unit such as "${unit}", or { success: "${unit}", failure: "20m" }`;
      },
    },
  )
  .optional()
  .meta({
    description: 'The wait after a run, counted from its end. A duration alone is the wait after a success.',
  });

const settings = {
  cooldown,
  timeout: timeout.optional().meta({
    description: 'The longest a run may take; then its whole process tree is ended.',
    usual: 'none',
  }),
  onFailure: choiceOf(['continue', 'retry', 'restart', 'pause']).optional().meta({
    description:
      'After a failed run and its cooldown: the next task (`continue`), the same task (`retry`), the first task of a new pass (`restart`), or nothing until somebody resumes the chain (`pause`).',
    usual: 'continue',
  }),
};

const run = z
  .union(
    [text, z.array(text, expecting('a list of texts')).min(1, expecting('a program and its arguments'))],
    expecting(
      '"tasks.sendMail", a command such as "./manage.py send_mail", or a list such as ["./manage.py", "send_mail"]',
    ),
  )
  .meta({
    description:
      'A function `module.name`, a command as in `sh -c` (`sh: ...` forces it), or a list of a program and its arguments, run without a shell.',
  });

const taskName = text
  .max(200, expecting('at most 200 characters'))
  .regex(/^[^\p{Cc}\u2028-\u202e\u2066-\u2069]*$/u, expecting('a text without control characters'))
  .optional()
  .meta({ description: 'What people read. Default: the name of the function or the text of the command.' });

const howToWriteATask =
  'a text such as "tasks.sendMail" or "./manage.py send_mail", or an object such as { run: "tasks.sendMail", timeout: "10m" }';
const taskSchema = z.union(
  [
    text.transform((onlyRun) => ({ run: onlyRun })),
    strict({ run, name: taskName, ...settings }, howToWriteATask),
  ],
  expecting(howToWriteATask),
);

const variables = z
  .record(
    z.string(),
    z.string({
      error: ({ input }) => {
        const isScalar = typeof input === 'number' || typeof input === 'boolean';
        return `found ${describeFound(input)}, write a text${isScalar ? ` such as "${input}"` : ''}`;
      },
    }),
    expecting('an object of texts such as { TZ: "UTC" }'),
  )
  .optional()
  .meta({
    description: 'Variables for the environment of the tasks. Names that start with `RUNNER_` are refused.',
  });

const ofHosts = {
  ...settings,
  stopGrace: duration
    .optional()
    .meta({ description: 'How long a run may go on after a stop was asked for.', usual: '30s' }),
  killGrace: duration
    .optional()
    .meta({ description: 'How long a cancelled run has between SIGTERM and SIGKILL.', usual: '10s' }),
  leftovers: choiceOf(['wait', 'kill', 'allow']).optional().meta({
    description:
      'Processes that a run left behind: the next run waits for them (`wait`), they are ended (`kill`), or they are let be (`allow`), which gives up the protection from overlap for them.',
    usual: 'wait',
  }),
  env: variables,
  ...identityOfHosts,
  ...alertsOfChain,
};

function size(example: string): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z.string(expecting(`a size such as "${example}"`)).transform((written, context): number => {
    const parsed = parseSize(written);
    if (parsed.kind === 'size') return parsed.bytes;
    context.addIssue({ code: 'custom', message: parsed.problem });
    return z.NEVER;
  });
}

const leastAgeMs = toDurationMs(60_000);
const logAge = duration.transform((lengthMs, context): DurationMs => {
  if (!isShorter(lengthMs, leastAgeMs)) return lengthMs;
  const message = `found "${formatDuration(lengthMs)}", write a time from "1m" on such as "1d", or "none"`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const log = strict(
  {
    size: size('10MB').optional().meta({
      description:
        'The size above which the log file is set aside between runs; also what one run may keep. Units KB, MB and GB of 1024.',
      usual: '10MB',
    }),
    age: orNone(logAge, 'a time such as "1d", or "none"').optional().meta({
      description:
        'The time after which the log file is set aside between runs, whatever its size. None by default: what a quiet chain has written takes little room, and it would drop out of the files that are kept.',
      usual: 'none',
    }),
    keep: number({ least: 0, most: 1000, isWhole: true })
      .optional()
      .meta({ description: 'How many log files that were set aside are kept.', usual: 5 }),
    compress: z
      .boolean(expecting('true or false'))
      .optional()
      .meta({ description: 'Whether log files that were set aside are compressed, by `gzip`.', usual: true }),
  },
  'an object such as { size: "10MB", keep: 5 }',
);

const logs = strict(
  {
    total: orNone(size('1GB'), 'a size such as "1GB", or "none"').optional().meta({
      description:
        'What the log files of all chains that were set aside may take together on disk; the oldest go first. `none` for no limit.',
      usual: '1GB',
    }),
  },
  'an object such as { total: "1GB" }',
);

const history = strict(
  {
    runs: number({ least: 1, most: 10_000_000, isWhole: true })
      .optional()
      .meta({ description: 'How many runs of the chain are remembered.', usual: 10_000 }),
    failedRuns: number({ least: 1, most: 10_000_000, isWhole: true }).optional().meta({
      description:
        'Of how many of its newest runs those that failed are remembered. Default: 5 times `runs`.',
    }),
    age: orNone(logAge, 'a time such as "90d", or "none"').optional().meta({
      description: 'For how long a run is remembered at most, also one that failed.',
      usual: 'none',
    }),
  },
  'an object such as { runs: 10000, age: "90d" }',
);

const recycle = strict(
  {
    runs: number({ least: 1, most: 1_000_000_000, isWhole: true })
      .optional()
      .meta({ description: 'After so many runs. Default: no limit.' }),
    memory: z
      .string(expecting('a size such as "512MB", or "none"'))
      .transform((written, context): number | 'none' => {
        if (written === 'none') return 'none';
        const parsed = parseSize(written);
        if (parsed.kind === 'size') return parsed.bytes;
        context.addIssue({ code: 'custom', message: `${parsed.problem}, or "none"` });
        return z.NEVER;
      })
      .optional()
      .meta({
        description:
          'After a run of a function in which the worker had more memory than this, or `none`. It keeps a leak from growing for ever.',
        usual: '1GB',
      }),
    age: duration.optional().meta({
      description: 'After the first run that ends when the worker is so old. Default: no limit.',
    }),
  },
  'an object such as { runs: 1000, memory: "512MB", age: "24h" }',
);

const howToWriteTasks = 'a list of tasks such as ["tasks.sendMail"]';
const chain: z.ZodType<CheckedChain, RunnerConfig['chains'][string]> = strict(
  {
    tasks: z
      .array(taskSchema, expecting(howToWriteTasks))
      .min(1, expecting(howToWriteTasks))
      .meta({ description: 'The tasks, which run one after another in this order, for ever.' }),
    ...ofHosts,
    cwd: textOf('the path of a folder such as "jobs"').optional().meta({
      description: 'The folder in which the tasks run, relative to the project root.',
      usual: '.',
    }),
    envFile: textOf('the path of a file such as ".env"')
      .optional()
      .meta({ description: 'A file of `KEY=value` lines, relative to the project root; `env` is stronger.' }),
    inheritEnv: z
      .array(textOf('the name of a variable such as "AWS_*"'), expecting('a list such as ["AWS_*"]'))
      .optional()
      .meta({
        description:
          'Names, or patterns with `*` and `?`, of variables that the tasks inherit from the runner.',
      }),
    ...identityOfChain,
    log: log.optional().meta({ description: 'What the log of the chain may take on disk.' }),
    history: history.optional().meta({ description: 'How much of the history of the chain is kept.' }),
    heartbeat: heartbeatSchema.optional().meta({
      description: 'What is pinged when a run has ended, for services that miss a sign of life.',
    }),
    isolation: choiceOf(['chain', 'run', 'shared']).optional().meta({
      description:
        'Whether the chain has a worker process of its own (`chain`), a new one for each run (`run`), or one together with all chains that say `shared`, whose tasks must be functions.',
      usual: 'chain',
    }),
    recycle: recycle.optional().meta({
      description: 'When the worker process of the chain is replaced by a new one, between two runs.',
    }),
  },
  'an object with a list of tasks such as { tasks: ["tasks.sendMail"] }',
);

const hostChain: z.ZodType<CheckedHostChain, TaskOptions> = strict(
  ofHosts,
  'an object such as { cooldown: "10m" }',
);

const host = strict(
  {
    chains: z
      .record(z.string(), hostChain, expecting('an object such as { mail: { cooldown: "10m" } }'))
      .meta({ description: 'By the names of chains above: what is different on these hosts.' }),
  },
  'an object such as { chains: { mail: { cooldown: "10m" } } }',
);

/** A whole configuration; see docs/configuration.md. */
export const configSchema: z.ZodType<CheckedConfig, RunnerConfig> = strict(
  {
    $schema: text.optional().meta({ description: 'The address of this schema, for editors.' }),
    chains: z
      .record(z.string(), chain, expecting('an object such as { mail: { tasks: ["tasks.sendMail"] } }'))
      .meta({ description: 'The chains by their names: letters, digits, `.`, `_` and `-`, at most 64.' }),
    hosts: z
      .record(
        z.string(),
        host,
        expecting('an object such as { "web-*": { chains: { mail: { cooldown: "10m" } } } }'),
      )
      .optional()
      .meta({
        description:
          'What is different on hosts whose name fits a pattern with `*` and `?`; of several that fit, the later ones win.',
      }),
    metrics: metricsSchema
      .optional()
      .meta({ description: 'Metrics over TCP; over the control socket they are there in any case.' }),
    logs: logs.optional().meta({ description: 'What the logs of all chains may take together.' }),
    alerts: alertsSchema.optional().meta({ description: 'How people are told of what goes wrong.' }),
  },
  'an object such as { chains: { mail: { tasks: ["tasks.sendMail"] } } }',
);

/** What may stand beside a function. */
export const taskOptionsSchema: z.ZodType<CheckedSettings, TaskOptions> = strict(
  settings,
  'an object such as { cooldown: "5m" }',
);
