import { z } from 'zod';
import type { ConfigHeartbeat } from './runner-config.ts';
import { expecting, strict, text, textOf } from './schema-parts.ts';

const howToWriteUrl = 'a URL such as "https://hc-ping.com/UUID", { env: "NAME" } or { file: "path" }';

const url = z.union(
  [
    text,
    strict(
      {
        env: textOf('the name of a variable such as "PING_URL"').meta({
          description: 'A variable in the environment of the runner.',
        }),
      },
      howToWriteUrl,
    ),
    strict(
      {
        file: textOf('the path of a file such as "ping-url"').meta({
          description: 'A file, relative to the project root.',
        }),
      },
      howToWriteUrl,
    ),
  ],
  expecting(howToWriteUrl),
);

/** Reads it. */
export const heartbeatSchema: z.ZodType<ConfigHeartbeat, ConfigHeartbeat> = strict(
  {
    success: url.optional().meta({ description: 'Pinged after each run that succeeded.' }),
    failure: url.optional().meta({ description: 'Pinged after each run that failed.' }),
    healthchecks: url.optional().meta({
      description:
        'The ping URL of a check of healthchecks.io, or of a server of your own, or a UUID: failures go to `/fail` below it.',
    }),
    cronitor: url.optional().meta({
      description:
        'The telemetry URL of a monitor of Cronitor, `https://cronitor.link/p/API_KEY/MONITOR`: successes go to `?state=complete`, failures to `?state=fail`.',
    }),
  },
  'an object such as { healthchecks: { env: "MAIL_PING_URL" } }',
);
