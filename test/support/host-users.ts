import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A user that a test has made, and that goes with it. */
export interface HostUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Why tests that need other users do not run here, or `false` where they do. */
export const skipUnlessRoot: string | false =
  process.geteuid?.() === 0 ? false : 'only root can make users and become them; run the tests as root';

/** Makes a group of a name that nobody has; gives its name and its number. */
export function makeGroup(): { readonly name: string; readonly gid: number } {
  const name = `rt-g${process.pid}-${randomInt(100_000)}`;
  must('groupadd', ['--system', name]);
  return { name, gid: Number(must('getent', ['group', name]).split(':')[2]) };
}

/** Makes a user with a group of its own, in these groups besides, with the shell /bin/sh. */
export function makeUser(home: string, groups: readonly string[] = []): HostUser {
  const name = `rt-u${process.pid}-${randomInt(100_000)}`;
  const besides = groups.length === 0 ? [] : ['--groups', groups.join(',')];
  must('useradd', [
    '--system',
    '--no-create-home',
    '--home-dir',
    home,
    '--shell',
    '/bin/sh',
    ...besides,
    name,
  ]);
  const [, , uid, gid] = must('getent', ['passwd', name]).split(':');
  return { name, uid: Number(uid), gid: Number(gid) };
}

/** Lets every user run this Node: one below a home folder that is closed to others is copied into `folder`. */
export function openNode(folder: string): void {
  if (isOpen(process.execPath)) return;
  const copy = join(folder, `node-${process.version}`);
  if (!existsSync(copy)) copyFileSync(process.execPath, copy);
  chmodSync(copy, 0o755);
  process.execPath = copy;
}

/** Whether all users may run this file, and enter all folders above it. */
function isOpen(path: string): boolean {
  const mayEnter = (statSync(path).mode & 0o001) !== 0;
  return mayEnter && (path === dirname(path) || isOpen(dirname(path)));
}

/** Removes a user and its own group, also while processes of it live. */
export function removeUser({ name }: HostUser): void {
  must('userdel', ['--force', name]);
}

/** Removes a group. */
export function removeGroup(name: string): void {
  must('groupdel', [name]);
}

function must(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Error(`"${program} ${args.join(' ')}" ended with ${status}: ${stderr}`);
}
