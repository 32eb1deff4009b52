import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';

/** What a process is started with. */
export interface StartOptions extends SpawnOptions {
  readonly args: readonly string[];
}

/** A process was not started, because no more files can be open. */
export class TooManyOpenFiles extends Error {
  override readonly name = 'TooManyOpenFiles';

  constructor(program: string) {
    super(`Cannot start "${program}": too many files are open, raise the limit with "ulimit -n 1024"`);
  }
}

/**
 * Starts a process. What the kernel refuses is told by its event `error`, as by Node.
 * @throws TooManyOpenFiles when no more files can be open: Node then gives a child without streams, whatever its types say.
 */
export function startProcess(program: string, { args, ...options }: StartOptions): ChildProcess {
  const child = spawn(program, args, options);
  if (hasStreams(child)) return child;
  // It is told here, and once.
  child.on('error', () => undefined);
  throw new TooManyOpenFiles(program);
}

function hasStreams(child: { readonly stdio?: unknown }): boolean {
  return child.stdio !== undefined;
}
