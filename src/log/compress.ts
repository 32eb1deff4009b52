import { spawn } from 'node:child_process';

/**
 * Compresses the file `$1`. At each step there is one whole copy of it under one of the two names; what a crash
 * leaves behind is done again. The time of the file stays, because the oldest goes first when room is needed. Two
 * runners may do it at once, while one takes over from the other: each writes a file of its own, and who is first
 * leaves nothing that the other could go on with.
 */
const script = `
  [ -f "$1" ] || exit 0
  own="$1.$$.gz.tmp"
  gzip -c < "$1" > "$own" && touch -c -r "$1" "$own" && sync "$own" && [ -f "$1" ] &&
    mv -f "$own" "$1.gz" && rm -f "$1" "$1".*.gz.tmp || rm -f "$own"`;

/** Compresses files one at a time, each in a process of its own that leaves the processor to everybody else. */
export interface Compressor {
  /** Compresses the file some time; does nothing when that is asked already, or the file goes away before. */
  add(path: string): void;
}

/** Without the program gzip, the files stay as they are. */
export function createCompressor(): Compressor {
  const waiting = new Set<string>();
  let isBusy = false;

  function next(): void {
    const [path] = waiting;
    isBusy = path !== undefined;
    if (path === undefined) return;
    waiting.delete(path);
    // In a session of its own, so that Ctrl-C does not end it. It goes on when the runner ends.
    const options = { stdio: 'ignore', detached: true } as const;
    const child = spawn('nice', ['-n', '19', '/bin/sh', '-c', `umask 077; ${script}`, 'sh', path], options);
    child.unref();
    child.on('error', next);
    child.on('exit', next);
  }

  return {
    add(path) {
      waiting.add(path);
      if (!isBusy) next();
    },
  };
}
