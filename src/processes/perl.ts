import { spawn } from 'node:child_process';
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

/** How many locks one helper process tries: well below what a process may have open. */
const mostLocksAtOnce = 256;
/**
 * Prints a character for each of the descriptors from 3 on: 1 when it is locked now, 0 when somebody else has the lock
 * (EWOULDBLOCK, which is 11 on Linux and 35 on macOS), and x when the kernel or the file system has no lock to give.
 */
const lockScript =
  'for my $n (3 .. 2 + shift) { open my $f, "<&=", $n or exit 2; push @kept, $f; ' +
  'print flock($f, 2 | 4) ? 1 : $! == 11 || $! == 35 ? 0 : "x" }';
/**
 * Makes a function that tries once to lock an open file for this process. The lock belongs to the open file: it
 * stays after the helper process has ended, for as long as this process keeps the descriptor. What is asked in one
 * turn of the event loop is done by one helper. It rejects when nobody can tell who has the lock, or whether anybody has.
 */
export function createLocker(perl: string): (descriptor: number) => Promise<boolean> {
  let asked: Asked[] = [];
  return (descriptor) =>
    new Promise((resolve, reject) => {
      if (asked.length === 0) setImmediate(flush);
      asked.push({ descriptor, resolve, reject });
    });

  function flush(): void {
    const all = asked;
    asked = [];
    for (let from = 0; from < all.length; from += mostLocksAtOnce) {
      lockAll(perl, all.slice(from, from + mostLocksAtOnce));
    }
  }
}

interface Asked {
  readonly descriptor: number;
  readonly resolve: (isLocked: boolean) => void;
  readonly reject: (error: Error) => void;
}

function lockAll(perl: string, asked: readonly Asked[]): void {
  const descriptors = asked.map(({ descriptor }) => descriptor);
  const child = spawn(perl, ['-e', lockScript, String(asked.length)], {
    stdio: ['ignore', 'pipe', 'ignore', ...descriptors],
    env: {},
  });
  let printed = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.on('error', (error) => failed(error));
  child.on('close', (status) => {
    if (printed.length !== asked.length) failed(new Error(`"${perl}" ended with status ${status}`));
    else for (const [index, one] of asked.entries()) answer(one, printed[index]);
  });

  function failed(error: Error): void {
    for (const { reject } of asked) reject(error);
  }
}

function answer({ resolve, reject }: Asked, printed: string | undefined): void {
  if (printed === 'x') reject(new Error('its file system gives no lock'));
  else resolve(printed === '1');
}
