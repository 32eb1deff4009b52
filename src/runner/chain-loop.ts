import type { Here } from '../core/cooldown.ts';
import { decide, type Decision, type WaitReason } from '../core/decide.ts';
import type { ChainDefinition } from '../core/definition.ts';
import type { ChainEvent, ChainTold, LogPosition } from '../core/event.ts';
import type { ChainState, Facts, Passes, Run } from '../core/facts.ts';
import { initialFacts, newChainState } from '../core/initial.ts';
import { learn } from '../core/learn.ts';
import { add, toDurationMs, type DurationMs, type MonotonicMs } from '../core/units.ts';
import { StoreError, type ChainPorts, type Worker } from '../ports.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';

/** How long to wait before a state that could not be stored is stored again. */
const storeRetryMs: DurationMs = toDurationMs(1_000);

/** A chain that is being run. */
export interface RunningChain {
  /** Asks it to stop: once lets the run in progress end, for a while; twice ends it now. */
  stop(): void;
  /** Why it does nothing right now; `null` while it does something. */
  waitingFor(): WaitReason | null;
  readonly facts: () => Facts;
  /** Settles when the chain is finished; rejects on a bug or when the state cannot be read. */
  readonly finished: Promise<Passes>;
}

/** Begins a new term of a chain and runs it until it is stopped or has made its passes. */
export async function startChain(
  definition: ChainDefinition,
  ports: ChainPorts,
  options: { readonly passGoal: number | null },
): Promise<RunningChain> {
  const term = await ports.store.begin(definition.name);
  const facts = initialFacts({
    stored: term.state ?? newChainState,
    definition,
    here: here(ports),
    fence: term.fence,
    passGoal: options.passGoal,
  });
  const loop = new ChainLoop(definition, ports, facts);
  return {
    stop: () => loop.post({ kind: 'stop asked', at: ports.clock.now().monotonic }),
    waitingFor: () => loop.waiting,
    facts: () => loop.facts,
    finished: loop.run(),
  };
}

/**
 * Makes one chain happen: learn, decide, store, act, and again.
 *
 * What `decide` asks for is done only once all that was learned is stored ("write before you start"), and
 * after the store it is asked once more. Only ending a run does not wait for the store ("stop before you write").
 */
class ChainLoop {
  facts: Facts;
  waiting: WaitReason | null = null;
  readonly #definition: ChainDefinition;
  readonly #ports: ChainPorts;
  readonly #mailbox: Mailbox<ChainEvent> = createMailbox<ChainEvent>();
  #stored: ChainState | null = null;
  #untold: ChainTold[] = [];
  #log: LogPosition;
  #worker: Worker | null = null;
  #hasListened = false;

  constructor(definition: ChainDefinition, ports: ChainPorts, facts: Facts) {
    this.#definition = definition;
    this.#ports = ports;
    this.#log = ports.output.position();
    this.facts = facts;
    this.#watchOutput();
  }

  post(event: ChainEvent): void {
    this.#mailbox.post(event);
  }

