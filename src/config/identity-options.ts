import { runnersOwn, type Identity, type IoPriority, type RunUser } from '../core/identity.ts';
import { quoted } from '../core/quoted.ts';
import type { ChosenChain } from './chosen-chains.ts';
import { formatCpus, parseCpus } from './cpu-list.ts';
import { resolveLimits } from './identity-limits.ts';
import { checkPrograms } from './identity-programs.ts';
import {
  refuse,
  wishesOf,
  type Judging,
  type ResolvingIdentity,
  type Wish,
  type Wishes,
} from './identity-wishes.ts';
import type { LoadedValue } from './loaded.ts';

/** The identity of a chain, and what is to be said about it. */
export interface ResolvedIdentity {
  /** Without what there is a problem with. */
  readonly identity: Identity;
  /** Whether the user is certain. Where it is not, nothing may be done in its name, least of all as the runner. */
  readonly isUserKnown: boolean;
  readonly rows: readonly LoadedValue[];
  /** What of it only a runner that is root can do. */
  readonly needsRoot: readonly string[];
}

/** Looks up what a chain's identity names, and refuses what this runner cannot give it. */
export async function resolveIdentity(
  chosen: ChosenChain,
  resolving: ResolvingIdentity,
): Promise<ResolvedIdentity> {
  const wishes = wishesOf(chosen, resolving);
  const { host } = resolving;
  if (Object.values(wishes).every((wish) => wish === null)) {
    return { identity: runnersOwn, isUserKnown: true, rows: [runnersUser], needsRoot: [] };
  }
  const rights = host.rights();
  const around = { ...resolving, rights };
  const user = await resolveUser(wishes, around);
  const isOther = user !== null && user.uid !== rights.uid;
  const { nice, ionice, umask, noNewPrivileges } = wishes;
  const limits = resolveLimits(wishes.limits, around);
  const identity: Identity = {
    user,
    noNewPrivileges: noNewPrivileges?.value ?? isOther,
    nice: isNiceAllowed(nice, around) ? (nice?.value ?? null) : null,
    ionice: isIoniceAllowed(ionice, around) ? (ionice?.value ?? null) : null,
    cpus: resolveCpus(wishes.cpus, around),
    umask: umask?.value ?? null,
    limits: limits.values,
  };
  checkPrograms(identity, wishes, around);
  return {
    identity,
    isUserKnown: wishes.user === null ? wishes.group === null : user !== null,
    rows: [...rowsOf(identity, wishes), ...limits.rows],
    needsRoot: rights.uid === 0 ? rightsOfRoot(identity) : [],
  };
}

const runnersUser: LoadedValue = { path: 'user', shown: 'that of the runner', from: 'default' };

async function resolveUser({ user, group }: Wishes, around: Judging): Promise<RunUser | null> {
  if (user === null) {
    if (group !== null) {
      refuse(around, group, `Cannot set the group ${quoted(group.value)} alone: write "user" beside it`);
    }
    return null;
  }
  if (!/^[^-+:\s/][^:\s/]*$/.test(user.value)) {
    return refuse(
      around,
      user,
      `Cannot run as the user ${quoted(user.value)}: write the name or the number of a user such as "www-data" or 33`,
    );
  }
  try {
    const gid = group === null ? null : await around.host.findGroup(group.value);
    if (group !== null && gid === null) {
      return refuse(
        around,
        group,
        `Cannot run with the group ${quoted(group.value)}: this host has no such group, write one that "getent group" lists`,
      );
    }
    const found = await around.host.findUser(user.value, gid);
    if (found !== null) return allowedUser(found, user, around);
    return refuse(
      around,
      user,
      `Cannot run as the user ${quoted(user.value)}: this host has no such user, write one that "getent passwd" lists`,
    );
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return refuse(around, user, `Cannot look up the user ${quoted(user.value)}: ${found}`);
  }
}

/** A runner that is not root can be nobody else, and cannot change the groups that it was started with either. */
function allowedUser(user: RunUser, wish: Wish<string>, around: Judging): RunUser | null {
  const { rights } = around;
  if (rights.uid === 0) return user;
  if (user.uid !== rights.uid) {
    return refuse(
      around,
      wish,
      `Cannot run as "${user.name}" (${user.uid}): this runner is user ${rights.uid}, and only root can become another one; start it as root or as "${user.name}"`,
    );
  }
  const [wanted, own] = [user, rights].map(({ gid, groups }) => `${gid}, with ${groups.join(', ')}`);
  if (wanted === own) return user;
  return refuse(
    around,
    wish,
    `Cannot run as "${user.name}" with its groups: it has ${wanted}, this runner has ${own}, and only root can change that; start it from a new login of "${user.name}", or as root`,
  );
}

function isNiceAllowed(nice: Wish<number> | null, around: Judging): boolean {
  const { rights } = around;
  if (nice === null || rights.uid === 0) return true;
  const least = Math.min(rights.nice, rights.leastNice);
  if (nice.value >= least) return true;
  refuse(
    around,
    nice,
    `Cannot set "nice" to ${nice.value}: only root can go below ${least}, write a number from ${least} to 19, or start the runner as root`,
  );
  return false;
}

function isIoniceAllowed(ionice: Wish<IoPriority> | null, around: Judging): boolean {
  if (ionice?.value.class !== 'realtime' || around.rights.uid === 0) return true;
  refuse(
    around,
    ionice,
    `Cannot set "ionice" to "${showIonice(ionice.value)}": only root can, write "best-effort:0", or start the runner as root`,
  );
  return false;
}

function resolveCpus(wish: Wish<string> | null, around: Judging): string | null {
  if (wish === null) return null;
  const { cpus } = around.rights;
  const wanted = parseCpus(wish.value) ?? [];
  if (wanted.every((cpu) => cpus.includes(cpu))) return formatCpus(wanted);
  return refuse(
    around,
    wish,
    `Cannot run on the processors "${wish.value}": this host has ${formatCpus(cpus)}, write some of these`,
  );
}

function rightsOfRoot({ user, nice, ionice }: Identity): string[] {
  return [
    ...(user === null ? [] : [`user ${user.name}`]),
    ...(nice !== null && nice < 0 ? [`nice ${nice}`] : []),
    ...(ionice?.class === 'realtime' ? [`ionice ${showIonice(ionice)}`] : []),
  ];
}

function rowsOf(
  { user, noNewPrivileges, nice, ionice, cpus, umask }: Identity,
  wishes: Wishes,
): LoadedValue[] {
  const row = (path: string, wish: Wish<unknown> | null, shown: string | null): LoadedValue[] =>
    shown === null ? [] : [{ path, shown, from: wish?.from ?? 'default' }];
  return [
    ...(user === null ? [runnersUser] : row('user', wishes.user, `${user.name} (${user.uid})`)),
    ...row('groups', wishes.group ?? wishes.user, user === null ? null : user.groups.join(', ')),
    ...row(
      'noNewPrivileges',
      wishes.noNewPrivileges,
      user === null && wishes.noNewPrivileges === null ? null : String(noNewPrivileges),
    ),
    ...row('umask', wishes.umask, umask === null ? null : umask.toString(8).padStart(3, '0')),
    ...row('nice', wishes.nice, nice === null ? null : String(nice)),
    ...row('ionice', wishes.ionice, ionice === null ? null : showIonice(ionice)),
    ...row('cpus', wishes.cpus, cpus),
  ];
}

function showIonice({ class: name, level }: IoPriority): string {
  return level === null ? name : `${name}:${level}`;
}
