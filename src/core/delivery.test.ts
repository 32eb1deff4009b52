import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Channel } from './channel.ts';
import {
  letterBegun,
  letterFailed,
  letterSent,
  newChannelState,
  nextStep,
  noticesExpired,
  retriedAtOnce,
  type ChannelState,
  type DeliveryStep,
  type Failure,
} from './delivery.ts';
import type { Letter, WaitingNotice } from './letter.ts';
import { toDurationMs, toEpochMs, type EpochMs } from './units.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const channel: Channel = {
  name: 'ops',
  chains: ['*'],
  severity: 'warning',
  rate: { count: 5, perMs: toDurationMs(hourMs) },
  expireMs: toDurationMs(48 * hourMs),
  target: { kind: 'command', argv: ['/bin/true'], directory: '/', environment: {} },
};
const passing: Failure = { error: 'it is busy', isPermanent: false, retryAfterMs: null };
const permanent: Failure = { error: 'no such user', isPermanent: true, retryAfterMs: null };

function at(ms: number): EpochMs {
  return toEpochMs(1_000_000_000 + ms);
}

function notice(id: number, changed: Partial<WaitingNotice> = {}): WaitingNotice {
  return {
    id,
    chain: 'mail',
    subject: `incident ${id}`,
    kind: 'incident opened',
    severity: 'error',
    at: at(id),
    ...changed,
  };
}

function notices(count: number): readonly WaitingNotice[] {
  return Array.from({ length: count }, (_, index) => notice(index + 1));
}

function step(waiting: readonly WaitingNotice[], state: ChannelState, nowMs: number): DeliveryStep {
  return nextStep({ channel, state, waiting, now: at(nowMs) });
}

function sentAt(...times: readonly number[]): ChannelState {
  return times.reduce((state, ms) => letterSent(state, channel, at(ms)), newChannelState);
}

/** A channel that failed so often, each time as soon as it could, the last time at that moment. */
function failedAt(nowMs: number, failures: number, failure = passing): ChannelState {
  const now = at(nowMs);
  return Array.from({ length: failures }).reduce<ChannelState>(
    (state) => letterFailed(state, failure, { channel, now, chance: 0 }).state,
    newChannelState,
  );
}

describe('a channel that works', () => {
  test('waits for nothing when there is nothing', () => {
    assert.deepEqual(step([], newChannelState, 0), { kind: 'wait', until: null });
  });

  test('sends one notice after the other', () => {
    assert.deepEqual(step(notices(2), newChannelState, 10), {
      kind: 'send',
      letter: { kind: 'notice', notices: [1] },
      isLast: false,
    });
  });

  test('tells what began and ended meanwhile as one, by its end', () => {
    const subject = 'incident 7';
    const waiting = [
      notice(1, { subject }),
      notice(2, { subject, kind: 'incident healed' }),
      notice(3, { subject }),
      notice(4, { subject, chain: 'other' }),
    ];
    const first = step(waiting, newChannelState, 10);
    assert.deepEqual(first.kind === 'send' ? first.letter : null, { kind: 'notice', notices: [1, 2] });
    const second = step(waiting.slice(2), newChannelState, 10);
    assert.deepEqual(second.kind === 'send' ? second.letter : null, { kind: 'notice', notices: [3] });
  });

  test('tells all at once what is more than it may send', () => {
    assert.deepEqual(step(notices(6), newChannelState, 10), {
      kind: 'send',
      letter: { kind: 'digest', notices: [1, 2, 3, 4, 5, 6] },
      isLast: false,
    });
  });

  test('says which message is the last that the rate allows', () => {
    const sending = step(notices(1), sentAt(1, 2, 3, 4), 10);
    assert.equal(sending.kind === 'send' && sending.isLast, true);
  });

  test('waits where it has sent so many, until the first of them is long enough ago', () => {
    const state = sentAt(1, 2, 3, 4, 5);
    assert.deepEqual(step(notices(1), state, 10), { kind: 'wait', until: at(hourMs + 1) });
    assert.equal(step(notices(1), state, hourMs + 1).kind, 'send');
  });

  test('is not held up by messages from after a clock was set back', () => {
    assert.equal(step(notices(1), sentAt(hourMs, hourMs, hourMs, hourMs, hourMs), 0).kind, 'send');
  });

  test('sends also what is old', () => {
    assert.equal(step(notices(1), newChannelState, 100 * hourMs).kind, 'send');
  });
});

