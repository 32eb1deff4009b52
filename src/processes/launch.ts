import type { Identity, ResourceLimits, RunUser } from '../core/identity.ts';
import { findSystemProgram, type SystemProgram } from './system-program.ts';

/** What this process is, from which the launch of another one starts. */
export interface LaunchFrom {
  readonly isRoot: boolean;
  readonly nice: number;
}

/**
 * The words in front of a command that give it an identity: programs of the system, each of which becomes the next
 * one and keeps the process id. None where nothing differs. Limits and priority come first, because afterwards there
 * may be no right to set them; the umask is the worker's own to set.
 * @throws ProgramMissing
 */
export function launchWords(identity: Identity, from: LaunchFrom): readonly string[] {
  return launchSteps(identity, from).flatMap(([program, ...args]) => [findSystemProgram(program), ...args]);
}

/** The same by the names of the programs. */
export function launchSteps(
  identity: Identity,
  from: LaunchFrom,
): readonly (readonly [SystemProgram, ...string[]])[] {
  const { nice, ionice, cpus, limits, user, noNewPrivileges } = identity;
  const steps: (readonly [SystemProgram, ...string[]])[] = [];
  const limitWords = wordsOfLimits(limits);
  if (limitWords.length > 0) steps.push(['prlimit', ...limitWords]);
  if (cpus !== null) steps.push(['taskset', '-c', cpus]);
  if (ionice !== null) steps.push(['ionice', ...wordsOfIonice(ionice)]);
  // `nice` adds to what it has.
  if (nice !== null && nice !== from.nice) steps.push(['nice', '-n', String(nice - from.nice)]);
  // Without root there is no other user to become: the configuration is refused then.
  const ids = user !== null && from.isRoot ? wordsOfUser(user) : [];
  const privileges = noNewPrivileges ? ['--no-new-privs'] : [];
  if (ids.length + privileges.length > 0) steps.push(['setpriv', ...ids, ...privileges]);
  return steps;
}

/** The words in front of a command that is only to run as that user. @throws ProgramMissing */
export function userWords(user: RunUser): readonly string[] {
  return [findSystemProgram('setpriv'), ...wordsOfUser(user), '--no-new-privs'];
}

function wordsOfUser({ uid, gid, groups }: RunUser): readonly string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups.join(',')}`, '--inh-caps=-all'];
}

function wordsOfIonice({ class: name, level }: NonNullable<Identity['ionice']>): readonly string[] {
  const classes = { realtime: 1, 'best-effort': 2, idle: 3 };
  return ['-c', String(classes[name]), ...(level === null ? [] : ['-n', String(level)])];
}

// The time on a processor has no hard limit: the worker itself, which lives for many runs, must be able to go on.
function wordsOfLimits({ openFiles, memoryBytes, processes, cpuSeconds }: ResourceLimits): readonly string[] {
  const words = [
    openFiles === null ? null : `--nofile=${openFiles}`,
    memoryBytes === null ? null : `--data=${memoryBytes}`,
    processes === null ? null : `--nproc=${processes}`,
    cpuSeconds === null ? null : `--cpu=${cpuSeconds}:`,
  ];
  return words.filter((word) => word !== null);
}
