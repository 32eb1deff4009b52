import type { Identity } from '../core/identity.ts';
import { launchSteps } from '../processes/launch.ts';
import type { SystemProgram } from '../processes/system-program.ts';
import { refuse, type Judging, type Wish, type Wishes } from './identity-wishes.ts';

/** Refuses what it takes a program to give to a chain that this host does not have. */
export function checkPrograms(identity: Identity, wishes: Wishes, around: Judging): void {
  const { host, rights } = around;
  for (const [program] of launchSteps(identity, { isRoot: rights.uid === 0, nice: rights.nice })) {
    const lack = host.lackOf(program);
    const asked = lack === null ? null : askedOf(program, identity, wishes);
    if (asked === null) continue;
    refuse(around, asked.wish, `Cannot set "${asked.option}": ${lack}, or leave "${asked.option}" out`);
  }
}

interface Asked {
  readonly option: string;
  readonly wish: Wish<unknown>;
}

/** What was written that takes this program; `null` for another user, as whom a process is tried besides. */
function askedOf(program: SystemProgram, { user }: Identity, wishes: Wishes): Asked | null {
  if (program === 'setpriv' && user !== null && user.uid !== 0) return null;
  const limits = Object.values(wishes.limits ?? {}).find((wish) => wish !== null) ?? null;
  const options: Partial<Record<SystemProgram, readonly [string, Wish<unknown> | null]>> = {
    prlimit: ['limits', limits],
    taskset: ['cpus', wishes.cpus],
    ionice: ['ionice', wishes.ionice],
    nice: ['nice', wishes.nice],
    setpriv: wishes.user === null ? ['noNewPrivileges', wishes.noNewPrivileges] : ['user', wishes.user],
  };
  const [option, wish] = options[program] ?? ['', null];
  return wish === null ? null : { option, wish };
}
