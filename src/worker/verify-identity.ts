import type { Identity, IoPriority } from '../core/identity.ts';
import { readIoPriority, readStatus, type ProcessStatus } from '../processes/process-status.ts';

/** What the kernel says of a worker. */
export interface SeenIdentity {
  readonly status: ProcessStatus;
  readonly ionice: IoPriority | null;
}

/**
 * What of a worker is not as its chain wants it, or `null`. The programs that set it up may fail without saying so:
 * `nice -n -5` prints a warning, and goes on with 0.
 */
export function readDifference(identity: Identity, pid: number): string | null {
  try {
    const ionice = identity.ionice === null ? null : readIoPriority(pid);
    return differenceOf(identity, { status: readStatus(pid), ionice });
  } catch (error) {
    return `its identity cannot be verified: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The first thing in which a worker is not as its chain wants it, for people; `null` when all is right. */
export function differenceOf(identity: Identity, { status, ionice }: SeenIdentity): string | null {
  const { user, limits } = identity;
  const name = user === null ? '' : ` (${user.name})`;
  const compared: readonly Compared[] = [
    // All four of each, lest a program takes a right back that it only seemed to have given up.
    ['as user', showIds(status.uids), user === null ? null : `${user.uid}`, name],
    ['with group', showIds(status.gids), user === null ? null : `${user.gid}`, ''],
    ['with the groups', status.groups.join(', '), user === null ? null : user.groups.join(', '), ''],
    ['with nice', `${status.nice}`, identity.nice === null ? null : `${identity.nice}`, ''],
    ['with ionice', showIonice(ionice), identity.ionice === null ? null : showIonice(identity.ionice), ''],
    ['on the processors', status.cpus, identity.cpus, ''],
    ['with umask', showMask(status.umask), identity.umask === null ? null : showMask(identity.umask), ''],
    ['with a limit of open files of', `${status.limits.openFiles.soft}`, showLimit(limits.openFiles), ''],
    ['with a limit of memory of', `${status.limits.memoryBytes.soft}`, showLimit(limits.memoryBytes), ''],
    ['with a limit of processes of', `${status.limits.processes.soft}`, showLimit(limits.processes), ''],
    [
      'with a limit of processor time of',
      `${status.limits.cpuSeconds.soft}`,
      showLimit(limits.cpuSeconds),
      '',
    ],
  ];
  for (const [what, seen, wanted, explained] of compared) {
    if (wanted !== null && seen !== wanted) return `it runs ${what} ${seen} instead of ${wanted}${explained}`;
  }
  const mayGain = identity.noNewPrivileges && !status.noNewPrivileges;
  return mayGain ? 'it may gain new privileges by set-uid programs' : null;
}

/** What is looked at, what was seen, what is wanted (`null` for anything), and what the wish means. */
type Compared = readonly [what: string, seen: string, wanted: string | null, explained: string];

function showIds(ids: readonly number[]): string {
  return [...new Set(ids)].join(', ');
}

function showMask(mask: number): string {
  return mask.toString(8).padStart(3, '0');
}

function showLimit(limit: number | null): string | null {
  return limit === null ? null : `${limit}`;
}

function showIonice(ionice: IoPriority | null): string {
  if (ionice === null) return 'none';
  return ionice.level === null ? ionice.class : `${ionice.class}:${ionice.level}`;
}
