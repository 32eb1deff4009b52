import type { Channel } from '../core/channel.ts';
import {
  letterBegun,
  letterFailed,
  letterSent,
  nextStep,
  noticesExpired,
  type ChannelState,
  type DeliveryStep,
  type Failing,
} from '../core/delivery.ts';
import { formatDuration } from '../core/duration.ts';
import type { Letter, WaitingNotice } from '../core/letter.ts';
import {
  add,
  durationBetween,
  earlierOf,
  isBefore,
  isShorter,
  toDurationMs,
  zeroMs,
  type DurationMs,
  type EpochMs,
} from '../core/units.ts';
import {
  StoreError,
  type Clock,
  type DeliveryChange,
  type Outbox,
  type Random,
  type Taken,
} from '../ports.ts';
import { messageOf, remarksFor, toldBy, type Message, type Origin } from './message.ts';
import type { Send } from './send.ts';
import type { Sent } from './sending.ts';

/** What a dispatcher needs from the world. */
export interface DispatcherParts {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: Send;
  /** Takes the right to send, which one process of a state folder has. */
  readonly take: () => Promise<Taken>;
  /** Whether it keeps the right also while there is nothing to send. */
  readonly keepsRight: boolean;
  readonly origin: Origin;
  /** Told in words for people: a channel does not work, or works again. */
  readonly note: (text: string) => void;
  /** Told of each attempt to send a message, for those who count. */
  readonly attempted: (channel: string, result: 'sent' | 'failed') => void;
}

/** How often the outbox is looked at for what other processes have put there, and the right to send is tried. */
const pollMs = toDurationMs(5_000);
/** Notices that come at once are looked at together. */
const gatherMs = toDurationMs(100);
const forgetEveryMs = toDurationMs(3_600_000);

