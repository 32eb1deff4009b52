import type { RunUser } from '../core/identity.ts';
import { askProgram } from './ask-program.ts';
import { findSystemProgram, type SystemProgram } from './system-program.ts';

/** What `getent` ends with when there is no such entry. */
const noSuchEntry = 2;

/**
 * The user of that name or number as the host knows it, files or directory service; `null` when there is none.
 * Nothing else waits while a directory service takes its time; after 15 s it counts as silent.
 * @param group the id of a group that becomes the first one, in the place of the user's own
 * @throws ProgramMissing, or Error when the host does not answer or `signal` is aborted.
 */
export async function findUser(
  nameOrId: string,
  group: number | null,
  signal: AbortSignal | null,
): Promise<RunUser | null> {
  const entry = await lookUp('passwd', nameOrId, signal);
  if (entry === null) return null;
  const [name = '', , uid, usersGid, , home = '', shell = ''] = entry;
  const gid = group ?? Number(usersGid);
  const listed = (await ask('id', ['-G', '--', name], signal)).stdout.trim().split(/\s+/).map(Number);
  const groups = [...new Set([gid, ...listed])].toSorted((one, other) => one - other);
  const ids = [Number(uid), ...groups];
  if (!ids.every((id) => Number.isInteger(id) && id >= 0)) {
    throw new Error(`the host's answers about "${name}" cannot be read: ${entry.join(':')}`);
  }
  return { name, uid: Number(uid), gid, groups, home, shell: shell === '' ? '/bin/sh' : shell };
}

/** The id of the group of that name or number, or `null`. @throws as `findUser` does. */
export async function findGroup(nameOrId: string, signal: AbortSignal | null): Promise<number | null> {
  const entry = await lookUp('group', nameOrId, signal);
  return entry === null ? null : Number(entry[2]);
}

async function lookUp(
  database: 'passwd' | 'group',
  key: string,
  signal: AbortSignal | null,
): Promise<readonly string[] | null> {
  const { status, stdout } = await ask('getent', [database, key], signal);
  if (status === noSuchEntry) return null;
  const entry = stdout.trim().split(':');
  // `getent` takes 4294967296 for 0, which is root.
  const isOther = /^\d+$/.test(key) && entry[0] !== key && entry[2] !== key;
  return isOther ? null : entry;
}

async function ask(
  program: SystemProgram,
  args: readonly string[],
  signal: AbortSignal | null,
): Promise<{ readonly status: number; readonly stdout: string }> {
  const { status, stdout, problem } = await askProgram(findSystemProgram(program), args, signal);
  if (status === 0 || (program === 'getent' && status === noSuchEntry)) return { status, stdout };
  throw new Error(`"${program} ${args.join(' ')}" failed: ${problem}`);
}
