import { isEnd, type Channel } from './channel.ts';
import { letterOf, type Letter, type WaitingNotice } from './letter.ts';
import {
  add,
  durationBetween,
  isBefore,
  isShorter,
  toDurationMs,
  type DurationMs,
  type EpochMs,
} from './units.ts';

/** What is stored of a channel. */
export interface ChannelState {
  readonly lastSentAt: EpochMs | null;
  /** `null` while it works, or was not used yet. */
  readonly failing: Failing | null;
  /** When messages were sent, as far as the rate needs it; the oldest first. */
  readonly sentAt: readonly EpochMs[];
  /** The letter that is being sent. After a crash it may have been sent or not, so that it is sent again as it was. */
  readonly letter: Letter | null;
  /** Whether people may have it already, because a process died while it was sent: then it keeps its name until it is settled. */
  readonly mayBeSent: boolean;
  /** How many notices were given up since a message was last sent. */
  readonly lost: number;
}

/** A channel that does not work. */
export interface Failing {
  readonly since: EpochMs;
  /** Attempts in a row without success, from 1. */
  readonly failures: number;
  /** How many of them were refused for good, as by a server that does not know the recipient. */
  readonly refusals: number;
  /** Without secrets. */
  readonly error: string;
  /** The next attempt is made so long after the last one. */
  readonly failedAt: EpochMs;
  readonly waitMs: DurationMs;
  /** What the channel was then: another one is tried at once. */
  readonly target: string;
}

/** A channel before its first message. */
export const newChannelState: ChannelState = {
  lastSentAt: null,
  failing: null,
  sentAt: [],
  letter: null,
  mayBeSent: false,
  lost: 0,
};

/** What is to be done for a channel. */
export type DeliveryStep =
  /** `until` is `null` when there is nothing to send. */
  | { readonly kind: 'wait'; readonly until: EpochMs | null }
  /** These notices are too old for a channel that does not work. */
  | { readonly kind: 'expire'; readonly notices: readonly number[] }
  /** `isLast`: after it the rate allows no further message for a while. */
  | { readonly kind: 'send'; readonly letter: Letter; readonly isLast: boolean };

/** All that the decision for one channel depends on. */
export interface DeliveryFacts {
  readonly channel: Channel;
  readonly state: ChannelState;
  /** In the order of their ids. */
  readonly waiting: readonly WaitingNotice[];
  readonly now: EpochMs;
}

const firstRetryMs = toDurationMs(10_000);
const longestRetryMs = toDurationMs(15 * 60_000);
const longestAskedMs = toDurationMs(3_600_000);
/** Who refuses for good is asked so rarely, and after the last of these waits no more with the same letter. */
const refusalWaitsMs: readonly DurationMs[] = [60_000, 30 * 60_000, 3 * 3_600_000].map(toDurationMs);
const longestRefusalMs = toDurationMs(6 * 3_600_000);
const jitter = 0.2;

/** Decides what comes next for a channel; answers the same when asked again. */
export function nextStep(facts: DeliveryFacts): DeliveryStep {
  const { channel, state, waiting, now } = facts;
  if (waiting.length === 0) return { kind: 'wait', until: null };
  const expired = expiredOf(facts);
  if (expired.length > 0) return { kind: 'expire', notices: expired };
  const retryAt = retryMoment(facts);
  if (isBefore(now, retryAt)) return { kind: 'wait', until: retryAt };
  const sent = sentWithin(channel, state.sentAt, now);
  const [oldest] = sent;
  const free = channel.rate.count - sent.length;
  if (free <= 0 && oldest !== undefined) return { kind: 'wait', until: add(oldest, channel.rate.perMs) };
  const letter = letterOf(waiting, { begun: state.letter, free, isLate: state.failing !== null });
  return { kind: 'send', letter, isLast: free === 1 };
}

/** What is known once a letter is about to be sent: stored first, so that a crash neither loses nor renames it. */
export function letterBegun(state: ChannelState, letter: Letter): ChannelState {
  return { ...state, letter, mayBeSent: state.letter !== null };
}

