import { findConfig } from '../find-config.ts';
import type { LoadAnswer, LoadRequest } from '../loaded.ts';
import { resolveRequest } from '../resolved-request.ts';
import type { ReadConfig } from './config-in-force.ts';
import { importedFunctions } from './imported-functions.ts';

/** What answering a request needs besides. */
interface Answering {
  /** Told before each import of code of the user, with its path below the project root. */
  readonly importing: (module: string) => void;
  /** The config loader, absolute. */
  readonly loaderFile: string;
}

/** Answers a request in this process, which code of the user may then change or end. */
export async function answerRequest(
  request: LoadRequest,
  { importing, loaderFile }: Answering,
): Promise<LoadAnswer> {
  const { config, problems } = await readConfigOf(request, importing);
  if (config === null && problems.length > 0) return { kind: 'rejected', problems };
  const { directory, cacheDirectory } = request;
  const functions = importedFunctions({ directory, cacheDirectory, importing, loaderFile });
  return resolveRequest(request, { config, functions, problems });
}

async function readConfigOf(request: LoadRequest, importing: (module: string) => void): Promise<ReadConfig> {
  const found = findConfig(request.directory);
  if (found.kind !== 'found') return { config: null, problems: [] };
  if (/\.m?[jt]s$/.test(found.name)) importing(found.name);
  // What reads and checks a configuration takes longer to load than all the rest.
  const { readConfig } = await import('./config-in-force.ts');
  return readConfig(found.name, request);
}
