import type { ChildProcess } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import type { ChainDefinition, ChainName } from '../core/definition.ts';
import type { Clock, Random } from '../ports.ts';
import { hideFromPerl } from '../processes/hidden-environment.ts';
import type { Needed } from '../processes/reach.ts';
import { startProcess } from '../processes/start-process.ts';
import { syscallWords } from '../processes/syscalls.ts';
import { giveLog, isOtherUser, launchOf, type UserDatabase, type WorkerLaunch } from './worker-launch.ts';

/** The descriptor at which every process of a run has the chain's lock: Node closes 3 to 16 for its own children. */
const lockDescriptor = 97;
/** How many open files a process must be allowed to have: Node needs some above the lock for a moment. */
const leastOpenFiles = 128;
const toAppend = constants.O_WRONLY | constants.O_APPEND;

/** Where a chain's workers find what they need. All paths are absolute. */
export interface ChainSetting {
  readonly chain: ChainName;
  readonly clock: Clock;
  readonly random: Random;
  readonly users: UserDatabase;
  readonly perl: string;
  /** worker.pl */
  readonly script: string;
  /** The program that runs functions, and its arguments. */
  readonly functionWorker: readonly string[];
  /** The program that runs the functions of many chains, and its arguments. */
  readonly manyChainsWorker: readonly string[];
  /** Throws an error for people when one of these programs is of another version than the runner. */
  readonly checkProgram: (file: string) => void;
  readonly lockFile: string;
  readonly journalFile: string;
  readonly logFile: string;
  /** Where compiled TypeScript is kept. */
  readonly cacheDirectory: string;
}

/** The same, and what the worker is to run. */
export interface WorkerSetting extends ChainSetting {
  readonly definition: ChainDefinition;
}

/** A worker process that has just been started. */
export interface SpawnedWorker {
  readonly child: ChildProcess;
  /** The file that it is about to lock; another file of that name would be another lock. */
  readonly lockInode: number;
}

/**
 * Finds out how the worker of a chain is to be started: nothing at once where it is as the runner itself, otherwise
 * its user is looked up, and tries what it can get at.
 * @throws Error with a reason for people when it cannot be started so, or `signal` is aborted.
 */
export function prepareLaunch(setting: WorkerSetting, signal: AbortSignal): Promise<WorkerLaunch> {
  const { definition, users } = setting;
  checkFolder(definition.directory);
  const launching = {
    identity: definition.identity,
    environment: environmentOf(setting),
    needed: neededBy(setting),
    users,
  };
  return launchOf(launching, signal);
}

/**
 * Starts the worker of a chain, as its user and with its priority, in a session of its own, with the descriptors of docs/worker-protocol.md.
 * @throws Error with a reason for people when that cannot be done.
 */
export function spawnWorker(setting: WorkerSetting, launch: WorkerLaunch): SpawnedWorker {
  const { definition, lockFile, journalFile, logFile, perl, script, functionWorker } = setting;
  checkPrograms(setting, hasFunctions(definition) ? functionWorker : []);
  checkFolder(definition.directory);
  checkOpenFilesLimit();
  const opened: number[] = [];
  try {
    // A fresh open each time: an open file that is locked already could be "locked" again by whoever shares it.
    const lock = open(lockFile, constants.O_RDONLY, opened);
    const log = open(logFile, toAppend, opened);
    giveLog(log, definition.identity);
    const journal = open(journalFile, toAppend, opened);
    const mode = hasFunctions(definition) ? ['exec', ...functionWorker] : ['command'];
    const [program = perl, ...words] = [...launch.words, perl, script, ...mode];
    const child = startProcess(program, {
      args: words,
      cwd: definition.directory,
      env: hideFromPerl(launch.environment),
      detached: true,
      stdio: stdioOf({ log, journal, lock }),
    });
    return { child, lockInode: fstatSync(lock).ino };
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

/**
 * Starts a worker of many chains. It takes the locks of the chains that it is told, which pass to all its children.
 * @throws Error with a reason for people when that cannot be done.
 */
export function spawnManyChainsWorker({ definition, ...setting }: WorkerSetting): ChildProcess {
  checkPrograms(setting, setting.manyChainsWorker);
  checkFolder(definition.directory);
  checkOpenFilesLimit();
  const { perl, script, manyChainsWorker, cacheDirectory } = setting;
  const own = { RUNNER_SHARED: '1', RUNNER_SYSCALLS: syscallWords(), RUNNER_CACHE: cacheDirectory };
  // What does not come from a function, such as what a child of one prints, goes to the log of one of the chains.
  const log = openSync(setting.logFile, toAppend | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    return startProcess(perl, {
      args: [script, 'share', ...manyChainsWorker],
      cwd: definition.directory,
      env: { ...hideFromPerl(definition.environment), ...own },
      detached: true,
      stdio: ['ignore', log, log, 'pipe', 'pipe', 'ignore'],
    });
  } finally {
    closeSync(log);
  }
}

/** Makes the file if it is not there. */
export function touchFile(path: string): void {
  closeSync(openSync(path, toAppend | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
}

function open(path: string, mode: number, opened: number[]): number {
  const descriptor = openSync(path, mode | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  opened.push(descriptor);
  return descriptor;
}

function environmentOf({ definition, cacheDirectory }: WorkerSetting): Record<string, string> {
  const own = { RUNNER_CHAIN: definition.name, RUNNER_SYSCALLS: syscallWords() };
  // What is in the cache is run: it belongs to the runner's user alone.
  const hasCache = hasFunctions(definition) && !isOtherUser(definition.identity);
  const cache = hasCache ? { RUNNER_CACHE: cacheDirectory } : {};
  return { ...definition.environment, ...own, ...cache };
}

function neededBy({ definition, perl, script, functionWorker }: WorkerSetting): readonly Needed[] {
  const [node = '', program = ''] = functionWorker;
  const forFunctions: readonly Needed[] = [
    { path: node, how: 'run' },
    { path: program, how: 'read' },
  ];
  return [
    { path: definition.directory, how: 'enter' },
    { path: perl, how: 'run' },
    { path: script, how: 'read' },
    ...(hasFunctions(definition) ? forFunctions : []),
  ];
}

function stdioOf(descriptors: {
  log: number;
  journal: number;
  lock: number;
}): ('ignore' | 'pipe' | number)[] {
  const { log, journal, lock } = descriptors;
  const stdio: ('ignore' | 'pipe' | number)[] = Array.from({ length: lockDescriptor + 1 }, () => 'ignore');
  stdio.splice(1, 5, log, log, 'pipe', 'pipe', journal);
  stdio[lockDescriptor] = lock;
  return stdio;
}

function hasFunctions(definition: ChainDefinition): boolean {
  return definition.tasks.some((task) => task.work.kind === 'function');
}

function checkPrograms(
  { script, checkProgram }: Pick<ChainSetting, 'script' | 'checkProgram'>,
  [, program]: readonly string[],
): void {
  checkProgram(script);
  if (program !== undefined) checkProgram(program);
}

function checkFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new Error(`the folder "${path}" is not there`);
}

function checkOpenFilesLimit(): void {
  const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  const limit = Number(found ?? Infinity);
  if (limit >= leastOpenFiles) return;
  throw new Error(
    `only ${limit} open files are allowed, ${leastOpenFiles} are needed; raise it with "ulimit -n 1024"`,
  );
}
