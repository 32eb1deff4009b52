import { z } from 'zod';
import { formatDuration } from '../core/duration.ts';
import { isShorter, toDurationMs, type DurationMs } from '../core/units.ts';
import type { CheckedAlerts, CheckedChannel, CheckedConfig } from './checked-config.ts';
import type { ConfigAlerts, ConfigChannel, RunnerConfig } from './runner-config.ts';
import { secretSchema, urlSchema } from './secret-schema.ts';
import { choiceOf, duration, expecting, number, orNone, strict, text, textOf } from './schema-parts.ts';

function durationFrom(least: DurationMs, write: string): z.ZodType<DurationMs, string> {
  return duration.transform((lengthMs, context): DurationMs => {
    if (!isShorter(lengthMs, least)) return lengthMs;
    context.addIssue({ code: 'custom', message: `found "${formatDuration(lengthMs)}", write ${write}` });
    return z.NEVER;
  });
}

const aMinute = toDurationMs(60_000);
const aSecond = toDurationMs(1_000);

const lateFactor: z.ZodType<number | 'none', number | 'none'> = z.union(
  [
    number({ least: 1.1, most: 1_000_000, isWhole: false }),
    z.literal('none', expecting('a number from 1.1 to 1000000 such as 10, or "none"')),
  ],
  expecting('a number from 1.1 to 1000000 such as 10, or "none"'),
);

const breaker = strict(
  {
    failures: number({ least: 2, most: 1_000_000, isWhole: true }).meta({
      description: 'So many failures of one kind in a row open the breaker.',
    }),
    probe: durationFrom(aSecond, 'a time from "1s" on such as "15m"').meta({
      description: 'How long the chain waits between attempts while the breaker is open.',
    }),
  },
  'an object such as { failures: 10, probe: "15m" }',
);

/** When people are told of a chain: what a chain and a host may both set. */
export const alertsOfChain: {
  [Key in keyof Required<CheckedAlerts>]: z.ZodOptional<
    z.ZodType<NonNullable<CheckedAlerts[Key]>, NonNullable<ConfigAlerts[Key]>>
  >;
} = {
  alertAfterFailures: number({ least: 1, most: 1_000_000, isWhole: true }).optional().meta({
    description: 'So many failures of a task in a row are an incident that people are told of.',
    usual: 1,
  }),
  alertAfter: durationFrom(aMinute, 'a time from "1m" on such as "12h"').optional().meta({
    description:
      'An incident that lasts is told again after this time, and then at gaps that double, up to a week.',
    usual: '12h',
  }),
  freshness: orNone(
    durationFrom(aSecond, 'a time from "1s" on such as "15m", or "none"'),
    'a time such as "15m", or "none"',
  )
    .optional()
    .meta({ description: 'A chain that has not succeeded for so long is told of.', usual: 'none' }),
  blockedAfter: orNone(
    durationFrom(aSecond, 'a time from "1s" on such as "30m", or "none"'),
    'a time such as "30m", or "none"',
  )
    .optional()
    .meta({
      description: 'A chain that has waited for processes of an earlier run for so long is told of.',
      usual: '30m',
    }),
  lateFactor: lateFactor.optional().meta({
    description: 'A run that takes so many times its usual length is told of, or `none`.',
    usual: 10,
  }),
  breaker: breaker.optional().meta({
    description:
      'After so many failures of one kind in a row the chain is only tried rarely, until it succeeds. Default: none.',
  }),
};

// A mail's head is made of lines: an address with a line break in it would add some.
const howToWriteMail = 'an address such as "ops@example.org" or "Runner <runner@example.org>"';
const mailAddress = z
  .string(expecting('an address such as "ops@example.org"'))
  .max(500, expecting(howToWriteMail))
  .regex(
    /^(?:[^\p{Cc}<>@]*<[^\s\p{Cc}<>@,;"]+@[^\s\p{Cc}<>@,;"]+>|[^\s\p{Cc}<>@,;"]+@[^\s\p{Cc}<>@,;"]+)$/u,
    {
      abort: true,
      ...expecting(howToWriteMail),
    },
  );
const webAddress: z.ZodString = z
  .string(expecting('an address such as "https://example.org/hook"'))
  .refine(isWebAddress, {
    // What is written may be a secret all the same, so it is not shown.
    error: 'found a text that is no such address, write one such as "https://example.org/hook"',
  });

function isWebAddress(written: string): boolean {
  return URL.canParse(written) && /^https?:$/.test(new URL(written).protocol);
}

const howToWritePath = 'the path of a file such as "/etc/runner/secret"';
const howToWriteAddress =
  'an object such as { url: { env: "HOOK_URL" } } or { url: "https://example.org/hook" }';
function addressOf(what: string): ReturnType<typeof urlSchema> {
  return urlSchema(webAddress, { what: `the address of ${what}`, example: 'https://example.org/hook' });
}

