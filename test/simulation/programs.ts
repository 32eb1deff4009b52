import type { Loaded, Upgraded } from '../../src/control-port.ts';
import type { ChainDefinition } from '../../src/core/definition.ts';
import { StoreError, type OpenChain, type Opening, type Tell } from '../../src/ports.ts';
import { startChain, type RunningChain } from '../../src/runner/chain-loop.ts';
import { ProjectRunner, type Predecessor } from '../../src/runner/project-runner.ts';
import { ChainAccess, clockOf, type HostParts } from './chain-ports.ts';
import { holderOf, type KernelLock } from './places.ts';
import { Crashed, type Program, type RunnerProcess } from './process.ts';

/** What runners share on their host. */
interface SharedPlaces {
  /** The place of the one runner that is up. */
  readonly seat: KernelLock<RunnerProcess>;
  /** The right to run the chain. */
  readonly chain: KernelLock<RunnerProcess>;
}

/** What a program is made of. */
export interface ProgramParts extends HostParts {
  readonly places: SharedPlaces;
  /** How the one that opened the chain last sees the world. */
  readonly opened: (process: RunnerProcess, access: ChainAccess) => void;
  /** Makes of the ports of a chain what they are not meant to be: for a test of the simulation itself. */
  readonly sabotage: (access: ChainAccess) => ChainAccess['ports'];
  /** What the configuration says now, after a time that its loading takes. */
  readonly load: (answer: (loaded: Loaded) => void) => void;
  readonly startSuccessor: (old: RunnerProcess, answer: (upgraded: Upgraded) => void) => void;
}

const version = { pid: 1, version: '1', host: 'host', directory: '/srv', since: 0, memoryBytes: 0 };

/** Runs `runner up` in a process that has its seat already, or takes it when the runner before leaves it. */
export class UpProgram implements Program {
  readonly project: ProjectRunner;
  predecessor: Predecessor | null = null;
  readonly #process: RunnerProcess;
  readonly #chain: string;

  constructor(process: RunnerProcess, parts: ProgramParts, chain: string) {
    this.#process = process;
    this.#chain = chain;
    const { places } = parts;
    const { memoryBytes, ...figures } = version;
    const clock = clockOf(process, parts);
    this.project = new ProjectRunner({
      clock,
      open: openingOf(process, parts),
      tell: () => undefined,
      figures: () => ({ ...figures, memoryBytes, since: parts.clock.now().wall }),
      load: () =>
        process.do(
          'load',
          () => new Promise((resolve) => parts.load((loaded) => process.timer(() => resolve(loaded)))),
        ),
      tellBy: () => process.do('tellBy', () => undefined),
      seat: {
        take: async () => process.do('seat.take', () => places.seat.take(process)),
        leave: () => process.do('seat.leave', () => places.seat.release(process)),
        watchAt: async () => null,
      },
      startSuccessor: () =>
        process.do(
          'startSuccessor',
          () =>
            new Promise((resolve) =>
              parts.startSuccessor(process, (upgraded) => process.timer(() => resolve(upgraded))),
            ),
        ),
      predecessor: () => this.predecessor,
      note: () => process.do('note', () => undefined),
    });
  }

  /** Begins to keep the chains of a configuration. */
  begin(definitions: readonly ChainDefinition[], witness: HostParts['witness']): void {
    const process = this.#process;
    this.project.finished.then(
      () => process.die('finished'),
      (error: unknown) => failed(process, witness, error),
    );
    attempt(process, witness, () => this.project.begin({ definitions, channels: [], metrics: null }));
  }

  chain(): RunningChain | null {
    return this.project.runningChain(this.#chain);
  }

  end(how: 'drain' | 'stop' | 'stop now'): void {
    this.project.end(how, 'ada');
  }
}

/** How a chain is run in the foreground. */
export interface ForegroundWishes {
  readonly definition: ChainDefinition;
  readonly passGoal: number | null;
  /** Asks the runner that has the chain for it; `null` to leave it to that one. */
  readonly takeover: (() => void) | null;
}

/** `runner run` tries so often to take a chain that it has asked for, and so many times. */
const tryAgainMs = 50;
const mostTries = 400;

/** Runs `runner run`: one chain, in the foreground. */
export class ForegroundProgram implements Program {
  readonly project = null;
  readonly #process: RunnerProcess;
  readonly #parts: ProgramParts;
  readonly #wishes: ForegroundWishes;
  #running: RunningChain | null = null;