/**
 * Sends what is in the outbox to people: one message at a time by each channel, channels side by side. What cannot be
 * stored or sent is tried again. Nothing of it holds up a chain.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  #channels: readonly Channel[];
  readonly #lanes = new Map<string, Lane>();
  #release: (() => void) | null = null;
  #forget: () => void = () => undefined;
  #look: Promise<void> | null = null;
  #isWoken = false;
  #isStopping = false;
  #forgotAt: EpochMs | null = null;
  readonly #abort = new AbortController();
  /** How many messages were sent, or not; and who waits for the next one. */
  #ends = 0;
  #nextEnd: () => void = () => undefined;

  constructor(parts: DispatcherParts, channels: readonly Channel[]) {
    this.#parts = parts;
    this.#channels = channels;
  }

  /** There may be something new in the outbox. */
  wake(): void {
    if (this.#isStopping || this.#isWoken) return;
    this.#isWoken = true;
    if (this.#look === null) this.#lookAfter(gatherMs);
  }

  /** Goes on with other channels. */
  change(channels: readonly Channel[]): void {
    this.#channels = channels;
    this.#lookAtAll();
    this.wake();
  }

  /**
   * Sends what can be sent at once, for at most `graceMs`; what is still being sent then is broken off, and waits in
   * the outbox for the next process. Resolves when nothing is under way and the right to send is given back.
   */
  async stop(graceMs: DurationMs): Promise<void> {
    this.#isStopping = true;
    this.#forget();
    const { clock } = this.#parts;
    const forget = clock.wakeAt(add(clock.now().monotonic, graceMs), () => this.#abort.abort());
    await this.#look;
    let seen = -1;
    while (!this.#abort.signal.aborted && (this.#busy().length > 0 || seen !== this.#ends)) {
      seen = this.#ends;
      await this.#lookOnce();
      if (this.#busy().length > 0 && seen === this.#ends)
        await new Promise<void>((resolve) => (this.#nextEnd = resolve));
    }
    await Promise.all(this.#busy());
    forget();
    this.#giveBack();
  }

  #busy(): readonly Promise<void>[] {
    return [...this.#lanes.values()].flatMap(({ sending }) => (sending === null ? [] : [sending]));
  }

  #lookAfter(lengthMs: DurationMs): void {
    this.#forget();
    this.#forget = this.#parts.clock.wakeAt(add(this.#parts.clock.now().monotonic, lengthMs), () => {
      this.#look = this.#lookOnce().then((restMs) => {
        this.#look = null;
        if (!this.#isStopping) this.#lookAfter(this.#isWoken ? gatherMs : restMs);
      });
    });
  }

  /** Resolves to how long there is nothing to do. */
  async #lookOnce(): Promise<DurationMs> {
    this.#isWoken = false;
    try {
      if (!(await this.#hasRight())) return pollMs;
      const { wall } = this.#parts.clock.now();
      await this.#forgetSometimes(wall);
      const reached = await this.#parts.outbox.distribute(this.#channels, wall);
      for (const channel of this.#channels) await this.#advance(channel, reached.has(channel.name));
    } catch (error) {
      // The disk is full, or another process writes for long: the next look finds out.
      if (error instanceof StoreError) return pollMs;
      throw error;
    }
    // Another process may have a better use for it meanwhile.
    if (!this.#parts.keepsRight && this.#busy().length === 0) this.#giveBack();
    return this.#restMs();
  }

  #restMs(): DurationMs {
    const now = this.#parts.clock.now().wall;
    const moments = this.#channels.flatMap(({ name }) => this.#lanes.get(name)?.until ?? []);
    const restMs = durationBetween(now, moments.reduce(earlierOf, add(now, pollMs)));
    return isShorter(restMs, gatherMs) ? gatherMs : restMs;
  }

  async #hasRight(): Promise<boolean> {
    if (this.#release !== null) return true;
    if (!this.#parts.keepsRight && (await this.#parts.outbox.isEmpty())) return false;
    const taken = await this.#parts.take();
    if (taken.kind !== 'taken') return false;
    this.#release = taken.release;
    // Who had it before may have left anything.
    this.#lookAtAll();
    return true;
  }

  #giveBack(): void {
    this.#release?.();
    this.#release = null;
  }

  #lookAtAll(): void {
    for (const lane of this.#lanes.values()) {
      lane.isKnown = false;
      lane.until = null;
    }
  }

  async #forgetSometimes(now: EpochMs): Promise<void> {
    const isDue = this.#forgotAt === null || durationBetween(this.#forgotAt, now) >= forgetEveryMs;
    if (!isDue) return;
    this.#forgotAt = now;
    await this.#parts.outbox.forgetOthers(this.#channels, now);
  }

  async #advance(channel: Channel, isReached: boolean): Promise<void> {
    const { name } = channel;
    const lane = this.#lanes.get(name) ?? { isKnown: false, until: null, sending: null };
    this.#lanes.set(name, lane);
    const { wall } = this.#parts.clock.now();
    // What is new cannot end a wait: then there is nothing to be looked at.
    const isAtRest =
      lane.until === null
        ? lane.isKnown && !isReached
        : isBefore(wall, lane.until) && !(await this.#isRetriedAtOnce(name));
    if (lane.sending !== null) lane.isKnown = false;
    if (lane.sending !== null || isAtRest || this.#abort.signal.aborted) return;
    lane.isKnown = true;
    const planned = await this.#plan(channel);
    const { step } = planned;
    lane.until = step.kind === 'wait' ? step.until : null;
    if (step.kind !== 'send') return;
    lane.sending = this.#sendLetter(channel, { ...planned, step }).finally(() => {
      lane.sending = null;
      lane.isKnown = false;
      this.#ends += 1;
      this.#nextEnd();
      this.wake();
    });
  }

  // Another process may have seen it work, and have stored that.
  async #isRetriedAtOnce(name: string): Promise<boolean> {
    const { failing } = await this.#parts.outbox.state(name);
    return failing !== null && failing.waitMs === zeroMs;
  }

  async #plan(channel: Channel): Promise<Planned<DeliveryStep>> {
    const { outbox, clock } = this.#parts;
    for (;;) {
      const [state, waiting] = [await outbox.state(channel.name), await outbox.waiting(channel.name)];
      const { wall } = clock.now();
      const step = nextStep({ channel, state, waiting, now: wall });
      if (step.kind !== 'expire') return { step, state, waiting };
      const { notices } = step;
      const error = `not told within ${formatDuration(channel.expireMs)}`;
      await outbox.save(channel.name, noticesExpired(state, notices.length), {
        notices,
        state: 'expired',
        error: `${error}: ${state.failing?.error ?? ''}`,
        at: wall,
      });
    }
  }

  async #sendLetter(channel: Channel, planned: Planned<Sending>): Promise<void> {
    try {
      const { letter } = planned.step;
      const begun = letterBegun(planned.state, letter);
      const message = await this.#write(channel, planned);
      await this.#save(channel, begun, { letter, state: 'waiting', error: null });
      if (message === null) {
        const error = 'it cannot be read any more';
        await this.#save(channel, { ...begun, letter: null }, { letter, state: 'refused', error });
        return;
      }
      const sent = await this.#parts.send(channel, message, this.#abort.signal);
      // It may have been sent or not: it stays in the outbox as it is.
      if (sent.kind === 'failed' && this.#abort.signal.aborted) return;
      await this.#learn(channel, { sent, letter, begun });
    } catch (error) {
      // What became of it is not stored: it is sent again, by the same name.
      if (!(error instanceof StoreError)) throw error;
    }
  }

  async #learn(channel: Channel, { sent, letter, begun }: Result): Promise<void> {
    const now = this.#parts.clock.now().wall;
    this.#parts.attempted(channel.name, sent.kind);
    if (sent.kind === 'sent') {
      await this.#save(channel, letterSent(begun, channel, now), { letter, state: 'sent', error: null });
      if (begun.failing !== null) this.#tellWorking(channel, begun.failing, now);
      return;
    }
    const { error } = sent;
    const after = letterFailed(begun, sent, { channel, now, chance: this.#parts.random.next() });
    await this.#save(channel, after.state, { letter, state: after.isGivenUp ? 'refused' : 'waiting', error });
    if (begun.failing === null && after.state.failing !== null)
      this.#tellFailing(channel, after.state.failing);
  }

  async #save(channel: Channel, state: ChannelState, change: LetterChange): Promise<void> {
    const { letter, ...delivery } = change;
    const at = this.#parts.clock.now().wall;
    await this.#parts.outbox.save(channel.name, state, { ...delivery, notices: letter.notices, at });
  }

  async #write(channel: Channel, { step, state, waiting }: Planned<Sending>): Promise<Message | null> {
    const { letter, isLast } = step;
    const notices = await this.#parts.outbox.notices(toldBy(letter, waiting));
    const { origin, clock } = this.#parts;
    const remarks = remarksFor(channel, { lost: state.lost, isLast, now: clock.now().wall });
    return messageOf({ letter, waiting, notices, origin, remarks });
  }

  #tellFailing({ name }: Channel, { error, waitMs }: Failing): void {
    const wait = formatDuration(toDurationMs(Math.ceil(waitMs / 1_000) * 1_000));
    this.#parts.note(
      `alerts by ${name} cannot be sent: ${error}; it is tried again in ${wait}, no chain waits for it`,
    );
  }

  #tellWorking({ name }: Channel, { since }: Failing, now: EpochMs): void {
    const length = toDurationMs(Math.round(durationBetween(since, now) / 1_000) * 1_000);
    this.#parts.note(`alerts by ${name} are sent again, after ${formatDuration(length)}`);
  }
}

type Sending = Extract<DeliveryStep, { kind: 'send' }>;

/** A step, and what it was decided by. */
interface Planned<Step> {
  readonly step: Step;
  readonly state: ChannelState;
  readonly waiting: readonly WaitingNotice[];
}

/** What came of sending a letter. */
interface Result {
  readonly sent: Sent;
  readonly letter: Letter;
  /** The channel's state while it was sent. */
  readonly begun: ChannelState;
}

interface LetterChange extends Pick<DeliveryChange, 'state' | 'error'> {
  readonly letter: Letter;
}

/** What this process knows of a channel. */
interface Lane {
  /** Whether what waited at the last look is still all that is known to wait. */
  isKnown: boolean;
  /** When it may be used again; `null` when there is no reason to wait. */
  until: EpochMs | null;
  /** Settles when the message under way is sent, or is not. */
  sending: Promise<void> | null;
}
