import { spawnSync } from 'node:child_process';
import { delimiter, isAbsolute } from 'node:path';
import { findExecutable } from './system-program.ts';

/** Perl is not on this machine, or does not run. */
class PerlMissing extends Error {
  override readonly name = 'PerlMissing';

  constructor() {
    super(
      'Cannot run chains: "perl" was not found on PATH, and the lock that keeps a chain from overlapping needs it; ' +
        'install it with "apt-get install perl-base", "dnf install perl-interpreter" or "apk add perl"',
    );
  }
}

/** The absolute path of perl. @throws PerlMissing */
export function findPerl(path: string): string {
  const folders = [
    '/usr/bin',
    '/usr/local/bin',
    ...path.split(delimiter).filter((folder) => isAbsolute(folder)),
  ];
  const found = findExecutable('perl', folders);
  if (found === null) throw new PerlMissing();
  return found;
}

/**
 * Tries once to lock the open file `descriptor` for this process. The lock belongs to the open file: it stays
 * after the helper process has ended, for as long as this process keeps the descriptor.
 */
export function tryLock(perl: string, descriptor: number): boolean {
  const script = 'open my $lock, "<&=", 3 or exit 2; exit(flock($lock, 2 | 4) ? 0 : 1)';
  const { status, error } = spawnSync(perl, ['-e', script], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
    env: {},
  });
  if (status === 0) return true;
  if (status === 1) return false;
  throw new Error(`Cannot lock: perl ended with status ${status}`, { cause: error });
}
