import type { RunnerHolder } from '../../src/ports.ts';

/** A process that can hold a lock. */
export interface LockHolder {
  readonly pid: number;
}

/** A lock of the kernel: one process has it, until it lets go or dies. */
export class KernelLock<Holder extends LockHolder> {
  #holder: Holder | null = null;

  get holder(): Holder | null {
    return this.#holder;
  }

  /** Whether it is this process that has it from now on, or had it already. */
  take(process: Holder): boolean {
    this.#holder ??= process;
    return this.#holder === process;
  }

  /** Does nothing if another process has it. */
  release(process: Holder): void {
    if (this.#holder === process) this.#holder = null;
  }
}

/** What is known of a process that has a chain. */
export function holderOf({ pid }: LockHolder): RunnerHolder {
  return { pid, identity: null, command: 'runner', since: null };
}