  constructor(process: RunnerProcess, parts: ProgramParts, wishes: ForegroundWishes) {
    this.#process = process;
    this.#parts = parts;
    this.#wishes = wishes;
  }

  begin(): void {
    const process = this.#process;
    this.#run().then(
      (how) => process.die(how),
      (error: unknown) => failed(process, this.#parts.witness, error),
    );
  }

  chain(): RunningChain | null {
    return this.#running;
  }

  end(how: 'drain' | 'stop' | 'stop now'): void {
    const chain = this.#running;
    if (chain === null) this.#process.die('was stopped before it had the chain');
    else if (how === 'drain') void chain.ask({ kind: 'drain asked' });
    else {
      const at = this.#parts.clock.now().monotonic;
      void chain.ask({ kind: 'stop asked', at, isNow: how === 'stop now' });
    }
  }

  async #run(): Promise<string> {
    const { definition, passGoal } = this.#wishes;
    const opening = await this.#open();
    if (opening.kind !== 'opened') return `ends: ${opening.kind}`;
    const { witness } = this.#parts;
    this.#running = await startChain(definition, opening.chain.ports, { passGoal, holds: 'both end' });
    witness.wishes.heldNoMore();
    this.#parts.coverage.count('term begun, holds', 'both end');
    await this.#running.finished;
    opening.chain.close();
    return 'finished';
  }

  async #open(): Promise<Opening> {
    const { definition, takeover } = this.#wishes;
    const open = openingOf(this.#process, this.#parts);
    let opening = await open(definition, () => undefined);
    if (opening.kind !== 'held elsewhere' || takeover === null) return opening;
    takeover();
    for (let tries = 0; opening.kind === 'held elsewhere' && tries < mostTries; tries += 1) {
      await new Promise<void>((resolve) => {
        this.#parts.schedule.after(tryAgainMs, () => this.#process.timer(resolve));
      });
      opening = await open(definition, () => undefined);
    }
    return opening;
  }
}

/** Runs what may throw because the process dies of it. */
export function attempt(process: RunnerProcess, witness: HostParts['witness'], work: () => void): void {
  try {
    work();
  } catch (error) {
    failed(process, witness, error);
  }
}

/** A program has failed: it dies of a store that cannot be read, and of nothing else but what kills it. */
export function failed(process: RunnerProcess, witness: HostParts['witness'], error: unknown): void {
  if (error instanceof Crashed || !process.isAlive) return;
  const text = error instanceof Error ? error.stack : String(error);
  witness.check(error instanceof StoreError, () => `the runner failed: ${text}`);
  process.die('failed');
}

function openingOf(process: RunnerProcess, parts: ProgramParts): OpenChain {
  const { schedule, random, disk, places, coverage } = parts;
  return async (definition: ChainDefinition, tell: Tell): Promise<Opening> => {
    process.do('open', () => undefined);
    await new Promise<void>((resolve) => {
      schedule.after(random.between(0, 20), () => process.timer(resolve));
    });
    const opening = process.do('open', (): Opening => {
      const reason = disk.openingTrouble();
      if (reason !== null) return { kind: 'cannot open', reason };
      if (!places.chain.take(process))
        return { kind: 'held elsewhere', holder: holderOf(places.chain.holder ?? process) };
      parts.witness.taken(definition);
      const access = new ChainAccess(process, parts, tell);
      parts.opened(process, access);
      const close = (): void => {
        process.do('close', () => {
          access.checkFinish();
          places.chain.release(process);
        });
      };
      return { kind: 'opened', chain: { ports: parts.sabotage(access), logFile: '/log', close } };
    });
    coverage.count('opening', opening.kind);
    return opening;
  };
}
