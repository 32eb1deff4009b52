import { fchmodSync, fchownSync, fstatSync } from 'node:fs';
import { getPriority } from 'node:os';
import { isRunnersOwn, type Identity, type RunUser } from '../core/identity.ts';
import { hideFromRoot } from '../processes/hidden-environment.ts';
import { launchWords } from '../processes/launch.ts';
import { describeOutOfReach, outOfReach, type Needed } from '../processes/reach.ts';

/** What it takes to start a worker with the identity of its chain. */
export interface WorkerLaunch {
  /** In front of the worker's own words: programs that become each other and at last the worker. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Looks users up, as the host knows them right now; a directory service may take its time. */
export interface UserDatabase {
  /** @param group the id of a group that becomes the first one. @throws Error when the host does not answer. */
  findUser(name: string, group: number, signal: AbortSignal): Promise<RunUser | null>;
}

/** What it takes to find out how a worker gets its identity. */
export interface Launching {
  readonly identity: Identity;
  readonly environment: Readonly<Record<string, string>>;
  /** What the worker itself has to get at. */
  readonly needed: readonly Needed[];
  readonly users: UserDatabase;
}

/**
 * Finds out how a worker gets its identity; nothing is in front of one that has none of its own.
 * @throws Error with a reason for people when it cannot be done, or is no longer what the configuration meant.
 */
export async function launchOf(
  { identity, environment, needed, users }: Launching,
  signal: AbortSignal,
): Promise<WorkerLaunch> {
  if (isRunnersOwn(identity)) return { words: [], environment };
  const own = process.geteuid?.() ?? 0;
  const { user, umask } = identity;
  if (user !== null) {
    await checkUser(user, users, signal);
    if (user.uid !== own) await checkReach(user, needed, signal);
  }
  const words = launchWords(identity, { isRoot: own === 0, nice: getPriority() });
  const mask = umask === null ? {} : { RUNNER_UMASK: umask.toString(8) };
  return {
    words,
    environment: { ...(words.length === 0 ? environment : hideFromRoot(environment)), ...mask },
  };
}

/** Whether the processes of a chain run as another user than this one. */
export function isOtherUser({ user }: Identity): boolean {
  return user !== null && user.uid !== process.geteuid?.();
}

/** Makes the log belong to whoever writes it: who opens /dev/stdout opens that file anew, with the rights of its user. */
export function giveLog(descriptor: number, { user }: Identity): void {
  const { uid, gid } = user ?? { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  if (fstatSync(descriptor).uid === uid) return;
  fchownSync(descriptor, uid, gid);
  fchmodSync(descriptor, 0o600);
}

/** Between the check of the configuration and now the user may have been removed, or its number given away. */
async function checkUser(user: RunUser, users: UserDatabase, signal: AbortSignal): Promise<void> {
  const found = await users.findUser(user.name, user.gid, signal);
  if (found === null) throw new Error(`the user "${user.name}" is not there any more`);
  const [before, now] = [user, found].map(
    ({ uid, groups }) => `id ${uid} and the groups ${groups.join(', ')}`,
  );
  if (before !== now) {
    throw new Error(
      `the user "${user.name}" has ${now} now, and had ${before} when the configuration was read; start the runner again if that is meant`,
    );
  }
}

async function checkReach(user: RunUser, needed: readonly Needed[], signal: AbortSignal): Promise<void> {
  const [missing] = await outOfReach(user, needed, signal);
  if (missing === undefined) return;
  throw new Error(`${describeOutOfReach(user, missing)}, which its worker needs; allow it`);
}
