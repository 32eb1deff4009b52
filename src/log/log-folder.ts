import { keepAsideFiles, type AsideFiles } from './aside-files.ts';
import { createFloodWatch, type FloodWatch } from './flood.ts';

/** The logs of all chains of a runner, and what they share. */
export interface LogFolder {
  readonly path: string;
  readonly floods: FloodWatch;
  readonly aside: AsideFiles;
}

/** The logs below `path`, a folder that is there. One for each runner. */
export function openLogFolder(path: string): LogFolder {
  return { path, floods: createFloodWatch(), aside: keepAsideFiles(path) };
}
