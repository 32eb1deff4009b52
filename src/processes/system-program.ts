import { accessSync, constants, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The programs of the system that the runner starts itself, and the packages of Debian and of Alpine that each is in. */
const packages = {
  getent: ['libc-bin', 'musl-utils'],
  id: ['coreutils', 'coreutils'],
  ionice: ['util-linux', 'util-linux-misc'],
  nice: ['coreutils', 'coreutils'],
  prlimit: ['util-linux', 'util-linux-misc'],
  setpriv: ['util-linux', 'setpriv'],
  taskset: ['util-linux', 'util-linux-misc'],
} as const;

/** A program of the system that the runner may start. */
export type SystemProgram = keyof typeof packages;

const systemFolders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'];

/** A program that an option of a chain needs is not on this machine. */
class ProgramMissing extends Error {
  override readonly name = 'ProgramMissing';

  constructor(program: SystemProgram) {
    const [debian, alpine] = packages[program];
    const which = program === 'setpriv' ? ' (that of BusyBox cannot change the user)' : '';
    super(
      `the program "${program}" is not in ${systemFolders.join(', ')}${which}; install it with "apt-get install ${debian}" or "apk add ${alpine}"`,
    );
  }
}

const found = new Map<SystemProgram, string>();

/**
 * The absolute path of a program, from the folders that belong to root alone: what is started as root is not looked
 * up in `PATH`.
 * @throws ProgramMissing
 */
export function findSystemProgram(program: SystemProgram): string {
  const known = found.get(program);
  if (known !== undefined) return known;
  const path = filesNamed(program, systemFolders).find(
    (file) => isExecutable(file) && isWhole(program, file),
  );
  if (path === undefined) throw new ProgramMissing(program);
  found.set(program, path);
  return path;
}

/** Why a program cannot be started, and what helps; `null` when it can. */
export function lackOfProgram(program: SystemProgram): string | null {
  try {
    findSystemProgram(program);
    return null;
  } catch (error) {
    if (error instanceof ProgramMissing) return error.message;
    throw error;
  }
}

/** The first file of that name in these folders that may be executed, or `null`. */
export function findExecutable(name: string, folders: readonly string[]): string | null {
  return filesNamed(name, folders).find(isExecutable) ?? null;
}

function filesNamed(name: string, folders: readonly string[]): readonly string[] {
  return folders.map((folder) => join(folder, name));
}

/** BusyBox has a program of that name as well, with none of the words that make another user of a process. */
function isWhole(program: SystemProgram, file: string): boolean {
  return program !== 'setpriv' || basename(realpathSync(file)) !== 'busybox';
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // It is not there, or not for us: the next folder may have it.
    return false;
  }
}