  async run(): Promise<Passes> {
    try {
      for (;;) {
        for (const event of this.#mailbox.take()) this.#learn(event);
        const decision = decide(this.facts, this.#definition, this.#ports.clock.now().monotonic);
        if (this.#mustStoreBefore(decision)) await this.#store();
        else if (decision.kind === 'end run' && !this.#hasListened) await this.#listen();
        else if (decision.kind === 'finish') return this.facts.passes;
        else if (decision.kind === 'wait') await this.#wait(decision.until, decision.why);
        else await this.#act(decision);
      }
    } finally {
      this.#worker?.release();
      this.#ports.output.unwatch();
    }
  }

  #learn(event: ChainEvent): void {
    if (event.kind === 'worker lost') this.#worker = null;
    if (event.kind === 'run ended' || event.kind === 'worker locked')
      this.#log = this.#ports.output.position();
    const { facts, told } = learn(this.facts, event, this.#definition);
    // That a run was started is not stored: the intent, which is, says as much to the next runner.
    if (event.kind === 'run started' && this.#stored === this.facts.state) this.#stored = facts.state;
    this.facts = facts;
    this.#watchOutput();
    for (const one of told) {
      const chainTold = { chain: this.#definition.name, fence: facts.fence, told: one, log: this.#log };
      // What is told is stored first, but that nothing can be stored.
      if (one.kind === 'store failed') this.#ports.tell(chainTold);
      else this.#untold.push(chainTold);
    }
    if (this.#stored === facts.state) this.#tell();
  }

  #watchOutput(): void {
    if (this.facts.state.run === null) this.#ports.output.unwatch();
    else this.#ports.output.watch();
  }

  // A run that seems to take too long may have ended while this process was held up.
  async #listen(): Promise<void> {
    await this.#ports.clock.allHeard();
    this.#hasListened = true;
  }

  #mustStoreBefore(decision: Decision): boolean {
    if (this.#stored === this.facts.state) return false;
    if (this.facts.store.kind === 'fails') return decision.kind === 'store';
    return decision.kind !== 'end run' && decision.kind !== 'intend run';
  }

  async #store(): Promise<void> {
    const { state, fence } = this.facts;
    try {
      await this.#ports.store.save({
        chain: this.#definition.name,
        fence,
        state,
        told: this.#untold,
        runsKept: this.#definition.history.runsKept,
      });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const retryAt = add(this.#ports.clock.now().monotonic, storeRetryMs);
      this.#learn({ kind: 'store failed', reason: error.message, retryAt });
      return;
    }
    this.#stored = state;
    this.#tell();
    this.#learn({ kind: 'store worked' });
  }

  #tell(): void {
    const untold = this.#untold;
    this.#untold = [];
    for (const told of untold) this.#ports.tell(told);
  }

  async #wait(until: MonotonicMs | null, why: WaitReason): Promise<void> {
    this.waiting = why;
    this.#hasListened = false;
    const forget = until === null ? null : this.#ports.clock.wakeAt(until, () => this.#mailbox.wake());
    await this.#mailbox.arrival();
    forget?.();
    this.waiting = null;
  }

  #act(decision: Exclude<Decision, { kind: 'wait' | 'finish' }>): Promise<void> | undefined {
    const { clock, output, workers } = this.#ports;
    switch (decision.kind) {
      case 'store':
        return this.#store();
      case 'intend run':
        this.#log = output.position();
        if (output.mustRotate(this.#log, clock.now())) this.#rotate();
        this.#learn({ kind: 'run intended', at: clock.now(), boot: clock.boot });
        break;
      case 'start run':
        this.#startRun(decision.run);
        break;
      case 'withdraw run':
        this.#learn({ kind: 'run withdrawn', at: clock.now(), reason: decision.reason });
        break;
      case 'end run':
        this.#hasListened = false;
        workers.end(decision.run, decision.step);
        this.#learn({ ...decision, kind: 'ending step taken', at: clock.now().monotonic });
        break;
      case 'start worker':
        this.#learn({ kind: 'worker started', at: clock.now().monotonic });
        this.#worker = workers.start(this.facts.state.run, (event) => this.post(event));
        break;
    }
    return undefined;
  }

  // The worker has the log open, so it goes; the next run gets a new one.
  #rotate(): void {
    const { clock, output, random } = this.#ports;
    this.#worker?.release();
    const at = clock.now();
    const reason = 'its log was set aside';
    this.#learn({
      kind: 'worker lost',
      at,
      boot: clock.boot,
      chance: random.next(),
      reason,
      retryAt: at.monotonic,
    });
    output.rotate(at);
    this.#log = output.position();
  }

  #startRun(run: Run): void {
    const { worker } = this.facts;
    if (worker.kind !== 'ready' || this.#worker === null) throw new Error(`Run ${run.number} has no worker`);
    // The clock is read after the request: if this process is held up in between, the run does not pay for it.
    this.#worker.run(run);
    this.#learn({ kind: 'run started', at: this.#ports.clock.now(), worker: worker.identity });
  }
}

function here(ports: ChainPorts): Here {
  return { boot: ports.clock.boot, now: ports.clock.now() };
}
