import { loadChains } from './config/load.ts';
import type { LoadAnswer, LoadRequest } from './config/loaded.ts';
import { createSingleHostCoordinator } from './coordinator/single-host.ts';
import type { ChainDefinition } from './core/definition.ts';
import { openChainLog } from './log/chain-log.ts';
import { openLogFolder } from './log/log-folder.ts';
import type { RunnerHolder, Tell } from './ports.ts';
import { findPerl } from './processes/perl.ts';
import { hasOpen, readProcesses } from './processes/process-table.ts';
import { startChain, type RunningChain } from './runner/chain-loop.ts';
import { openState } from './store/open-state.ts';
import { createSqliteStore } from './store/sqlite-store.ts';
import { createSystemClock } from './system/clock.ts';
import { configLoaderFile, functionWorkerCommand, workerScript } from './system/own-files.ts';
import { systemRandom } from './system/random.ts';
import { makeStateFolder, stateFolderAt, type StateFolder } from './system/state-folder.ts';
import { createWorkers } from './worker/workers.ts';

/** What came of the wish to run a chain. */
type ChainAnswer =
  | {
      readonly kind: 'running';
      readonly chain: RunningChain;
      readonly logFile: string;
      readonly logFrom: number;
    }
  | { readonly kind: 'held elsewhere'; readonly holder: RunnerHolder };

/** A project on this host, with its state open. */
export interface Project {
  /** Takes a chain and runs it, unless another runner has it. */
  run(
    definition: ChainDefinition,
    options: { readonly passGoal: number | null; readonly tell: Tell },
  ): Promise<ChainAnswer>;
  /** Lets go of everything; the chains must have finished. */
  close(): void;
}

/** Loads the chains of a project in a process of its own. */
export function loadProject(request: LoadRequest): Promise<LoadAnswer> {
  return loadChains(request, { loaderFile: configLoaderFile() });
}

/** Whether processes of a chain live: its worker, or a run that has outlived its runner. */
export function hasProcesses(stateDirectory: string, chain: string): boolean {
  const lockFile = lockFileOf(stateFolderAt(stateDirectory), chain);
  return readProcesses().some((entry) => !entry.isZombie && hasOpen(entry.pid, lockFile));
}

function lockFileOf(folder: StateFolder, chain: string): string {
  return `${folder.locks}/${chain}.lock`;
}

/**
 * Opens the state of a project, and makes it where there is none.
 * @param path the program path in which perl is looked for beside the usual folders
 * @throws StateFolderError, StoreError or PerlMissing, each with a message that says what to do.
 */
export async function openProject(stateDirectory: string, path: string): Promise<Project> {
  const perl = findPerl(path);
  const folder = makeStateFolder(stateDirectory);
  const database = await openState(folder.database);
  const clock = createSystemClock();
  const store = createSqliteStore(database, folder.database, clock);
  const coordinator = createSingleHostCoordinator(folder.locks, perl, clock);
  const logs = openLogFolder(folder.logs);
  const closers: (() => void)[] = [() => database.close()];
  return {
    async run(definition, { passGoal, tell }) {
      const taken = await coordinator.take(definition.name);
      if (taken.kind === 'held elsewhere') return taken;
      const output = openChainLog(logs, definition.name, definition.log);
      closers.unshift(taken.release);
      const workers = createWorkers({
        definition,
        clock,
        random: systemRandom,
        perl,
        script: workerScript(),
        functionWorker: functionWorkerCommand(),
        lockFile: lockFileOf(folder, definition.name),
        journalFile: `${folder.journals}/${definition.name}`,
        logFile: output.path,
        cacheDirectory: folder.cache,
      });
      const logFrom = output.position().offset;
      const chain = await startChain(
        definition,
        { clock, random: systemRandom, store, workers, output, tell },
        { passGoal },
      );
      return { kind: 'running', chain, logFile: output.path, logFrom };
    },
    close() {
      for (const close of closers) close();
    },
  };
}
