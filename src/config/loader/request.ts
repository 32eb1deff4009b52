import { z } from 'zod';
import type { LoadRequest } from '../loaded.ts';

const option = z.string().optional();

const requestSchema: z.ZodType<LoadRequest> = z.object({
  directory: z.string(),
  arguments: z.array(z.string()),
  areChains: z.boolean(),
  options: z.object({
    name: option,
    cooldown: option,
    failureCooldown: option,
    timeout: option,
    cwd: option,
    envFile: option,
    inheritEnv: option,
    user: option,
    nice: option,
  }),
  host: z.string(),
  environment: z.record(z.string(), z.string()),
  cacheDirectory: z.string().nullable(),
});

/** Reads the request that the runner wrote. @throws when it is not one, which is a bug. */
export function readRequest(text: string): LoadRequest {
  return requestSchema.parse(JSON.parse(text));
}
