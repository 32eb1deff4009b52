import { spawnSync } from 'node:child_process';
import type { RunUser } from '../core/identity.ts';
import { findSystemProgram, type SystemProgram } from './system-program.ts';

/** A directory service that does not answer must not hold a runner up for ever. */
const answerLimitMs = 15_000;
/** What `getent` ends with when there is no such entry. */
const noSuchEntry = 2;

/**
 * The user of that name or number as the host knows it, files or directory service; `null` when there is none.
 * @param group the id of a group that becomes the first one, in the place of the user's own
 * @throws ProgramMissing, or Error when the host does not answer.
 */
export function findUser(nameOrId: string, group: number | null = null): RunUser | null {
  const entry = lookUp('passwd', nameOrId);
  if (entry === null) return null;
  const [name = '', , uid, usersGid, , home = '', shell = ''] = entry;
  const gid = group ?? Number(usersGid);
  const listed = ask('id', ['-G', '--', name]).stdout.trim().split(/\s+/).map(Number);
  const groups = [...new Set([gid, ...listed])].toSorted((one, other) => one - other);
  const ids = [Number(uid), ...groups];
  if (!ids.every((id) => Number.isInteger(id) && id >= 0)) {
    throw new Error(`the host's answers about "${name}" cannot be read: ${entry.join(':')}`);
  }
  return { name, uid: Number(uid), gid, groups, home, shell: shell === '' ? '/bin/sh' : shell };
}

/** The id of the group of that name or number, or `null`. @throws as `findUser` does. */
export function findGroup(nameOrId: string): number | null {
  const entry = lookUp('group', nameOrId);
  return entry === null ? null : Number(entry[2]);
}

function lookUp(database: 'passwd' | 'group', key: string): readonly string[] | null {
  const { status, stdout } = ask('getent', [database, key]);
  if (status === noSuchEntry) return null;
  const entry = stdout.trim().split(':');
  // `getent` takes 4294967296 for 0, which is root.
  const isOther = /^\d+$/.test(key) && entry[0] !== key && entry[2] !== key;
  return isOther ? null : entry;
}

function ask(program: SystemProgram, args: readonly string[]): { status: number; stdout: string } {
  const path = findSystemProgram(program);
  // Without an environment: the answer must not depend on who asks.
  const answer = spawnSync(path, args, { encoding: 'utf8', env: {}, cwd: '/', timeout: answerLimitMs });
  const { status, stdout, stderr, error } = answer;
  if (status === 0 || (program === 'getent' && status === noSuchEntry)) return { status, stdout };
  const found = error?.message ?? `exit status ${status}: ${stderr.trim()}`;
  throw new Error(`"${program} ${args.join(' ')}" failed: ${found}`, { cause: error });
}
