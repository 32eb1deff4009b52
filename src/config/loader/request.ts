import { asText, Fields } from '../answer-fields.ts';
import type { LoadRequest } from '../loaded.ts';

/** Reads the request that the runner wrote. @throws when it is not one, which is a bug. */
export function readRequest(text: string): LoadRequest {
  const request = new Fields(JSON.parse(text));
  return {
    directory: request.text('directory'),
    arguments: request.list('arguments', asText),
    areChains: request.flag('areChains'),
    options: request.texts('options'),
    host: request.text('host'),
    environment: request.texts('environment'),
    cacheDirectory: request.textOrNull('cacheDirectory'),
  };
}
