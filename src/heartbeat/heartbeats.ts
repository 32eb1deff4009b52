import type { ChainName, Heartbeat } from '../core/definition.ts';
import type { ChainTold } from '../core/event.ts';
import { add, isBefore, toDurationMs, type MonotonicMs } from '../core/units.ts';
import type { Clock } from '../ports.ts';

/** Of a chain without a cooldown not every run is told: at most one ping in this time. */
const leastGapMs = toDurationMs(1_000);
/** How long pings that are on their way have when the runner ends. */
const lastMs = toDurationMs(2_000);

/** What heartbeats need from the world. */
export interface HeartbeatParts {
  readonly clock: Clock;
  /** Resolves to what is wrong, `null` when nothing is. */
  readonly ping: (url: string, signal: AbortSignal) => Promise<string | null>;
  /** Told in words for people, once in a row of failures, and when it works again. */
  readonly note: (text: string) => void;
}

/** Tells other services that chains live. Never delays a chain. */
export interface Heartbeats {
  tell(told: ChainTold, heartbeat: Heartbeat | null): void;
  /** What is on its way may still arrive, for a moment; nothing else is sent. */
  close(): void;
}

interface Beat {
  /** The newest that is to be sent; those before it are left out. */
  next: string | null;
  isSending: boolean;
  notBefore: MonotonicMs | null;
  forget: () => void;
  isFailing: boolean;
}

/** Begins with heartbeats: for each chain at most one ping at a time, and the newest wins. */
export function createHeartbeats({ clock, ping, note }: HeartbeatParts): Heartbeats {
  const beats = new Map<ChainName, Beat>();
  const end = new AbortController();
  let isClosed = false;

  function send(chain: ChainName, beat: Beat): void {
    const { next } = beat;
    if (next === null || beat.isSending || isClosed) return;
    const now = clock.now().monotonic;
    if (beat.notBefore !== null && isBefore(now, beat.notBefore)) {
      beat.forget();
      beat.forget = clock.wakeAt(beat.notBefore, () => send(chain, beat));
      return;
    }
    beat.next = null;
    beat.isSending = true;
    beat.notBefore = add(now, leastGapMs);
    void ping(next, end.signal).then((problem) => {
      beat.isSending = false;
      tellProblem({ chain, beat, host: new URL(next).host }, problem);
      send(chain, beat);
    });
  }

  function tellProblem(
    { chain, beat, host }: { readonly chain: ChainName; readonly beat: Beat; readonly host: string },
    problem: string | null,
  ): void {
    if (isClosed || (problem !== null) === beat.isFailing) return;
    beat.isFailing = problem !== null;
    if (problem === null) note(`heartbeats of ${chain} reach ${host} again`);
    else note(`a heartbeat of ${chain} does not reach ${host}: ${problem}; the next run sends another one`);
  }

  return {
    tell({ chain, told }, heartbeat) {
      if (heartbeat === null || told.kind !== 'run ended' || told.verdict === 'no verdict') return;
      const url = told.verdict === 'success' ? heartbeat.successUrl : heartbeat.failureUrl;
      if (url === null) return;
      const beat = beats.get(chain) ?? newBeat();
      beats.set(chain, beat);
      beat.next = url;
      send(chain, beat);
    },
    close() {
      for (const [chain, beat] of beats) {
        beat.forget();
        beat.notBefore = null;
        send(chain, beat);
      }
      isClosed = true;
      if (![...beats.values()].some(({ isSending }) => isSending)) return;
      clock.wakeAt(add(clock.now().monotonic, lastMs), () => end.abort());
    },
  };
}

function newBeat(): Beat {
  return { next: null, isSending: false, notBefore: null, forget: () => undefined, isFailing: false };
}
