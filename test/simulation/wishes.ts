import type { Here } from '../../src/core/cooldown.ts';
import type { ChainRequest, Told } from '../../src/core/event.ts';
import type { ChainState, Pause, Run } from '../../src/core/facts.ts';
import type { Holds } from '../../src/core/initial.ts';

/** What is needed to compare what people asked with what happens. */
export interface WishesParts {
  readonly here: () => Here;
  readonly stored: () => ChainState | null;
  readonly check: (isTrue: boolean, promise: string) => void;
}

/** A pause that a runner has said is stored. */
interface KnownPause {
  readonly by: string;
  readonly until: { readonly boot: string; readonly monotonic: number } | null;
}

/**
 * What people asked of the chain, and what must follow from it. Time is counted in moments of its own: within one
 * millisecond it matters what came first.
 */
export class Wishes {
  readonly #parts: WishesParts;
  readonly #ends = new Map<number, 'cancelled' | 'killed'>();
  readonly #skipsSaved = new Map<Told, { readonly moment: number; readonly at: Here }>();
  readonly #askedAt = new Map<ChainRequest, number>();
  #moment = 0;
  /** When the newest poke was asked that no run was made of. */
  #poke: number | null = null;
  /** A run was given to a worker because of a poke, and has not begun. */
  #isPokeUnderWay = false;
  #skip: number | null = null;
  /** The newest run when a skip was stored: the next one that is due is left out. */
  #skipStoredAfter: number | null = null;
  #pause: KnownPause | null = null;
  #isStopped = false;
  /** When somebody last asked for a pause, a resume or a stop. */
  #lastHold = 0;

  constructor(parts: WishesParts) {
    this.#parts = parts;
  }

  /** A runner begins: what was held may be held no more. */
  runnerStarts(holds: Holds): void {
    if (holds !== 'kept') this.#isStopped = false;
    if (holds === 'both end') this.#pause = null;
  }

  asked(request: ChainRequest, run: Run | null): void {
    this.#moment += 1;
    this.#askedAt.set(request, this.#moment);
    switch (request.kind) {
      case 'poke asked':
        this.#poke = this.#moment;
        break;
      case 'skip asked':
        this.#skip = this.#moment;
        break;
      case 'end asked':
        if (run !== null && this.#ends.get(run.number) !== 'killed') this.#ends.set(run.number, request.step);
        break;
      case 'pause asked':
      case 'resume asked':
        this.#pause = null;
        this.#lastHold = this.#moment;
        break;
      case 'mute asked':
      case 'unmute asked':
      case 'chain stopped':
      case 'drain asked':
      case 'stop asked':
      case 'worker outdated':
        break;
    }
  }

  /** A runner that still lives has said that this is stored; `stored` is what the store held then. */
  answered(request: ChainRequest, stored: ChainState | null): void {
    const isNewest = this.#askedAt.get(request) === this.#lastHold;
    const by = stored?.pause?.by ?? null;
    if (request.kind === 'pause asked' && isNewest) {
      const { until } = request;
      const isOver = until !== null && until.until <= this.#parts.here().now.monotonic;
      const isStored = by?.kind === 'failure' || by?.name === request.by;
      this.#parts.check(isOver || isStored, `a pause is answered before it is stored`);
      this.#pause = {
        by: request.by,
        until: until === null ? null : { boot: until.boot, monotonic: until.until },
      };
    }
    if (request.kind === 'resume asked' && isNewest)
      this.#parts.check(by?.kind !== 'operator', 'a resume is answered before it is stored');
    if (request.kind !== 'chain stopped') return;
    this.#parts.check((stored?.stopped ?? null) !== null, 'a stop is answered before it is stored');
    this.#isStopped = true;
  }

  /** A runner begins to store this. */
  saving(told: Told): void {
    if (told.kind !== 'run skipped' || this.#skipsSaved.has(told)) return;
    this.#moment += 1;
    this.#skipsSaved.set(told, { moment: this.#moment, at: this.#parts.here() });
  }

  /** The store has committed this. */
  stored(told: Told, state: ChainState): void {
    if (told.kind === 'skip asked') this.#skipStoredAfter = state.lastRun;
    if (told.kind !== 'run skipped') return;
    const moment = this.#skipsSaved.get(told)?.moment ?? 0;
    this.#parts.check(this.#skip !== null, `${told.task} is left out, and nobody asked so`);
    if ((this.#skip ?? 0) < moment) this.#skip = null;
    if ((this.#poke ?? 0) < moment) this.#poke = null;
    this.#skipStoredAfter = null;
  }

  /** When the run was left out of which this tells. */
  skippedAt(told: Told): Here {
    return this.#skipsSaved.get(told)?.at ?? this.#parts.here();
  }

  /** A worker is handed a run. */
  given(run: Run): void {
    const { check } = this.#parts;
    const state = this.#parts.stored();
    const { boot, now } = this.#parts.here();
    const says = `run ${run.number} is started`;
    const until = state?.pause?.until ?? null;
    const isPauseOver = until !== null && (until.boot !== boot || until.until <= now.monotonic);
    check((state?.pause ?? null) === null || isPauseOver, `${says}, and the chain is paused`);
    check((state?.stopped ?? null) === null, `${says}, and the chain is stopped`);
    check(!this.#isStopped, `${says}, and the chain was stopped`);
    check(!this.#isKnownPauseOn({ boot, now }), `${says}, and the chain was paused by ${this.#pause?.by}`);
    if (this.#poke !== null) this.#isPokeUnderWay = true;
    this.#poke = null;
  }

  /** A run begins; says whether it may begin in a cooldown. */
  began(run: Run): boolean {
    const after = this.#skipStoredAfter;
    this.#parts.check(
      after === null || run.number <= after,
      `run ${run.number} begins, and is to be left out`,
    );
    const isPoked = this.#isPokeUnderWay;
    this.#isPokeUnderWay = false;
    return isPoked;
  }

  /** Which step an operator has asked for to end this run. */
  endAsked(run: Run): 'cancelled' | 'killed' | null {
    return this.#ends.get(run.number) ?? null;
  }

  /** A chain says that it waits for the end of this pause. */
  stillPaused({ by, until }: Pause): void {
    const { boot, now } = this.#parts.here();
    const isKnown = by.kind === 'operator' && by.name === this.#pause?.by;
    const end = this.#pause?.until ?? null;
    if (!isKnown || end === null || end.boot !== boot) return;
    const isTrue = until !== null && end.monotonic >= now.monotonic;
    this.#parts.check(isTrue, `the pause by ${by.name} lasts longer than was asked`);
  }

  #isKnownPauseOn({ boot, now }: Here): boolean {
    if (this.#pause === null) return false;
    const { until } = this.#pause;
    return until === null || (until.boot === boot && until.monotonic > now.monotonic);
  }
}