describe('a channel that fails', () => {
  const waits = (failure: Failure, count: number): number[] =>
    Array.from({ length: count }, (_, index) => failedAt(0, index + 1, failure).failing?.waitMs ?? 0);

  test('is tried again after waits that double, up to a quarter of an hour', () => {
    const seconds = waits(passing, 9).map((ms) => ms / 1_000);
    assert.deepEqual(seconds, [10, 20, 40, 80, 160, 320, 640, 900, 900]);
  });

  test('takes up to a fifth off a wait by chance, so that many channels do not come at once', () => {
    const { state } = letterFailed(newChannelState, passing, { channel, now: at(0), chance: 0.5 });
    assert.equal(state.failing?.waitMs, 9_000);
  });

  test('waits as long as the other side wants it to, up to an hour', () => {
    for (const [askedMs, expectedMs] of [
      [minuteMs, minuteMs],
      [1, 10_000],
      [100 * hourMs, hourMs],
    ] as const) {
      const failure = { ...passing, retryAfterMs: toDurationMs(askedMs) };
      const { state } = letterFailed(newChannelState, failure, { channel, now: at(0), chance: 0 });
      assert.equal(state.failing?.waitMs, expectedMs);
    }
  });

  test('waits until it may be tried again', () => {
    assert.deepEqual(step(notices(1), failedAt(0, 1), 9_999), { kind: 'wait', until: at(10_000) });
    assert.equal(step(notices(1), failedAt(0, 1), 10_000).kind, 'send');
  });

  test('is tried at once when the clock was set back, or it leads elsewhere now', () => {
    assert.equal(step(notices(1), failedAt(0, 1), -1).kind, 'send');
    const target = { ...channel.target, argv: ['/bin/other'] } as Channel['target'];
    const facts = { state: failedAt(0, 1), waiting: notices(1), now: at(1) };
    assert.equal(nextStep({ ...facts, channel: { ...channel, target } }).kind, 'send');
  });

  test('is tried at once when somebody has seen it work', () => {
    assert.equal(step(notices(1), retriedAtOnce(failedAt(0, 1)), 1).kind, 'send');
    assert.equal(retriedAtOnce(newChannelState), newChannelState);
  });

  test('tells all together that waited for it, where it is more than three', () => {
    const letters = [3, 4].map((count) => {
      const next = step(notices(count), failedAt(0, 1), hourMs);
      return next.kind === 'send' ? next.letter : null;
    });
    assert.deepEqual(letters, [
      { kind: 'notice', notices: [1] },
      { kind: 'digest', notices: [1, 2, 3, 4] },
    ]);
  });

  test('gives up what is too old, but not the end of something', () => {
    const waiting = [
      notice(1),
      notice(2, { kind: 'incident healed', subject: 'incident 1' }),
      notice(3, { at: at(2 * hourMs) }),
    ];
    const expired = step(waiting, failedAt(0, 1), 49 * hourMs);
    assert.deepEqual(expired, { kind: 'expire', notices: [1] });
    assert.equal(noticesExpired(newChannelState, 1).lost, 1);
  });

  test('says since when, how often, why, and forgets it all when it works', () => {
    const failed = failedAt(0, 3);
    assert.deepEqual(
      [failed.failing?.since, failed.failing?.failures, failed.failing?.error],
      [at(0), 3, 'it is busy'],
    );
    const works = letterSent({ ...failed, lost: 3 }, channel, at(5));
    assert.deepEqual([works.failing, works.lost, works.lastSentAt], [null, 0, at(5)]);
  });
});

describe('a letter that is refused for good', () => {
  const letter: Letter = { kind: 'notice', notices: [1] };

  test('is tried again rarely, and at the fourth time given up', () => {
    let state = newChannelState;
    const seen: [number, boolean, number][] = [];
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const after = letterFailed(letterBegun(state, letter), permanent, { channel, now: at(0), chance: 0 });
      ({ state } = after);
      seen.push([(state.failing?.waitMs ?? 0) / minuteMs, after.isGivenUp, state.lost]);
    }
    assert.deepEqual(seen, [
      [1, false, 0],
      [30, false, 0],
      [180, false, 0],
      [360, true, 1],
      [360, true, 2],
    ]);
  });

  test('is not given up by a failure that passes', () => {
    const { isGivenUp } = letterFailed(failedAt(0, 9, permanent), passing, {
      channel,
      now: at(0),
      chance: 0,
    });
    assert.equal(isGivenUp, false);
  });

  test('counts nothing as lost without a letter', () => {
    assert.equal(failedAt(0, 4, permanent).lost, 0);
  });
});

describe('a letter that may have been sent before a crash', () => {
  const letter: Letter = { kind: 'digest', notices: [1, 2] };

  test('is sent again as it was, whatever has come meanwhile', () => {
    const next = step(notices(9), letterBegun(newChannelState, letter), 10);
    assert.deepEqual(next.kind === 'send' ? next.letter : null, letter);
  });

  test('does not expire', () => {
    const state = letterBegun(failedAt(0, 1), letter);
    assert.deepEqual(step(notices(3), state, 100 * hourMs), { kind: 'expire', notices: [3] });
  });

  test('is made anew when a part of it is gone', () => {
    const next = step(notices(1), letterBegun(newChannelState, letter), 10);
    assert.deepEqual(next.kind === 'send' ? next.letter : null, { kind: 'notice', notices: [1] });
  });
});

