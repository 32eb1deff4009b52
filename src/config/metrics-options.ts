import { z } from 'zod';
import { parseListenAddress, type ListenAddress } from '../core/listen-address.ts';
import type { CheckedMetrics } from './checked-config.ts';
import { describeFound } from './describe-found.ts';
import type { ConfigMetrics } from './runner-config.ts';
import { expecting, strict, text } from './schema-parts.ts';

const howToListen = 'an address and a port such as "127.0.0.1:9464"';

/** Reads it. */
export const metricsSchema: z.ZodType<CheckedMetrics, ConfigMetrics> = strict(
  {
    listen: z
      .string({ error: ({ input }) => `found ${describeFound(input)}, write ${howToListen}` })
      .transform((written, context): ListenAddress => {
        const parsed = parseListenAddress(written);
        if (parsed.kind === 'address') return parsed.address;
        context.addIssue({ code: 'custom', message: parsed.problem });
        return z.NEVER;
      })
      .meta({
        description:
          'Where monitoring may read `/metrics`, `/healthz` and `/readyz`: an address and a port. A port alone is one of 127.0.0.1.',
      }),
    names: z.array(text, expecting('a list such as ["web-1.example.com"]')).optional().meta({
      description:
        'Names under which this host may be asked, besides its addresses, its own name and `localhost`; all others are refused.',
    }),
  },
  'an object such as { listen: "127.0.0.1:9464" }',
);
