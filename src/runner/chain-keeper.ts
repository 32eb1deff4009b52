import type { Asked, ControlRequest } from '../control-port.ts';
import type { ChainDefinition } from '../core/definition.ts';
import type { ChainRequest } from '../core/event.ts';
import type { Facts } from '../core/facts.ts';
import type { Holds } from '../core/initial.ts';
import { bareStatus, statusOf, type ChainStatus } from '../core/status.ts';
import { add, toDurationMs, type DurationMs } from '../core/units.ts';
import {
  StoreError,
  type Clock,
  type OpenChain,
  type OpenedChain,
  type RunnerHolder,
  type Tell,
} from '../ports.ts';
import { startChain, type RunningChain } from './chain-loop.ts';
import { chainRequestOf } from './chain-request.ts';

/** How soon a chain that another process has, or that could not begin, is tried again. */
const retryMs: DurationMs = toDurationMs(1_000);
/** How long a chain that was let go for another process is left to it before it is tried again. */
const courtesyMs: DurationMs = toDurationMs(5_000);

/** How long whoever asks something waits for it to be stored. */
const storeLimitMs: DurationMs = toDurationMs(2_000);

/** What a keeper needs from the world. */
export interface KeeperParts {
  readonly clock: Clock;
  readonly open: OpenChain;
  readonly tell: Tell;
}

/** What a keeper does with its chain right now. */
type Keeping =
  | { readonly kind: 'taking' }
  | { readonly kind: 'held elsewhere'; readonly holder: RunnerHolder }
  | { readonly kind: 'cannot begin'; readonly reason: string }
  | { readonly kind: 'running'; readonly chain: RunningChain; readonly opened: OpenedChain }
  /** Somebody stopped it; these are the facts it ended with. */
  | { readonly kind: 'stopped'; readonly facts: Facts }
  | { readonly kind: 'let go' };

/** What came of the wish to take it. */
type Kept = Exclude<Keeping, { kind: 'taking' }>;

/**
 * Keeps one chain of a runner that is up: takes it, runs it term by term, and leaves it alone where somebody
 * stopped it or another process has it.
 *
 *   taking ──▶ running ──▶ stopped ──(start)──▶ taking
 *     │ ▲         │
 *     ▼ │         └──(let go)──▶ let go ──(keep on)──▶ taking
 *   held elsewhere, cannot begin
 */
export class ChainKeeper {
  readonly #parts: KeeperParts;
  #definition: ChainDefinition;
  #keeping: Keeping = { kind: 'taking' };
  #wish: 'keep' | 'drain' | 'stop' | 'stop now' = 'keep';
  #holds: Holds = 'kept';
  /** The process for which the chain is let go for a while, or `null`. */
  #givenTo: number | null = null;
  #nudge: (() => void) | null = null;
  /** Called when it is known what became of the wish to take the chain. */
  #takers: ((taken: Kept) => void)[] = [];
  #work: Promise<void> | null = null;
  /** Settles once the last stop that somebody asked for has its answer. */
  #stopping: Promise<unknown> = Promise.resolve();

  constructor(definition: ChainDefinition, parts: KeeperParts) {
    this.#definition = definition;
    this.#parts = parts;
  }

