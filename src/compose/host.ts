import { createSingleHostCoordinator, LockError } from '../coordinator/single-host.ts';
import { openChainLog } from '../log/chain-log.ts';
import { openLogFolder, type LogFolder } from '../log/log-folder.ts';
import { hasErrorCode } from '../core/error-code.ts';
import type { ChainDefinition } from '../core/definition.ts';
import type { Clock, Coordinator, OpenChain, OpenedChain, Store, Taken, Tell } from '../ports.ts';
import { findPerl } from '../processes/perl.ts';
import { findUser } from '../processes/user-database.ts';
import { hasOpen, readProcesses } from '../processes/process-table.ts';
import type { Database } from '../store/database.ts';
import { openState } from '../store/open-state.ts';
import { createPruner } from '../store/prune.ts';
import { beginPruning } from '../store/pruning.ts';
import { createSqliteStore } from '../store/sqlite-store.ts';
import { createSystemClock } from '../system/clock.ts';
import { functionWorkerCommand, manyChainsWorkerCommand, workerScript } from '../system/own-files.ts';
import { rememberPrograms, type CheckProgram } from '../system/same-programs.ts';
import { systemRandom } from '../system/random.ts';
import { makeStateFolder, stateFolderAt, type StateFolder } from '../system/state-folder.ts';
import { ManyChainsWorkers } from '../worker/many-chains-workers.ts';
import { createWorkers } from '../worker/workers.ts';

/** What a runner needs of this host, built once. */
export interface Host {
  readonly folder: StateFolder;
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly open: OpenChain;
  readonly database: Database;
  close(): void;
}

/**
 * Opens the state of a project, and makes it where there is none.
 * @param path the program path in which perl is looked for beside the usual folders
 * @throws StateFolderError, StoreError or PerlMissing, each with a message that says what to do.
 */
export async function openHost(stateDirectory: string, path: string): Promise<Host> {
  const perl = findPerl(path);
  const folder = makeStateFolder(stateDirectory);
  const database = await openState(folder.database);
  const clock = createSystemClock();
  const pruning = beginPruning(clock, createPruner(database));
  const store = createSqliteStore(database, folder.database, pruning);
  const logs = openLogFolder(folder.logs);
  const coordinator = createSingleHostCoordinator(
    { folder: folder.locks, projectLock: folder.projectLock, alertsLock: folder.alertsLock },
    perl,
    clock,
  );
  const shared = new ManyChainsWorkers(clock);
  const programs = [functionWorkerCommand(), manyChainsWorkerCommand()].flatMap(([, file]) => file ?? []);
  const checkProgram = rememberPrograms([workerScript(), ...programs]);
  return {
    folder,
    clock,
    coordinator,
    database,
    async open(definition, tell) {
      try {
        const taken = await coordinator.take(definition.name);
        if (taken.kind === 'held elsewhere') return taken;
        return {
          kind: 'opened',
          chain: openTaken({ folder, logs, clock, store, perl, shared, checkProgram }, definition, {
            taken,
            tell,
          }),
        };
      } catch (error) {
        // The system refuses a file: too many are open, the disk is full, somebody took a right away.
        if (error instanceof LockError) return { kind: 'cannot open', reason: error.message };
        if (!hasErrorCode(error, ...refusals) || !(error instanceof Error)) throw error;
        return { kind: 'cannot open', reason: refusalText(definition.name, folder.path, error) };
      }
    },
    close() {
      pruning.close();
      database.close();
    },
  };
}

const refusals = [
  'EMFILE',
  'ENFILE',
  'ENOSPC',
  'EDQUOT',
  'EACCES',
  'EPERM',
  'EROFS',
  'EIO',
  'EAGAIN',
  'ENOMEM',
  'ELOOP',
];

function refusalText(chain: string, folder: string, { message }: Error): string {
  return `Cannot begin chain "${chain}" with the state in "${folder}": ${message}; see to it that this user can write there, that the disk has room and that files can be opened ("ulimit -n")`;
}

interface ChainRooms {
  readonly folder: StateFolder;
  readonly logs: LogFolder;
  readonly clock: Clock;
  readonly store: Store;
  readonly perl: string;
  readonly shared: ManyChainsWorkers;
  readonly checkProgram: CheckProgram;
}

function openTaken(
  { folder, logs, clock, store, perl, shared, checkProgram }: ChainRooms,
  definition: ChainDefinition,
  { taken, tell }: { readonly taken: Extract<Taken, { kind: 'taken' }>; readonly tell: Tell },
): OpenedChain {
  const output = openChainLog(logs, definition.name, definition.log);
  const setting = {
    chain: definition.name,
    clock,
    random: systemRandom,
    users: { findUser },
    perl,
    script: workerScript(),
    functionWorker: functionWorkerCommand(),
    manyChainsWorker: manyChainsWorkerCommand(),
    checkProgram,
    lockFile: lockFileOf(folder, definition.name),
    journalFile: `${folder.journals}/${definition.name}`,
    logFile: output.path,
    cacheDirectory: folder.cache,
  };
  shared.register(setting, definition);
  const workers = createWorkers(setting, shared);
  return {
    ports: { clock, random: systemRandom, store, workers, output, tell },
    logFile: output.path,
    close() {
      shared.forget(definition.name);
      taken.release();
    },
  };
}

/** Whether processes of a chain live: its worker, or a run that has outlived its runner. */
export function hasProcesses(stateDirectory: string, chain: string): boolean {
  const lockFile = lockFileOf(stateFolderAt(stateDirectory), chain);
  return readProcesses().some((entry) => !entry.isZombie && hasOpen(entry.pid, lockFile));
}

function lockFileOf(folder: StateFolder, chain: string): string {
  return `${folder.locks}/${chain}.lock`;
}
