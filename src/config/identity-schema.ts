import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import type { IoPriority } from '../core/identity.ts';
import type { CheckedLimits } from './checked-config.ts';
import { parseCpus } from './cpu-list.ts';
import { describeFound } from './describe-found.ts';
import type { ConfigLimits } from './runner-config.ts';
import { expecting, number, strict } from './schema-parts.ts';
import { parseSize } from './size.ts';

// An empty value means that somebody has deleted a name: never "then as the runner", which may be root.
function nameOrId(what: 'user' | 'group'): z.ZodType<string, string | number> {
  const write = `the name or the number of a ${what} such as "www-data" or 33`;
  return z.union(
    [
      z.string(expecting(write)).regex(/^[^-+:\s/\p{Cc}][^:\s/\p{Cc}]*$/u, expecting(write)),
      number({ least: 0, most: 2 ** 32 - 2, isWhole: true }).transform(String),
    ],
    expecting(write),
  );
}

const howToWriteUmask = 'a text of octal digits such as "027"';
const umask = z
  .string(expecting(howToWriteUmask))
  .regex(/^[0-7]{1,4}$/, expecting(howToWriteUmask))
  .transform((digits) => Number.parseInt(digits, 8) & 0o777);

const howToWriteIonice = '"idle", "best-effort:0" (first) to "best-effort:7" (last), or "realtime:4"';
const ionice = z.string(expecting(howToWriteIonice)).transform((written, context): IoPriority => {
  if (written === 'idle') return { class: 'idle', level: null };
  const { name, level } = /^(?<name>best-effort|realtime)(?::(?<level>[0-7]))?$/.exec(written)?.groups ?? {};
  if (name === 'best-effort' || name === 'realtime') return { class: name, level: Number(level ?? 4) };
  context.addIssue({
    code: 'custom',
    message: `found ${describeFound(written)}, write ${howToWriteIonice}`,
  });
  return z.NEVER;
});

const howToWriteCpus = 'the numbers of processors such as "0", "2,3" or "0-3"';
const cpus = z.union(
  [
    z.string(expecting(howToWriteCpus)).transform((written, context): string => {
      const parsed = parseCpus(written);
      if (parsed !== null) return written;
      context.addIssue({
        code: 'custom',
        message: `found ${describeFound(written)}, write ${howToWriteCpus}`,
      });
      return z.NEVER;
    }),
    number({ least: 0, most: 4095, isWhole: true }).transform(String),
  ],
  expecting(howToWriteCpus),
);

const howToWriteMemory = 'a size of at least "16MB" such as "512MB"';
const memory = z.string(expecting(howToWriteMemory)).transform((written, context): number => {
  const parsed = parseSize(written);
  if (parsed.kind === 'size' && parsed.bytes >= 16 * 1024 * 1024) return parsed.bytes;
  context.addIssue({
    code: 'custom',
    message: `found ${describeFound(written)}, write ${howToWriteMemory}`,
  });
  return z.NEVER;
});

const howToWriteCpu = 'whole seconds such as "60s"';
const cpu = z.string(expecting(howToWriteCpu)).transform((written, context): number => {
  const parsed = parseDuration(written);
  if (parsed.kind === 'duration' && parsed.durationMs >= 1_000 && parsed.durationMs % 1_000 === 0)
    return parsed.durationMs / 1_000;
  context.addIssue({ code: 'custom', message: `found ${describeFound(written)}, write ${howToWriteCpu}` });
  return z.NEVER;
});

const limits = strict(
  {
    files: number({ least: 128, most: 1_048_576, isWhole: true })
      .optional()
      .meta({ description: 'How many files each process may have open.' }),
    memory: memory.optional().meta({
      description:
        'How much private memory each process may have that it can write to (`RLIMIT_DATA`); beyond it the process gets no more, and most programs then fail.',
    }),
    processes: number({ least: 1, most: 4_194_304, isWhole: true }).optional().meta({
      description:
        'How many processes and threads the user of the chain may have, all its others on this host included; does not hold for root.',
    }),
    cpu: cpu.optional().meta({
      description:
        'How long each process of a command may be busy on a processor; then it gets SIGXCPU. In whole seconds.',
    }),
  },
  'an object such as { files: 1024, memory: "512MB" }',
);

/** What a chain and a host may set. */
export const identityOfHosts: {
  readonly nice: z.ZodOptional<z.ZodNumber>;
  readonly ionice: z.ZodOptional<z.ZodType<IoPriority, string>>;
  readonly cpus: z.ZodOptional<z.ZodType<string, string | number>>;
  readonly limits: z.ZodOptional<z.ZodType<CheckedLimits, ConfigLimits>>;
} = {
  nice: number({ least: -20, most: 19, isWhole: true }).optional().meta({
    description:
      'The priority on the processor: -20 goes first, 19 last; the value itself, whatever the runner has. Only root may go below the priority of the runner.',
  }),
  ionice: ionice.optional().meta({
    description:
      'The priority on the disk: `idle`, `best-effort:0` (first) to `best-effort:7` (last), or, as root, `realtime:0` to `realtime:7`.',
  }),
  cpus: cpus
    .optional()
    .meta({ description: 'The processors on which the tasks run, such as `0-3` or `0,2`.' }),
  limits: limits.optional().meta({ description: 'What each process of the tasks may use.' }),
};

/** What only a chain may set. */
export const identityOfChain: {
  readonly user: z.ZodOptional<z.ZodType<string, string | number>>;
  readonly group: z.ZodOptional<z.ZodType<string, string | number>>;
  readonly noNewPrivileges: z.ZodOptional<z.ZodBoolean>;
  readonly umask: z.ZodOptional<z.ZodType<number, string>>;
} = {
  user: nameOrId('user').optional().meta({
    description:
      'The user as whom the tasks run, with its groups, `HOME`, `USER`, `LOGNAME` and `SHELL`; a name or a number. Only a runner that is root can have another one than its own.',
  }),
  group: nameOrId('group').optional().meta({
    description: 'The first group of the tasks, in the place of that of `user`.',
  }),
  noNewPrivileges: z.boolean(expecting('true or false')).optional().meta({
    description:
      'Whether set-uid programs such as `sudo` are powerless in the tasks. Default: `true` where `user` is not the user of the runner.',
  }),
  umask: umask.optional().meta({
    description: 'The permissions that new files do not get, as octal digits such as `"027"`.',
  }),
};