  /** Begins to keep it, or goes on after it was let go. Resolves when it is let go; rejects on a bug. */
  keep(): Promise<void> {
    this.#wish = 'keep';
    this.#work ??= this.#keep().finally(() => {
      this.#work = null;
      this.#tellTakers();
    });
    return this.#work;
  }

  /** Resolves when it is let go. */
  letGo(): Promise<void> {
    return this.#work ?? Promise.resolve();
  }

  /** Lets go of it after the run in progress, however long that takes. */
  drain(): void {
    if (this.#wish === 'keep') this.#wish = 'drain';
    this.#request({ kind: 'drain asked' });
  }

  /** Lets go of it; the run in progress may go on for a while, or, now, not. */
  stop(isNow: boolean): void {
    this.#wish = isNow ? 'stop now' : 'stop';
    this.#request(this.#stopRequest(isNow));
  }

  /** Whether it is kept, and not about to be let go. */
  isKept(): boolean {
    return this.#wish === 'keep';
  }

  /** Tries at once to take a chain that another process may have let go. */
  tryNow(): void {
    if (this.#keeping.kind === 'held elsewhere' || this.#keeping.kind === 'cannot begin') this.#wake();
  }

  /** Goes on by another definition, after the run in progress. */
  change(definition: ChainDefinition): void {
    this.#definition = definition;
    if (this.#keeping.kind === 'running') this.#keeping.chain.change(definition);
  }

  /** Goes on as it is, with another name for the version of its code: nothing but what is told changes by it. */
  nameCode(codeVersion: string | null): void {
    if (codeVersion === this.#definition.codeVersion) return;
    this.#definition = { ...this.#definition, codeVersion };
    if (this.#keeping.kind === 'running') this.#keeping.chain.nameCode(codeVersion);
  }

  get definition(): ChainDefinition {
    return this.#definition;
  }

  /** The chain as it runs right now, for who looks closer than at its status; `null` while it does not. */
  running(): RunningChain | null {
    return this.#keeping.kind === 'running' ? this.#keeping.chain : null;
  }

  /** What the chain does, and why; looks for processes that are in the way only where there are some. */
  status(): ChainStatus {
    const keeping = this.#keeping;
    const now = this.#parts.clock.now();
    switch (keeping.kind) {
      case 'taking':
        return bareStatus(this.#definition, 'waiting');
      case 'held elsewhere':
        return { ...bareStatus(this.#definition, 'held elsewhere'), heldBy: holderStatus(keeping.holder) };
      case 'cannot begin':
        return { ...bareStatus(this.#definition, 'cannot begin'), reason: keeping.reason };
      case 'stopped':
        return { ...statusOf(keeping.facts, this.#definition, now), state: 'stopped' };
      case 'let go':
        return bareStatus(this.#definition, 'let go');
      case 'running':
        return runningStatus(keeping, now);
    }
  }

  /** Asks something of the chain; resolves once it is stored. */
  ask(request: ControlRequest): Promise<Asked> {
    if (request.kind === 'start') return this.#start();
    const answer = this.#ask(request);
    if (request.kind === 'stop') this.#stopping = answer;
    return answer;
  }

  async #ask(request: Exclude<ControlRequest, { kind: 'start' }>): Promise<Asked> {
    const { clock } = this.#parts;
    // A pause for an hour is one from now on, whenever the chain is taken.
    const now = clock.now();
    const keeping = await this.#whenTaken();
    if (keeping.kind === 'stopped' && request.kind === 'stop') return this.#stopAgain(request);
    if (keeping.kind !== 'running') return { kind: 'refused', reason: this.#whyNot(keeping) };
    if (request.kind === 'release') this.#givenTo = request.pid;
    const facts = keeping.chain.facts();
    const asked = chainRequestOf(request, facts, { boot: clock.boot, now });
    if (asked === null) {
      const reason = `Chain "${this.#definition.name}" has no run in progress, and nothing that a run left behind`;
      return { kind: 'refused', reason };
    }
    return this.#whenStored(keeping.chain, keeping.chain.ask(asked));
  }

  // Whoever asks is not kept waiting for a disk that is full.
  async #whenStored(chain: RunningChain, stored: Promise<boolean>): Promise<Asked> {
    const { clock } = this.#parts;
    let forget = (): void => undefined;
    const late = new Promise<'late'>((resolve) => {
      forget = clock.wakeAt(add(clock.now().monotonic, storeLimitMs), () => resolve('late'));
    });
    const first = await Promise.race([stored, late]);
    forget();
    const { store } = chain.facts();
    if (first === 'late' && store.kind === 'fails') {
      const heard = `Chain "${this.#definition.name}" has heard it, and cannot store it: ${store.reason}`;
      return { kind: 'refused', reason: `${heard}; it is forgotten if the runner ends before it can` };
    }
    if (await stored) return { kind: 'done', status: this.status() };
    return { kind: 'refused', reason: `Chain "${this.#definition.name}" ended before it could store that` };
  }

  async #keep(): Promise<void> {
    while (this.isKept()) {
      // People go on to be told why it could not be taken, while it is tried again.
      const { kind } = this.#keeping;
      if (kind !== 'held elsewhere' && kind !== 'cannot begin') this.#keeping = { kind: 'taking' };
      const opening = await this.#parts.open(this.#definition, this.#parts.tell);
      if (opening.kind === 'opened') await this.#runTerm(opening.chain);
      else if (opening.kind === 'held elsewhere') this.#keeping = opening;
      else this.#keeping = { kind: 'cannot begin', reason: opening.reason };
      this.#tellTakers();
      if (this.isKept() && this.#keeping.kind !== 'taking') await this.#rest();
    }
    this.#keeping = { kind: 'let go' };
  }

  async #runTerm(opened: OpenedChain): Promise<void> {
    try {
      this.#keeping = { kind: 'taking' };
      if (this.#wish === 'drain') return;
      const holds = this.#holds;
      // Where it was stopped before it began, a run of a runner that died may have to be ended, and none begins.
      const passGoal = this.isKept() ? null : 0;
      const chain = await startChain(this.#definition, opened.ports, { passGoal, holds });
      this.#holds = 'kept';
      this.#keeping = { kind: 'running', chain, opened };
      this.#tellTakers();
      // It may have been let go, or been given another definition, while it began.
      this.#repeatWish(chain);
      if (chain.definition() !== this.#definition) chain.change(this.#definition);
      await chain.finished;
      this.#keeping = this.#afterTerm(chain.facts());
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#keeping = { kind: 'cannot begin', reason: error.message };
    } finally {
      opened.close();
    }
  }

  #afterTerm(facts: Facts): Keeping {
    if (facts.state.stopped !== null) return { kind: 'stopped', facts };
    if (this.#givenTo === null) return { kind: 'taking' };
    const holder = { pid: this.#givenTo, identity: null, command: 'which asked for it', since: null };
    return { kind: 'held elsewhere', holder };
  }

  // A chain that is stopped waits for somebody, any other for a while.
  async #rest(): Promise<void> {
    const { clock } = this.#parts;
    const restMs = this.#givenTo === null ? retryMs : courtesyMs;
    this.#givenTo = null;
    const woken = new Promise<void>((resolve) => (this.#nudge = resolve));
    const isPatient = this.#keeping.kind === 'stopped';
    const until = add(clock.now().monotonic, restMs);
    const forget = isPatient ? null : clock.wakeAt(until, () => this.#wake());
    await woken;
    forget?.();
  }

  #repeatWish(chain: RunningChain): void {
    if (this.#wish === 'drain') void chain.ask({ kind: 'drain asked' });
    if (this.#wish === 'stop' || this.#wish === 'stop now')
      void chain.ask(this.#stopRequest(this.#wish === 'stop now'));
  }

  #stopRequest(isNow: boolean): ChainRequest {
    return { kind: 'stop asked', at: this.#parts.clock.now().monotonic, isNow };
  }

  #wake(): void {
    this.#nudge?.();
    this.#nudge = null;
  }

  async #start(): Promise<Asked> {
    // It may have been asked just before, and not be known yet.
    const stopping = this.#stopping;
    await stopping;
    if (stopping !== this.#stopping) {
      const reason = `Chain "${this.#definition.name}" was asked to stop meanwhile: start it again if that was not meant`;
      return { kind: 'refused', reason };
    }
    const keeping = await this.#whenTaken();
    if (keeping.kind === 'running' && keeping.chain.facts().state.stopped !== null) {
      const reason = `Chain "${this.#definition.name}" is still stopping: start it again when its run has ended`;
      return { kind: 'refused', reason };
    }
    return keeping.kind === 'stopped' ? this.#startAgain() : { kind: 'done', status: this.status() };
  }

  async #startAgain(): Promise<Asked> {
    const keeping = await this.#takeAgain('stop ends');
    if (keeping.kind === 'running') return this.#whenStored(keeping.chain, keeping.chain.stored());
    return { kind: 'done', status: this.status() };
  }

  // Since it was stopped another process may have run it, or run it now: only who takes it knows.
  async #stopAgain(request: ControlRequest): Promise<Asked> {
    const keeping = await this.#takeAgain('kept');
    if (keeping.kind === 'running') {
      const isStopped = keeping.chain.facts().state.stopped !== null;
      return isStopped ? this.#whenStored(keeping.chain, keeping.chain.stored()) : this.ask(request);
    }
    if (keeping.kind === 'stopped') return { kind: 'done', status: this.status() };
    return { kind: 'refused', reason: this.#whyNot(keeping) };
  }

  #takeAgain(holds: Holds): Promise<Kept> {
    this.#holds = holds;
    this.#keeping = { kind: 'taking' };
    const taken = this.#whenTaken();
    this.#wake();
    return taken;
  }

  // While it is being taken nobody knows what to answer; between two terms it is taken again at once.
  async #whenTaken(): Promise<Kept> {
    const keeping = this.#keeping;
    if (keeping.kind !== 'taking') return keeping;
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  #tellTakers(): void {
    const keeping = this.#keeping;
    if (keeping.kind === 'taking') return;
    const takers = this.#takers;
    this.#takers = [];
    for (const taker of takers) taker(keeping);
  }

  #request(request: ChainRequest): void {
    if (this.#keeping.kind === 'running') void this.#keeping.chain.ask(request);
    else this.#wake();
  }

  #whyNot(keeping: Exclude<Kept, { kind: 'running' }>): string {
    const chain = `Chain "${this.#definition.name}"`;
    switch (keeping.kind) {
      case 'held elsewhere':
        return `${chain} is run by another process, ${keeping.holder.pid ?? 'which has just started'}, and not by this runner`;
      case 'cannot begin':
        return `${chain} cannot begin: ${keeping.reason}`;
      case 'stopped':
        return `${chain} is stopped: start it first with "runner start ${this.#definition.name}"`;
      case 'let go':
        return `${chain} is no longer run by this runner, which ends`;
    }
  }
}

function holderStatus({ pid, command }: RunnerHolder): ChainStatus['heldBy'] {
  return { pid, command, isGiving: false };
}

function runningStatus(
  { chain, opened }: Extract<Keeping, { kind: 'running' }>,
  now: Parameters<typeof statusOf>[2],
): ChainStatus {
  const facts = chain.facts();
  const status = statusOf(facts, chain.definition(), now);
  const { run, stopped } = facts.state;
  // Between two of its steps people are told of the one that it is at, or that nothing more will begin.
  if (status.state === 'waiting' && run?.stage.kind === 'running') return { ...status, state: 'running' };
  if (status.state === 'waiting' && run === null && stopped !== null) return { ...status, state: 'stopped' };
  const isInTheWay = status.state === 'left behind' || status.state === 'worker blocked';
  if (run === null || !isInTheWay) return status;
  return { ...status, inTheWay: opened.ports.workers.remains(run) };
}
