/**
 * As whom and with what priority the processes of a chain run. `null` stands for what the runner itself has.
 * Everything is resolved, and plain data.
 */
export interface Identity {
  readonly user: RunUser | null;
  /** Whether set-uid programs such as `sudo` give no rights. Default: yes where the user is not that of the runner. */
  readonly noNewPrivileges: boolean;
  /** -20 (first) to 19 (last); the value itself, whatever the runner's own is. */
  readonly nice: number | null;
  readonly ionice: IoPriority | null;
  /** As the kernel writes it: `0-3,5`. */
  readonly cpus: string | null;
  readonly umask: number | null;
  readonly limits: ResourceLimits;
}

/** A user of this host, with the groups that its processes have. */
export interface RunUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** All of them, `gid` included, in rising order. */
  readonly groups: readonly number[];
  readonly home: string;
  readonly shell: string;
}

/** A class of disk priority; `level` is 0 (first) to 7 (last), and `null` for `idle`, which has none. */
export interface IoPriority {
  readonly class: IoClass;
  readonly level: number | null;
}

/** The classes that `ionice` knows. */
type IoClass = 'realtime' | 'best-effort' | 'idle';

/** What each process may use. */
export interface ResourceLimits {
  readonly openFiles: number | null;
  /** Private memory that it can write to (RLIMIT_DATA). */
  readonly memoryBytes: number | null;
  /** How many processes and threads its user may have on the whole host. */
  readonly processes: number | null;
  /** Time on a processor; each process counts its own. */
  readonly cpuSeconds: number | null;
}

/** All as the runner itself. */
export const runnersOwn: Identity = {
  user: null,
  noNewPrivileges: false,
  nice: null,
  ionice: null,
  cpus: null,
  umask: null,
  limits: { openFiles: null, memoryBytes: null, processes: null, cpuSeconds: null },
};

/** Whether nothing differs from the runner, so that nothing has to be set up or verified. */
export function isRunnersOwn(identity: Identity): boolean {
  const { user, noNewPrivileges, nice, ionice, cpus, umask, limits } = identity;
  const { openFiles, memoryBytes, processes, cpuSeconds } = limits;
  const wishes = [user, nice, ionice, cpus, umask, openFiles, memoryBytes, processes, cpuSeconds];
  return !noNewPrivileges && wishes.every((wish) => wish === null);
}