const smtp = strict(
  {
    host: textOf('the name of a host such as "mail.example.org"')
      .regex(/^[^\s\p{Cc}/@]+$/u, expecting('the name of a host such as "mail.example.org"'))
      .meta({ description: 'The mail server.' }),
    port: number({ least: 1, most: 65_535, isWhole: true }).optional().meta({
      description: 'Default: 465 with `implicit`, 25 on this host, else 587.',
    }),
    tls: choiceOf(['implicit', 'starttls', 'optional', 'none']).optional().meta({
      description:
        'TLS from the first byte (`implicit`), after STARTTLS and not without it (`starttls`), after STARTTLS where the server offers it (`optional`), or never (`none`). The certificate is always verified. Default: `implicit` at port 465, `none` for `localhost`, else `starttls`.',
    }),
    ca: textOf(howToWritePath).optional().meta({
      description:
        'A file of certificates in PEM that are trusted in the place of those of Node; relative to the project root.',
    }),
    user: textOf('a name such as "runner"')
      .optional()
      .meta({ description: 'The name to log in with. Default: no login.' }),
    password: secretSchema('the password').optional().meta({
      description: 'Where the password is: a variable of the runner’s own environment, or a file.',
    }),
  },
  'an object such as { host: "mail.example.org", user: "runner", password: { env: "SMTP_PASSWORD" } }',
);

const email = strict(
  {
    to: z
      .array(mailAddress, expecting('a list such as ["ops@example.org"]'))
      .min(1, expecting('a list such as ["ops@example.org"]'))
      .meta({ description: 'Who gets the mails.' }),
    from: mailAddress.meta({ description: 'The sender.' }),
    smtp: smtp.meta({ description: 'The server that takes the mails.' }),
  },
  'an object such as { to: ["ops@example.org"], from: "runner@example.org", smtp: { host: "localhost" } }',
);

const webhook = strict(
  {
    url: addressOf('the receiver').meta({
      description: 'The address of the receiver, or where it is. No redirect from it is followed.',
    }),
    secret: secretSchema('the secret to sign with').optional().meta({
      description: 'Where the secret to sign with is: a variable of the runner’s own environment, or a file.',
    }),
  },
  howToWriteAddress,
);

const howToWriteCommand = 'a command such as "./notify.sh", or a list such as ["./notify.sh", "ops"]';
const kinds = ['email', 'webhook', 'slack', 'command'] as const;

const channel: z.ZodType<CheckedChannel, ConfigChannel> = strict(
  {
    email: email.optional().meta({ description: 'Mails by SMTP.' }),
    webhook: webhook
      .optional()
      .meta({ description: 'A JSON document, posted to an address; see docs/alerts.md.' }),
    slack: strict(
      {
        url: addressOf('the incoming webhook').meta({
          description:
            'The address of the incoming webhook, or where it is. No redirect from it is followed.',
        }),
      },
      howToWriteAddress,
    )
      .optional()
      .meta({ description: 'A message in the shape of Slack’s incoming webhooks.' }),
    command: z
      .union(
        [text, z.array(text, expecting(howToWriteCommand)).min(1, expecting(howToWriteCommand))],
        expecting(howToWriteCommand),
      )
      .optional()
      .meta({
        description:
          'A command as in `sh -c`, or a program and its arguments, that gets the JSON document on its standard input.',
      }),
    chains: z
      .array(text, expecting('a list such as ["mail", "web-*"]'))
      .min(1, expecting('a list such as ["mail", "web-*"]'))
      .optional()
      .meta({ description: 'Names of chains, or patterns with `*` and `?`. Default: all chains.' }),
    severity: choiceOf(['warning', 'error', 'critical'])
      .optional()
      .meta({ description: 'The least that is told.', usual: 'warning' }),
    rate: strict(
      {
        count: number({ least: 1, most: 10_000, isWhole: true }).meta({
          description: 'So many messages at most; what comes beyond is told together. Default: 20.',
        }),
        per: durationFrom(aSecond, 'a time from "1s" on such as "1h"').meta({
          description: 'In each stretch of time of this length. Default: `1h`.',
        }),
      },
      'an object such as { count: 20, per: "1h" }',
    )
      .optional()
      .meta({ description: 'How many messages the channel takes.' }),
    expire: durationFrom(aMinute, 'a time from "1m" on such as "48h"').optional().meta({
      description: 'What could not be told for so long is given up.',
      usual: '48h',
    }),
  },
  'an object such as { email: { ... } }, { slack: { url: { env: "SLACK_URL" } } } or { command: "./notify.sh" }',
).superRefine((written, context) => {
  const given = kinds.filter((kind) => written[kind] !== undefined);
  if (given.length === 1) return;
  const found = given.length === 0 ? 'none of them' : given.join(' and ');
  const message = `found ${found}, write one of "email", "webhook", "slack" and "command"`;
  context.addIssue({ code: 'custom', message });
});

/** How people are told. */
export const alertsSchema: z.ZodType<
  NonNullable<CheckedConfig['alerts']>,
  NonNullable<RunnerConfig['alerts']>
> = strict(
  {
    channels: z
      .record(z.string(), channel, expecting('an object such as { ops: { command: "./notify.sh" } }'))
      .optional()
      .meta({
        description:
          'Ways to people, by names of letters, digits, `.`, `_` and `-`, at most 64; see docs/alerts.md.',
      }),
  },
  'an object such as { channels: { ops: { command: "./notify.sh" } } }',
);
