import { loadChains } from '../config/load.ts';
import type { LoadAnswer, LoadRequest } from '../config/loaded.ts';
import { configLoaderFile, runnerFile } from '../system/own-files.ts';
import { rememberPrograms } from '../system/same-programs.ts';

/** Loads the chains of a project in a process of its own. */
export function loadProject(request: LoadRequest): Promise<LoadAnswer> {
  return loadChains(request, { loaderFile: configLoaderFile() });
}

/**
 * Makes what loads them again and again, as long as this version is the one that is installed: after an update on the
 * disk the configuration is refused.
 */
export function createProjectLoader(): typeof loadProject {
  // A new configuration may need a part of this program that is not loaded yet.
  const files = [configLoaderFile(), runnerFile()];
  const checkProgram = rememberPrograms(files);
  return async (request) => {
    try {
      for (const file of files) checkProgram(file);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `Cannot load the configuration: ${why}`;
      return { kind: 'rejected', problems: [{ at: 'the configuration', path: null, message }] };
    }
    return loadProject(request);
  };
}
