import { fileURLToPath } from 'node:url';

// All of this program is bundled into one folder, `dist`, with shared code one level below in `chunks`.
const folder = new URL(import.meta.url.includes('/chunks/') ? '..' : '.', import.meta.url);

/** This program itself. */
export function runnerFile(): string {
  return fileURLToPath(new URL('runner.cjs', folder));
}

/** The program that loads configurations. */
export function configLoaderFile(): string {
  return fileURLToPath(new URL('config-loader.cjs', folder));
}

/** The worker that runs commands, and that takes the lock for every other. */
export function workerScript(): string {
  return fileURLToPath(new URL('worker.pl', folder));
}

/** The program that is the first process of a container, below this one. */
export function initScript(): string {
  return fileURLToPath(new URL('init.pl', folder));
}

/** The program that runs the functions of many chains, with its arguments. */
export function manyChainsWorkerCommand(): readonly string[] {
  return [process.execPath, fileURLToPath(new URL('many-chains-worker.cjs', folder))];
}

/** The program that runs functions, with its arguments. */
export function functionWorkerCommand(): readonly string[] {
  return [process.execPath, fileURLToPath(new URL('function-worker.cjs', folder))];
}
