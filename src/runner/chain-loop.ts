import type { Here, Moment } from '../core/cooldown.ts';
import { decide, type Decision, type WaitReason } from '../core/decide.ts';
import type { ChainDefinition } from '../core/definition.ts';
import type { ChainEvent, ChainRequest, ChainTold, LogPosition } from '../core/event.ts';
import type { ChainState, Facts, Passes, Run } from '../core/facts.ts';
import { initialFacts, newChainState, type Holds } from '../core/initial.ts';
import { learn } from '../core/learn.ts';
import { add, durationBetween, toDurationMs, type DurationMs, type MonotonicMs } from '../core/units.ts';
import { StoreError, type ChainPorts, type Worker } from '../ports.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';

/** Before a wait of this length or more, what was learned may be stored a little later. */
const longWaitMs: DurationMs = toDurationMs(10_000);
/** How long to wait before a state that could not be stored is stored again. */
const storeRetryMs: DurationMs = toDurationMs(1_000);

/** A chain that is being run. */
export interface RunningChain {
  /** Asks something of it; resolves once that is stored, to `false` when the chain finishes before it is. */
  ask(request: ChainRequest): Promise<boolean>;
  /** Resolves once all that is known by now is stored, to `false` when the chain finishes before it is. */
  stored(): Promise<boolean>;
  /** Goes on by another definition, after the run in progress. */
  change(definition: ChainDefinition): void;
  /** Tells of failures with another version of its code. */
  nameCode(codeVersion: string | null): void;
  /** Why it does nothing right now; `null` while it does something. */
  waitingFor(): WaitReason | null;
  readonly facts: () => Facts;
  /** The definition in force: after a change, the old one until the run in progress has ended. */
  readonly definition: () => ChainDefinition;
  /** Settles when the chain is finished; rejects on a bug or when the state cannot be read. */
  readonly finished: Promise<Passes>;
}

/** How a chain is taken up. */
export interface ChainStart {
  /** After how many passes it is finished, or `null` for never. */
  readonly passGoal: number | null;
  /** What becomes of a pause or a stop of an earlier term. */
  readonly holds: Holds;
}

