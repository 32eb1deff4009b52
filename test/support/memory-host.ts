import type { ChainDefinition } from '../../src/core/definition.ts';
import type { ChainTold, LogPosition } from '../../src/core/event.ts';
import type { MonotonicMs } from '../../src/core/units.ts';
import type { Clock, OpenedChain, Output, RunnerHolder, Tell } from '../../src/ports.ts';
import { MemoryStore } from './memory-store.ts';
import { Schedule } from './schedule.ts';
import { ScriptedWorkers } from './scripted-workers.ts';
import { settled } from './settled.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A host in virtual time, on which chains are taken, and whose workers do what the test says. */
export class MemoryHost {
  readonly schedule: Schedule = new Schedule();
  readonly virtualClock: VirtualClock = new VirtualClock(this.schedule);
  readonly store: MemoryStore = new MemoryStore();
  readonly told: ChainTold[] = [];
  /** How many wishes to be woken are open. */
  timers = 0;
  readonly #chains = new Map<string, MemoryChain>();

  readonly clock: Clock = {
    boot: this.virtualClock.boot,
    now: () => this.virtualClock.now(),
    allHeard: () => this.virtualClock.allHeard(),
    wakeAt: (moment, wake) => this.#wakeAt(moment, wake),
  };

  readonly tell: Tell = (told) => void this.told.push(told);

  /** What is known of a chain, whether it is taken or not. */
  chain(name: string): MemoryChain {
    const known = this.#chains.get(name);
    if (known !== undefined) return known;
    const made = new MemoryChain(this.virtualClock);
    this.#chains.set(name, made);
    return made;
  }

  readonly open = async (definition: ChainDefinition, tell: Tell): Promise<Opening> => {
    const chain = this.chain(definition.name);
    chain.tries += 1;
    await chain.gate;
    if (chain.holder !== null) return { kind: 'held elsewhere', holder: chain.holder };
    if (chain.refusal !== null) return { kind: 'cannot open', reason: chain.refusal };
    chain.open += 1;
    const { clock, store } = this;
    const { workers, output } = chain;
    return {
      kind: 'opened',
      chain: {
        ports: { clock, store, workers, output, tell, random: { next: () => 0 } },
        logFile: `/logs/${definition.name}.log`,
        close: () => void (chain.open -= 1),
      },
    };
  };

  async advance(lengthMs: number): Promise<void> {
    await this.schedule.advance(lengthMs);
  }

  /** Makes the workers of a chain do something, and lets the runner answer. */
  async when(name: string, happen: (workers: ScriptedWorkers) => void): Promise<void> {
    happen(this.chain(name).workers);
    await settled();
  }

  #wakeAt(moment: MonotonicMs, wake: () => void): () => void {
    let isOpen = true;
    this.timers += 1;
    const done = (): boolean => {
      const was = isOpen;
      isOpen = false;
      if (was) this.timers -= 1;
      return was;
    };
    const forget = this.virtualClock.wakeAt(moment, () => {
      if (done()) wake();
    });
    return () => {
      if (done()) forget();
    };
  }
}

type Opening =
  | { readonly kind: 'opened'; readonly chain: OpenedChain }
  | { readonly kind: 'held elsewhere'; readonly holder: RunnerHolder }
  | { readonly kind: 'cannot open'; readonly reason: string };

/** One chain of a memory host. */
class MemoryChain {
  readonly workers: ScriptedWorkers;
  readonly output: Output = new EmptyLog();
  /** The other process that has the chain. */
  holder: RunnerHolder | null = null;
  /** Why its files cannot be opened. */
  refusal: string | null = null;
  /** The opening waits for it. */
  gate: Promise<void> = Promise.resolve();
  /** How often it was tried to open it, and how often it is open right now. */
  tries = 0;
  open = 0;

  constructor(clock: VirtualClock) {
    this.workers = new ScriptedWorkers(clock);
  }

  /** How many runs were handed to a worker. */
  get started(): number {
    return this.workers.runs.length;
  }
}

class EmptyLog implements Output {
  position(): LogPosition {
    return { generation: 1, offset: 0 };
  }

  tail(): string {
    return '';
  }

  mustRotate(): boolean {
    return false;
  }

  // There is nothing to set aside, to limit or to watch.
  rotate(): void {}
  limit(): void {}
  watch(): void {}
  unwatch(): void {}
}

/** Another process that has a chain. */
export function holderNamed(pid: number, command = 'runner run mail'): RunnerHolder {
  return { pid, identity: null, command, since: null };
}

/** A promise that the test resolves. */
export function gate(): { readonly closed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const closed = new Promise<void>((resolve) => (open = resolve));
  return { closed, open };
}
