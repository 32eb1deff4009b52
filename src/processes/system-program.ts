import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** The programs of the system that the runner starts itself, and the Debian package that each is in. */
const debianPackages = {
  getent: 'libc-bin',
  id: 'coreutils',
  ionice: 'util-linux',
  nice: 'coreutils',
  prlimit: 'util-linux',
  setpriv: 'util-linux',
  taskset: 'util-linux',
} as const;

/** A program of the system that the runner may start. */
export type SystemProgram = keyof typeof debianPackages;

const systemFolders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'];

/** A program that an option of a chain needs is not on this machine. */
class ProgramMissing extends Error {
  override readonly name = 'ProgramMissing';

  constructor(program: SystemProgram) {
    super(
      `the program "${program}" is not in ${systemFolders.join(', ')}; it is in the Debian package "${debianPackages[program]}", install it with "apt-get install ${debianPackages[program]}"`,
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
  const path = findExecutable(program, systemFolders);
  if (path === null) throw new ProgramMissing(program);
  found.set(program, path);
  return path;
}

/** The first file of that name in these folders that may be executed, or `null`. */
export function findExecutable(name: string, folders: readonly string[]): string | null {
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
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
