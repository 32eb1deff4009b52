import { readFileSync } from 'node:fs';
import type { RunUser } from '../core/identity.ts';
import { readStatus, type ProcessLimits } from '../processes/process-status.ts';
import { lackOfProgram, type SystemProgram } from '../processes/system-program.ts';
import { findGroup, findUser } from '../processes/user-database.ts';
import { parseCpus } from './cpu-list.ts';

/** What has to be known of this host to give a chain an identity. */
export interface IdentityHost {
  /** `null` when there is no such user. @throws Error when the host does not answer. */
  findUser(nameOrId: string, group: number | null): Promise<RunUser | null>;
  findGroup(nameOrId: string): Promise<number | null>;
  rights(): RunnerRights;
  /** Why this program cannot be started, and what helps; `null` when it can. */
  lackOf(program: SystemProgram): string | null;
}

/** What this runner is, and how far it may go. */
export interface RunnerRights {
  readonly uid: number;
  readonly gid: number;
  /** In rising order. */
  readonly groups: readonly number[];
  readonly nice: number;
  /** How far below its own priority it may go without being root; 20 for not at all. */
  readonly leastNice: number;
  readonly limits: ProcessLimits;
  /** The processors of this host, in rising order. */
  readonly cpus: readonly number[];
}

/** The host that this process runs on. */
export const thisHost: IdentityHost = {
  findUser: (nameOrId, group) => findUser(nameOrId, group, null),
  findGroup: (nameOrId) => findGroup(nameOrId, null),
  rights: readRights,
  lackOf: lackOfProgram,
};

function readRights(): RunnerRights {
  const { uids, gids, groups, nice, cpus, limits } = readStatus('self');
  const [uid = 0, gid = 0] = [uids[1], gids[1]];
  return {
    uid,
    gid,
    groups: [...new Set([gid, ...groups])].toSorted((one, other) => one - other),
    nice,
    // RLIMIT_NICE is kept as 20 less the priority.
    leastNice: 20 - limits.priority.soft,
    limits,
    cpus: parseCpus(readOnlineCpus() ?? cpus) ?? [],
  };
}

function readOnlineCpus(): string | null {
  try {
    return readFileSync('/sys/devices/system/cpu/online', 'utf8').trim();
  } catch {
    // Some containers have no /sys: then those of this process are known, at least.
    return null;
  }
}
