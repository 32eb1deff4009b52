import type { Here } from '../../src/core/cooldown.ts';
import type { Asked, ControlRequest } from '../../src/control-port.ts';
import type { Told } from '../../src/core/event.ts';
import type { ChainState, Pause, Run } from '../../src/core/facts.ts';

/** Where and when something was seen; when it truly was is not known of what only a record says. */
export interface Sight extends Here {
  readonly trueMs: number | null;
}

/** What is needed to compare what people asked with what happens. */
export interface WishesParts {
  readonly here: () => Sight;
  readonly stored: () => ChainState | null;
  readonly check: (isTrue: boolean, promise: () => string) => void;
}

/** When a pause or a mute ends by itself. */
interface KnownEnd {
  readonly boot: string;
  readonly monotonic: number;
}

/** A pause that a runner has said is stored. */
interface KnownPause {
  readonly by: string;
  readonly until: KnownEnd | null;
}

/**
 * What people asked of the chain, and what must follow from it. Time is counted in moments of its own: within one
 * millisecond it matters what came first.
 */
export class Wishes {
  readonly #parts: WishesParts;
  readonly #ends = new Map<number, 'cancelled' | 'killed'>();
  readonly #skipsSaved = new Map<Told, { readonly moment: number; readonly at: Sight }>();
  readonly #askedAt = new Map<ControlRequest, number>();
  readonly #untils = new Map<ControlRequest, KnownEnd>();
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
  /** When somebody last asked for a pause or a resume, and for a mute or its end. */
  #lastHold = 0;
  #lastMute = 0;
  /** When somebody last started it. */
  #lastStart = 0;
  /** When the mute ends that a runner has said is stored. */
  #muteEnd: KnownEnd | null = null;

  constructor(parts: WishesParts) {
    this.#parts = parts;
  }

  /** A runner begins in the foreground: neither a pause nor a stop is kept. */
  heldNoMore(): void {
    this.#moment += 1;
    this.#isStopped = false;
    this.#lastStart = this.#moment;
    this.#pause = null;
    this.#lastHold = this.#moment;
  }

  /** Somebody asks something of a chain that runs, or asks that it runs. */
  asked(request: ControlRequest, run: Run | null): void {
    this.#moment += 1;
    this.#askedAt.set(request, this.#moment);
    switch (request.kind) {
      case 'poke':
        this.#poke = this.#moment;
        break;
      case 'skip':
        this.#skip = this.#moment;
        break;
      case 'kill-run':
        if (run !== null && this.#ends.get(run.number) !== 'killed')
          this.#ends.set(run.number, request.isNow ? 'killed' : 'cancelled');
        break;
      case 'pause':
      case 'resume':
        if (request.kind === 'pause' && request.forMs !== null) this.#setEnd(request, request.forMs);
        this.#pause = null;
        this.#lastHold = this.#moment;
        break;
      case 'mute':
      case 'unmute':
        if (request.kind === 'mute') this.#setEnd(request, request.forMs);
        this.#muteEnd = null;
        this.#lastMute = this.#moment;
        break;
      case 'start':
        this.#isStopped = false;
        this.#lastStart = this.#moment;
        break;
      case 'stop':
      case 'restart':
      case 'release':
        break;
    }
  }

  /** A runner that still lives has said that this is done; `stored` is what the store held then. */
  answered(request: ControlRequest, answer: Asked, stored: ChainState | null): void {
    if (answer.kind !== 'done') return;
    const { check } = this.#parts;
    const askedAt = this.#askedAt.get(request);
    const by = stored?.pause?.by ?? null;
    switch (request.kind) {
      case 'pause':
        if (askedAt === this.#lastHold) this.#pauseAnswered(request, stored);
        break;
      case 'resume':
        if (askedAt === this.#lastHold)
          check(by?.kind !== 'operator', () => 'a resume is answered before it is stored');
        break;
      case 'mute':
        if (askedAt !== this.#lastMute || this.#isOver(this.#untils.get(request))) break;
        check(stored?.mute?.by === request.by, () => 'a mute is answered before it is stored');
        this.#muteEnd = this.#untils.get(request) ?? null;
        break;
      case 'unmute':
        if (askedAt === this.#lastMute)
          check((stored?.mute ?? null) === null, () => 'an unmute is answered before it is stored');
        break;
      case 'stop':
        check((stored?.stopped ?? null) !== null, () => 'a stop is answered before it is stored');
        this.#isStopped = (askedAt ?? 0) > this.#lastStart;
        break;
      case 'start':
      case 'poke':
      case 'skip':
      case 'restart':
      case 'kill-run':
      case 'release':
        break;
    }
  }

  /** A mute that a runner has said is stored goes on. */
  isKnownMuteOn(): boolean {
    const end = this.#muteEnd;
    const { boot, now } = this.#parts.here();
    return end !== null && end.boot === boot && end.monotonic > now.monotonic;
  }

  #setEnd(request: ControlRequest, forMs: number): void {
    const { boot, now } = this.#parts.here();
    this.#untils.set(request, { boot, monotonic: now.monotonic + forMs });
  }

  #isOver(end: KnownEnd | undefined): boolean {
    const { boot, now } = this.#parts.here();
    return end !== undefined && (end.boot !== boot || end.monotonic <= now.monotonic);
  }

  #pauseAnswered(request: ControlRequest, stored: ChainState | null): void {
    const until = this.#untils.get(request);
    const by = stored?.pause?.by ?? null;
    const isStored = by?.kind === 'failure' || by?.name === request.by;
    this.#parts.check(this.#isOver(until) || isStored, () => 'a pause is answered before it is stored');
    this.#pause = { by: request.by, until: until ?? null };
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
    this.#parts.check(this.#skip !== null, () => `${told.task} is left out, and nobody asked so`);
    if ((this.#skip ?? 0) < moment) this.#skip = null;
    if ((this.#poke ?? 0) < moment) this.#poke = null;
    this.#skipStoredAfter = null;
  }

  /** When the run was left out of which this tells. */
  skippedAt(told: Told): Sight {
    return this.#skipsSaved.get(told)?.at ?? this.#parts.here();
  }

  /** A worker is handed a run. */
  given(run: Run): void {
    const { check } = this.#parts;
    const state = this.#parts.stored();
    const { boot, now } = this.#parts.here();
    const says = (why: string) => (): string => `run ${run.number} is started, and the chain ${why}`;
    const until = state?.pause?.until ?? null;
    const isPauseOver = until !== null && (until.boot !== boot || until.until <= now.monotonic);
    check((state?.pause ?? null) === null || isPauseOver, says('is paused'));
    check((state?.stopped ?? null) === null, says('is stopped'));
    check(!this.#isStopped, says('was stopped'));
    check(!this.#isKnownPauseOn({ boot, now }), says(`was paused by ${this.#pause?.by}`));
    if (this.#poke !== null) this.#isPokeUnderWay = true;
    this.#poke = null;
  }

  /** A run begins; says whether it may begin in a cooldown. */
  began(run: Run): boolean {
    const after = this.#skipStoredAfter;
    this.#parts.check(
      after === null || run.number <= after,
      () => `run ${run.number} begins, and is to be left out`,
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
    this.#parts.check(isTrue, () => `the pause by ${by.name} lasts longer than was asked`);
  }

  #isKnownPauseOn({ boot, now }: Here): boolean {
    if (this.#pause === null) return false;
    const { until } = this.#pause;
    return until === null || (until.boot === boot && until.monotonic > now.monotonic);
  }
}