/** Begins a new term of a chain and runs it until it is stopped or has made its passes. */
export async function startChain(
  definition: ChainDefinition,
  ports: ChainPorts,
  options: ChainStart,
): Promise<RunningChain> {
  const term = await ports.store.begin(definition.name);
  const facts = initialFacts({
    stored: term.state ?? newChainState,
    definition,
    here: here(ports),
    fence: term.fence,
    passGoal: options.passGoal,
    holds: options.holds,
  });
  const loop = new ChainLoop(definition, ports, facts);
  return {
    ask: (request) => loop.ask(request),
    stored: () => loop.stored(),
    change: (changed) => loop.change(changed),
    nameCode: (codeVersion) => loop.nameCode(codeVersion),
    waitingFor: () => loop.waiting,
    facts: () => loop.facts,
    definition: () => loop.definition,
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
  definition: ChainDefinition;
  waiting: WaitReason | null = null;
  readonly #ports: ChainPorts;
  readonly #mailbox: Mailbox<Posted> = createMailbox<Posted>();
  #changed: ChainDefinition | null = null;
  #stored: ChainState | null = null;
  #untold: ChainTold[] = [];
  #answers: Answer[] = [];
  #log: LogPosition;
  /** Nothing has been waited for since that was looked at. */
  #isLogFresh = false;
  #worker: Worker | null = null;
  /** Names the worker whose events count: those of one that was let go may still be in the mailbox. */
  #workerMark: symbol | null = null;
  #isFinished = false;

  constructor(definition: ChainDefinition, ports: ChainPorts, facts: Facts) {
    this.definition = definition;
    this.#ports = ports;
    this.#log = ports.output.position();
    this.facts = facts;
    this.#watchOutput();
  }

  ask(request: ChainRequest): Promise<boolean> {
    if (this.#isFinished) return Promise.resolve(false);
    return new Promise((answer) =>
      this.#mailbox.post({ event: { kind: 'asked', request }, from: null, answer }),
    );
  }

  stored(): Promise<boolean> {
    const isStored = this.#stored === this.facts.state;
    if (this.#isFinished || isStored) return Promise.resolve(isStored);
    return new Promise((answer) => this.#answers.push(answer));
  }

  change(definition: ChainDefinition): void {
    this.#changed = definition;
    this.#mailbox.wake();
  }

  nameCode(codeVersion: string | null): void {
    this.definition = { ...this.definition, codeVersion };
    if (this.#changed !== null) this.#changed = { ...this.#changed, codeVersion };
  }

  async run(): Promise<Passes> {
    try {
      let hasListened = false;
      for (;;) {
        for (const posted of this.#mailbox.take()) this.#take(posted);
        this.#adoptChange();
        const decision = decide(this.facts, this.definition, this.#ports.clock.now().monotonic);
        const mustListen: boolean = decision.kind === 'end run' && !hasListened;
        hasListened = mustListen;
        if (this.#mustStoreBefore(decision)) await this.#store({ mayWait: this.#isLongWait(decision) });
        // A run that seems to take too long may have ended while this process was held up.
        else if (mustListen) await this.#ports.clock.allHeard();
        else if (decision.kind === 'finish') return this.facts.passes;
        else if (decision.kind === 'wait') await this.#wait(decision.until, decision.why);
        else await this.#act(decision);
      }
    } finally {
      this.#isFinished = true;
      this.#worker?.release();
      this.#ports.output.unwatch();
      // On a full disk a chain that is stopped at once ends without being stored.
      this.#answer(this.#stored === this.facts.state);
      for (const { answer } of this.#mailbox.take()) answer?.(false);
    }
  }

  #take({ event, from, answer }: Posted): void {
    if (from === null || from === this.#workerMark) this.#learn(event);
    if (answer === null) return;
    this.#answers.push(answer);
    if (this.#stored === this.facts.state) this.#answer(true);
  }

  #answer(isStored: boolean): void {
    const answers = this.#answers;
    this.#answers = [];
    for (const answer of answers) answer(isStored);
  }

  // A run goes on to its end as it began; what it left behind is dealt with by the new definition.
  #adoptChange(): void {
    const changed = this.#changed;
    const stage = this.facts.state.run?.stage.kind ?? null;
    if (changed === null || (stage !== null && stage !== 'left behind')) return;
    this.#changed = null;
    this.definition = changed;
    this.#ports.output.limit(changed.log);
    this.#learn({ kind: 'definition changed', ...this.#here() });
  }

  #learn(event: ChainEvent): void {
    if (mayTellOfFailure(event)) this.#readOutput();
    if (event.kind === 'worker lost') this.#forgetWorker();
    if (event.kind === 'run ended' || event.kind === 'worker locked') this.#lookAtLog();
    const { facts, told } = learn(this.facts, event, this.definition);
    // That a run was started is not stored: the intent, which is, says as much to the next runner.
    if (event.kind === 'run started' && this.#stored === this.facts.state) this.#stored = facts.state;
    this.facts = facts;
    this.#watchOutput();
    for (const one of told) {
      const chainTold = { chain: this.definition.name, fence: facts.fence, told: one, log: this.#log };
      // What is told is stored first, but that nothing can be stored.
      if (one.kind === 'store failed') this.#ports.tell(chainTold);
      else this.#untold.push(chainTold);
    }
    if (this.#stored === facts.state) this.#tell();
  }

  // Only what it printed tells one failure of a command from another.
  #readOutput(): void {
    const from = this.facts.state.run?.log ?? null;
    if (from === null) return;
    const text = this.#ports.output.tail(from);
    this.facts = learn(this.facts, { kind: 'output read', text }, this.definition).facts;
  }

  #lookAtLog(): void {
    this.#log = this.#ports.output.position();
    this.#isLogFresh = true;
  }

  #here(): { readonly at: Moment; readonly boot: string } {
    const { clock } = this.#ports;
    return { at: clock.now(), boot: clock.boot };
  }

  #watchOutput(): void {
    if (this.facts.state.run === null) this.#ports.output.unwatch();
    else this.#ports.output.watch();
  }

  #mustStoreBefore(decision: Decision): boolean {
    if (this.#stored === this.facts.state) return false;
    if (this.facts.store.kind === 'fails') return decision.kind === 'store';
    return decision.kind !== 'end run' && decision.kind !== 'intend run';
  }

  // Who asked for something waits for an answer.
  #isLongWait(decision: Decision): boolean {
    if (decision.kind !== 'wait' || decision.until === null || this.#answers.length > 0) return false;
    return durationBetween(this.#ports.clock.now().monotonic, decision.until) >= longWaitMs;
  }

  async #store({ mayWait }: { readonly mayWait: boolean }): Promise<void> {
    const { state, fence } = this.facts;
    this.#isLogFresh = false;
    try {
      await this.#ports.store.save({
        chain: this.definition.name,
        fence,
        state,
        told: this.#untold,
        history: this.definition.history,
        mayWait,
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
    this.#answer(true);
  }

  #tell(): void {
    const untold = this.#untold;
    this.#untold = [];
    for (const told of untold) this.#ports.tell(told);
  }

  async #wait(until: MonotonicMs | null, why: WaitReason): Promise<void> {
    this.waiting = why;
    this.#isLogFresh = false;
    const forget = until === null ? null : this.#ports.clock.wakeAt(until, () => this.#mailbox.wake());
    await this.#mailbox.arrival();
    forget?.();
    this.waiting = null;
  }

  #act(decision: Exclude<Decision, { kind: 'wait' | 'finish' }>): Promise<void> | undefined {
    const { clock, output } = this.#ports;
    switch (decision.kind) {
      case 'store':
        return this.#store({ mayWait: false });
      case 'intend run':
        if (!this.#isLogFresh) this.#lookAtLog();
        if (output.mustRotate(this.#log, clock.now())) this.#rotate();
        this.#learn({ kind: 'run intended', ...this.#here(), log: this.#log });
        break;
      case 'start run':
        this.#startRun(decision.run);
        break;
      case 'withdraw run':
        this.#learn({ kind: 'run withdrawn', at: clock.now(), reason: decision.reason });
        break;
      case 'end run':
        this.#endRun(decision);
        break;
      case 'start worker':
        this.#learn({ kind: 'worker started', at: clock.now().monotonic });
        this.#startWorker();
        break;
      case 'release worker':
        this.#releaseWorker(decision.reason);
        break;
      case 'give notice':
        this.#learn({ kind: 'notice due', ...this.#here() });
        break;
      case 'skip run':
        this.#learn({ kind: 'run skipped', ...this.#here() });
        break;
    }
    return undefined;
  }

  // The clock is read first: what ends of the step has ended after it, however long this process is held up.
  #endRun(decision: DecisionOf<'end run'>): void {
    const at = this.#ports.clock.now().monotonic;
    this.#ports.workers.end(decision.run, decision.step, this.definition);
    this.#learn({ ...decision, kind: 'ending step taken', at });
  }

  #startWorker(): void {
    const from = Symbol('worker');
    this.#workerMark = from;
    const post = (event: ChainEvent): void => this.#mailbox.post({ event, from, answer: null });
    this.#worker = this.#ports.workers.start(this.definition, this.facts.state.run, post);
  }

  #releaseWorker(reason: string): void {
    this.#worker?.release();
    this.#forgetWorker();
    this.#learn({ kind: 'worker released', reason });
  }

  #forgetWorker(): void {
    this.#worker = null;
    this.#workerMark = null;
  }

  // The worker has the log open, so it goes; the next run gets a new one.
  #rotate(): void {
    const { clock, output } = this.#ports;
    this.#releaseWorker('its log was set aside');
    output.rotate(clock.now());
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

/** An event, the worker it comes from if it is one, and whoever waits until it is stored. */
interface Posted {
  readonly event: ChainEvent;
  readonly from: symbol | null;
  readonly answer: Answer | null;
}

/** Told whether what was asked is stored. */
type Answer = (isStored: boolean) => void;

type DecisionOf<Kind extends Decision['kind']> = Extract<Decision, { kind: Kind }>;

/** Whether an event may bring the end of a run that failed. */
function mayTellOfFailure(event: ChainEvent): boolean {
  if (event.kind === 'run ended') return event.ending.kind !== 'succeeded';
  return event.kind === 'worker locked' && event.found.kind !== 'nothing';
}

function here(ports: ChainPorts): Here {
  return { boot: ports.clock.boot, now: ports.clock.now() };
}