type Happening =
  | { readonly kind: 'notices'; readonly count: number; readonly isEnd: boolean }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'send'; readonly how: 'sent' | 'passing' | 'permanent' | 'crash after it was sent' };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant('notices'), count: fc.integer({ min: 1, max: 12 }), isEnd: fc.boolean() }),
  fc.record({ kind: fc.constant('time'), ms: fc.constantFrom(1_000, minuteMs, hourMs, 50 * hourMs) }),
  fc.record({
    kind: fc.constant('send'),
    how: fc.constantFrom('sent', 'sent', 'passing', 'permanent', 'crash after it was sent'),
  }),
);

/** A channel and its outbox, to which all may happen. */
class Story {
  state = newChannelState;
  waiting: WaitingNotice[] = [];
  nowMs = 0;
  last = 0;
  readonly given = new Set<number>();
  readonly lost = new Set<number>();
  /** What people got, with its name and its moment. */
  readonly got: { readonly letter: Letter; readonly ms: number }[] = [];

  happen(event: Happening): void {
    if (event.kind === 'time') this.nowMs += event.ms;
    else if (event.kind === 'notices') this.#arrive(event);
    else this.#send(event.how);
  }

  #arrive({ count, isEnd }: Extract<Happening, { kind: 'notices' }>): void {
    for (let index = 0; index < count; index += 1) {
      this.last += 1;
      const kind = isEnd ? 'incident healed' : 'incident opened';
      this.waiting.push(
        notice(this.last, { subject: `incident ${this.last % 4}`, kind, at: at(this.nowMs) }),
      );
    }
  }

  #send(how: Extract<Happening, { kind: 'send' }>['how']): void {
    const next = step(this.waiting, this.state, this.nowMs);
    assert.deepEqual(step(this.waiting, this.state, this.nowMs), next, 'it answers the same again');
    if (next.kind === 'wait') return;
    if (next.kind === 'expire') {
      this.state = noticesExpired(this.state, next.notices.length);
      this.#leave(next.notices, this.lost);
      return;
    }
    const { letter } = next;
    const begun = letterBegun(this.state, letter);
    const isGot = how === 'sent' || how === 'crash after it was sent';
    if (isGot) this.got.push({ letter, ms: this.nowMs });
    if (how === 'crash after it was sent') {
      this.state = begun;
    } else if (how === 'sent') {
      this.state = letterSent(begun, channel, at(this.nowMs));
      this.#leave(letter.notices, this.given);
    } else {
      const failure = how === 'permanent' ? permanent : passing;
      const after = letterFailed(begun, failure, { channel, now: at(this.nowMs), chance: 0.5 });
      this.state = after.state;
      if (after.isGivenUp) this.#leave(letter.notices, this.lost);
    }
  }

  #leave(ids: readonly number[], to: Set<number>): void {
    for (const id of ids) to.add(id);
    this.waiting = this.waiting.filter(({ id }) => !ids.includes(id));
  }
}

describe('whatever happens to a channel,', () => {
  function everyStory(check: (story: Story, events: readonly Happening[]) => void): void {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (events) => {
        const story = new Story();
        for (const event of events) story.happen(event);
        check(story, events);
      }),
      { numRuns: 2_000 },
    );
  }

  test('each notice is told, given up visibly, or still waits, and only one of them', () => {
    everyStory(({ given, lost, waiting, last }) => {
      assert.equal(given.size + lost.size + waiting.length, last);
    });
  });

  test('nothing is told twice, but for the one letter of a crash, which keeps its name', () => {
    everyStory(({ got }) => {
      const seen = new Map<number, string>();
      for (const { letter } of got) {
        const name = JSON.stringify(letter);
        for (const id of letter.notices) {
          assert.equal(seen.get(id) ?? name, name);
          seen.set(id, name);
        }
      }
    });
  });

  test('no stretch of time has more messages than the rate allows, but for those of crashes', () => {
    everyStory(({ got }, events) => {
      const isCrash = (event: Happening): boolean => event.kind === 'send' && event.how.startsWith('crash');
      if (events.some(isCrash)) return;
      for (const { ms } of got) {
        const within = got.filter((one) => one.ms > ms - hourMs && one.ms <= ms);
        assert.ok(within.length <= channel.rate.count, `${within.length} messages within an hour`);
      }
    });
  });

  test('it tells all that waits as soon as it works again', () => {
    everyStory((story) => {
      for (let round = 0; round < 40; round += 1) {
        story.happen({ kind: 'time', ms: hourMs });
        story.happen({ kind: 'send', how: 'sent' });
      }
      assert.equal(story.waiting.length, 0);
    });
  });
});
