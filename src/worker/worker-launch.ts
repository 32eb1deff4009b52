import { fchmodSync, fchownSync, fstatSync } from 'node:fs';
import { getPriority } from 'node:os';
import { isRunnersOwn, type Identity, type RunUser } from '../core/identity.ts';
import { launchWords } from '../processes/launch.ts';
import { describeOutOfReach, outOfReach, type Needed } from '../processes/reach.ts';
import { findUser } from '../processes/user-database.ts';

/** What it takes to start a worker with the identity of its chain. */
export interface WorkerLaunch {
  /** In front of the worker's own words: programs that become each other and at last the worker. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Marks the variables that worker.pl sets once the programs before it have become the chain's user. */
const hiddenPrefix = 'RUNNER_ENV_';

/**
 * Finds out how a worker gets its identity; nothing is in front of one that has none of its own. The programs there
 * run as root, and must not see the chain's environment: LD_PRELOAD in it would be code of the chain's user.
 * @param needed what the worker itself has to get at
 * @throws Error with a reason for people when it cannot be done, or is no longer what the configuration meant.
 */
export function launchOf(
  identity: Identity,
  environment: Readonly<Record<string, string>>,
  needed: readonly Needed[],
): WorkerLaunch {
  if (isRunnersOwn(identity)) return { words: [], environment };
  const own = process.geteuid?.() ?? 0;
  const { user, umask } = identity;
  if (user !== null) {
    checkUser(user);
    if (user.uid !== own) checkReach(user, needed);
  }
  const words = launchWords(identity, { isRoot: own === 0, nice: getPriority() });
  const mask = umask === null ? {} : { RUNNER_UMASK: umask.toString(8) };
  return { words, environment: { ...(words.length === 0 ? environment : hidden(environment)), ...mask } };
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

function hidden(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) =>
      // The runner's own are not from the chain, and show whose process this is.
      name.startsWith('RUNNER_') ? [name, value] : [`${hiddenPrefix}${name}`, value],
    ),
  );
}

/** Between the check of the configuration and now the user may have been removed, or its number given away. */
function checkUser(user: RunUser): void {
  const found = findUser(user.name, user.gid);
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

function checkReach(user: RunUser, needed: readonly Needed[]): void {
  const [missing] = outOfReach(user, needed);
  if (missing === undefined) return;
  throw new Error(`${describeOutOfReach(user, missing)}, which its worker needs; allow it`);
}
