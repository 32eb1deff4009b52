import type { z } from 'zod';
import type { ConfigHeartbeat } from './runner-config.ts';
import { strict, text } from './schema-parts.ts';
import { urlSchema } from './secret-schema.ts';

function urlOf(what: string): ReturnType<typeof urlSchema> {
  return urlSchema(text, { what, example: 'https://hc-ping.com/UUID' });
}

/** Reads it. */
export const heartbeatSchema: z.ZodType<ConfigHeartbeat, ConfigHeartbeat> = strict(
  {
    success: urlOf('the URL for successes')
      .optional()
      .meta({ description: 'Pinged after each run that succeeded.' }),
    failure: urlOf('the URL for failures')
      .optional()
      .meta({ description: 'Pinged after each run that failed.' }),
    healthchecks: urlOf('the ping URL').optional().meta({
      description:
        'The ping URL of a check of healthchecks.io, or of a server of your own, or a UUID: failures go to `/fail` below it.',
    }),
    cronitor: urlOf('the telemetry URL').optional().meta({
      description:
        'The telemetry URL of a monitor of Cronitor, `https://cronitor.link/p/API_KEY/MONITOR`: successes go to `?state=complete`, failures to `?state=fail`.',
    }),
  },
  'an object such as { healthchecks: { env: "MAIL_PING_URL" } }',
);
