import { loadChains } from '../config/load.ts';
import type { LoadAnswer, LoadRequest } from '../config/loaded.ts';
import { configLoaderFile } from '../system/own-files.ts';

/** Loads the chains of a project in a process of its own. */
export function loadProject(request: LoadRequest): Promise<LoadAnswer> {
  return loadChains(request, { loaderFile: configLoaderFile() });
}