/** What is known once it was sent. */
export function letterSent(state: ChannelState, channel: Channel, now: EpochMs): ChannelState {
  const sentAt = [...sentWithin(channel, state.sentAt, now), now].slice(-channel.rate.count);
  return { ...newChannelState, lastSentAt: now, sentAt };
}

/** Why a letter was not sent. */
export interface Failure {
  /** Without secrets. */
  readonly error: string;
  /** Whether the same would be answered again. */
  readonly isPermanent: boolean;
  /** For how long the other side wants to be left alone; `null` when it does not say. */
  readonly retryAfterMs: DurationMs | null;
}

/** What is known once it could not be sent, and whether its notices are given up. */
export function letterFailed(
  state: ChannelState,
  failure: Failure,
  { channel, now, chance }: { readonly channel: Channel; readonly now: EpochMs; readonly chance: number },
): { readonly state: ChannelState; readonly isGivenUp: boolean } {
  const { failing, letter } = state;
  const failures = (failing?.failures ?? 0) + 1;
  const refusals = (failing?.refusals ?? 0) + (failure.isPermanent ? 1 : 0);
  const isGivenUp = failure.isPermanent && refusals > refusalWaitsMs.length;
  const keepsName = state.mayBeSent && !isGivenUp;
  const plannedMs = failure.isPermanent
    ? (refusalWaitsMs[refusals - 1] ?? longestRefusalMs)
    : backOff(failures - 1, chance);
  return {
    isGivenUp,
    state: {
      ...state,
      letter: keepsName ? letter : null,
      mayBeSent: keepsName,
      lost: state.lost + (isGivenUp ? (letter?.notices.length ?? 0) : 0),
      failing: {
        since: failing?.since ?? now,
        failures,
        refusals,
        error: failure.error,
        failedAt: now,
        waitMs: longerOf(plannedMs, askedWait(failure.retryAfterMs)),
        target: targetOf(channel),
      },
    },
  };
}

/** What is known once so many notices were given up for their age. */
export function noticesExpired(state: ChannelState, count: number): ChannelState {
  return { ...state, lost: state.lost + count };
}

/** What is known once somebody has seen the channel work: the next attempt is made at once. */
export function retriedAtOnce(state: ChannelState): ChannelState {
  const { failing } = state;
  return failing === null
    ? state
    : { ...state, failing: { ...failing, waitMs: toDurationMs(0), refusals: 0 } };
}

// A channel that works gets also what is old, such as from before the runner was down for days. The end of what
// people were told of does not expire.
function expiredOf({ channel, state, waiting, now }: DeliveryFacts): readonly number[] {
  if (state.failing === null) return [];
  const begun = new Set(state.letter?.notices);
  return waiting
    .filter(({ at, kind, id }) => isOld(at) && !isEnd(kind) && !begun.has(id))
    .map(({ id }) => id);
  function isOld(at: EpochMs): boolean {
    return isShorter(channel.expireMs, durationBetween(at, now));
  }
}

// A clock that was set back does not make a wait longer.
function retryMoment({ channel, state: { failing }, now }: DeliveryFacts): EpochMs {
  if (failing === null || failing.target !== targetOf(channel) || isBefore(now, failing.failedAt)) return now;
  return add(failing.failedAt, failing.waitMs);
}

function sentWithin(channel: Channel, sentAt: readonly EpochMs[], now: EpochMs): readonly EpochMs[] {
  return sentAt.filter((at) => !isBefore(now, at) && isShorter(durationBetween(at, now), channel.rate.perMs));
}

function backOff(doublings: number, chance: number): DurationMs {
  const fullMs = Math.min(firstRetryMs * 2 ** Math.min(doublings, 20), longestRetryMs);
  return toDurationMs(Math.round(fullMs * (1 - jitter * chance)));
}

function askedWait(askedMs: DurationMs | null): DurationMs {
  return toDurationMs(Math.min(askedMs ?? 0, longestAskedMs));
}

function longerOf(one: DurationMs, other: DurationMs): DurationMs {
  return isShorter(one, other) ? other : one;
}

function targetOf({ target }: Channel): string {
  return JSON.stringify(target);
}
