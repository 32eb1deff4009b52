import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { Dispatcher } from '../../src/alert/dispatcher.ts';
import type { Message } from '../../src/alert/message.ts';
import { failed, refused, type Sent } from '../../src/alert/sending.ts';
import type { Channel } from '../../src/core/channel.ts';
import { retriedAtOnce } from '../../src/core/delivery.ts';
import { toDurationMs } from '../../src/core/units.ts';
import type { Outbox, Taken } from '../../src/ports.ts';
import type { Database } from '../../src/store/database.ts';
import { openState } from '../../src/store/open-state.ts';
import { changeChannelState, createOutbox, readChannelFigures } from '../../src/store/outbox.ts';
import { channelTo } from '../support/channels.ts';
import { holderNamed } from '../support/memory-host.ts';
import { origin } from '../support/messages.ts';
import { Schedule } from '../support/schedule.ts';
import { settled } from '../support/settled.ts';
import { incidentNotice, rowsIn, storeNotice, type NoticeWishes } from '../support/stored-notices.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const graceMs = toDurationMs(5_000);
const command = { kind: 'command', argv: ['/bin/true'], directory: '/', environment: {} } as const;

/** A message that is being sent, and what the test lets become of it. */
interface UnderWay {
  readonly channel: string;
  readonly message: Message;
  readonly signal: AbortSignal;
  readonly end: (sent: Sent) => Promise<void>;
}

/** A state folder with an outbox, for the dispatchers of a test, one after the other or side by side. */
class AlertStory {
  readonly schedule = new Schedule();
  readonly clock = new VirtualClock(this.schedule);
  readonly underWay: UnderWay[] = [];
  readonly sent: Message[] = [];
  readonly notes: string[] = [];
  readonly database: Database;
  outbox: Outbox;
  holders = 0;
  takes = 0;
  readonly #answers: Sent[] = [];

  constructor(database: Database, path: string) {
    this.database = database;
    this.outbox = createOutbox(database, path);
  }

  dispatcher(channels: readonly Channel[], keepsRight = true): Dispatcher {
    const parts = {
      outbox: this.outbox,
      clock: this.clock,
      random: { next: () => 0 },
      take: () => this.#take(),
      keepsRight,
      origin,
      attempted: () => undefined,
      note: (text: string) => void this.notes.push(text),
      send: (channel: Channel, message: Message, signal: AbortSignal) =>
        this.#send(channel.name, message, signal),
    };
    const made = new Dispatcher(parts, channels);
    made.wake();
    return made;
  }

  store(wishes: NoticeWishes = {}): void {
    const { chain = 'mail' } = wishes;
    const atMs = this.clock.now().wall - Date.UTC(2026, 10, 24);
    storeNotice(this.database, incidentNotice({ atMs, ...wishes }), { chain });
  }

  /** The next attempts end so, at once; after them the test ends each by itself. */
  answer(...answers: readonly Sent[]): void {
    this.#answers.push(...answers);
  }

  advance(ms: number): Promise<void> {
    return this.schedule.advance(ms);
  }

  /** What became of the notices. */
  states(): readonly unknown[] {
    return rowsIn(this.database, 'SELECT state FROM delivery ORDER BY channel, notice').map(
      ([state]) => state,
    );
  }

  async #take(): Promise<Taken> {
    this.takes += 1;
    if (this.holders > 0) return { kind: 'held elsewhere', holder: holderNamed(1) };
    this.holders += 1;
    return { kind: 'taken', release: () => void (this.holders -= 1) };
  }

  #send(channel: string, message: Message, signal: AbortSignal): Promise<Sent> {
    const answer = this.#answers.shift();
    if (answer?.kind === 'sent') this.sent.push(message);
    if (answer !== undefined) return Promise.resolve(answer);
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(failed('broken off')), { once: true });
      const end = async (sent: Sent): Promise<void> => {
        this.underWay.splice(this.underWay.indexOf(entry), 1);
        if (sent.kind === 'sent') this.sent.push(message);
        resolve(sent);
        await settled();
      };
      const entry: UnderWay = { channel, message, signal, end };
      this.underWay.push(entry);
    });
  }
}

const sent: Sent = { kind: 'sent', answer: 'ok' };

async function begin(t: TestContext): Promise<AlertStory> {
  const folder = mkdtempSync(join(tmpdir(), 'runner-alerts-'));
  const path = join(folder, 'state.db');
  const database = await openState(path);
  t.after(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });
  return new AlertStory(database, path);
}

function channelNamed(name: string, changed: Partial<Channel> = {}): Channel {
  return channelTo(command, { name, ...changed });
}

describe('a notice', () => {
  test('is sent when the dispatcher is woken, once by each channel', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a'), channelNamed('b')]);
    await story.advance(1_000);
    story.store();
    dispatcher.wake();
    story.answer(sent, sent);
    await story.advance(200);
    assert.deepEqual(story.states(), ['sent', 'sent']);
    await story.advance(hourMs);
    assert.equal(story.sent.length, 2);
    await dispatcher.stop(graceMs);
  });

  test('that another process has stored is found soon', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a')]);
    await story.advance(1_000);
    story.store();
    story.answer(sent);
    await story.advance(5_000);
    assert.equal(story.sent.length, 1);
    await dispatcher.stop(graceMs);
  });

  test('waits for the one before it in its own channel, and for no other channel', async (t) => {
    const story = await begin(t);
    story.store();
    story.store({ firstRun: 30 });
    const dispatcher = story.dispatcher([channelNamed('slow'), channelNamed('fast')]);
    await story.advance(200);
    assert.deepEqual(
      story.underWay.map(({ channel }) => channel),
      ['slow', 'fast'],
    );
    await story.underWay[1]?.end(sent);
    await story.advance(200);
    assert.deepEqual(
      story.underWay.map(({ channel }) => channel),
      ['slow', 'fast'],
    );
    await story.underWay[1]?.end(sent);
    await story.advance(200);
    assert.deepEqual(story.states(), ['sent', 'sent', 'waiting', 'waiting']);
    const stopped = dispatcher.stop(graceMs);
    await story.advance(5_000);
    await stopped;
  });

  test('that cannot be read any more is given up, and holds nothing up', async (t) => {
    const story = await begin(t);
    story.store();
    story.store({ firstRun: 30 });
    story.database.exec("UPDATE notice SET body = '[]' WHERE id = 1");
    const dispatcher = story.dispatcher([channelNamed('a')]);
    story.answer(sent);
    await story.advance(1_000);
    assert.deepEqual(story.states(), ['refused', 'sent']);
    await dispatcher.stop(graceMs);
  });
});

describe('a channel that fails', () => {
  test('is tried again, says so once, and once that it works', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a')]);
    story.store();
    story.answer(failed('it is busy'), failed('it is busy'), sent);
    await story.advance(minuteMs);
    assert.deepEqual(story.states(), ['sent']);
    assert.deepEqual(story.notes, [
      'alerts by a cannot be sent: it is busy; it is tried again in 10s, no chain waits for it',
      'alerts by a are sent again, after 30s',
    ]);
    assert.deepEqual(rowsIn(story.database, 'SELECT attempts, error FROM delivery'), [[3, 'it is busy']]);
    await dispatcher.stop(graceMs);
  });

  test('is tried soon, however long it was to wait, when somebody has seen it work', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a')]);
    story.store();
    story.answer(...Array.from({ length: 5 }, () => failed('it is down')));
    await story.advance(3 * minuteMs);
    assert.deepEqual(story.states(), ['waiting']);
    changeChannelState(story.database, 'a', retriedAtOnce);
    story.answer(sent);
    await story.advance(6_000);
    assert.deepEqual(story.states(), ['sent']);
    await dispatcher.stop(graceMs);
  });

  test('tells with exact counts what waited for it, and what was given up', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a', { expireMs: toDurationMs(hourMs) })]);
    for (let firstRun = 1; firstRun <= 30; firstRun += 1) story.store({ firstRun });
    story.answer(...Array.from({ length: 10 }, () => failed('it is down')));
    await story.advance(hourMs);
    for (let firstRun = 40; firstRun < 352; firstRun += 1)
      story.store({ firstRun, chain: firstRun < 50 ? 'web' : 'mail' });
    story.answer(...Array.from({ length: 3 }, () => failed('it is down')), sent);
    await story.advance(hourMs);
    const [digest] = story.sent;
    assert.equal(story.sent.length, 1);
    assert.ok(digest !== undefined);
    assert.equal(digest.title, '312 notices of 2 chains');
    const facts = new Map(digest.facts.map(({ name, text }) => [name, text]));
    assert.equal(facts.get('And 292 more'), 'which are not shown here');
    assert.equal(facts.get('By chain'), 'mail 302, web 10');
    assert.match(digest.remarks[0] ?? '', /^30 notices could not be told/);
    await dispatcher.stop(graceMs);
  });

  test('that refuses for good gets the next notice, after the fourth refusal', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a')]);
    story.store();
    story.answer(
      refused('no such user'),
      refused('no such user'),
      refused('no such user'),
      refused('no'),
      sent,
    );
    await story.advance(4 * hourMs);
    assert.deepEqual(story.states(), ['refused']);
    story.store({ firstRun: 30 });
    await story.advance(7 * hourMs);
    assert.deepEqual(story.states(), ['refused', 'sent']);
    assert.match(story.sent[0]?.remarks[0] ?? '', /^1 notice could not be told/);
    await dispatcher.stop(graceMs);
  });
});

describe('10 000 notices in a minute', () => {
  test('are a few messages, the first of them at once, and the last of them tells the end', async (t) => {
    const story = await begin(t);
    const rate = { count: 3, perMs: toDurationMs(hourMs) };
    const dispatcher = story.dispatcher([channelNamed('a', { rate })]);
    await story.advance(1_000);
    story.answer(sent, sent, sent, sent, sent);
    for (let second = 0; second < 50; second += 1) {
      story.database.exec('BEGIN');
      for (let index = 0; index < 180; index += 1) story.store({ firstRun: second * 200 + index + 1 });
      story.database.exec('COMMIT');
      dispatcher.wake();
      await story.advance(1_000);
    }
    story.store({ firstRun: 1, kind: 'incident healed' });
    assert.equal(story.sent.length, 3);
    assert.match(story.sent[2]?.remarks[0] ?? '', /^This channel has reached its limit of 3 messages in 1 h/);
    await story.advance(2 * hourMs);
    const counts = story.sent.map(({ data }) => (data.kind === 'digest' ? data.count : 1));
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      9_001,
    );
    assert.ok(counts.length <= 4, String(counts));
    await dispatcher.stop(graceMs);
  });
});

describe('a runner that ends', () => {
  test('still sends what can be sent at once', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a')], false);
    await story.advance(1_000);
    story.store();
    story.store({ firstRun: 30 });
    story.answer(sent, sent);
    dispatcher.wake();
    await dispatcher.stop(graceMs);
    assert.deepEqual(story.states(), ['sent', 'sent']);
    assert.equal(story.holders, 0);
  });

  test('breaks off what takes longer, and the next one sends it by the same name', async (t) => {
    const story = await begin(t);
    const first = story.dispatcher([channelNamed('a')]);
    for (let firstRun = 1; firstRun < 4; firstRun += 1) story.store({ firstRun });
    await story.advance(200);
    const [begun] = story.underWay;
    const stopped = first.stop(graceMs);
    await story.advance(5_000);
    await stopped;
    assert.equal(story.holders, 0);
    assert.deepEqual(
      readChannelFigures(story.database).map(({ waiting }) => waiting),
      [3],
    );
    const second = story.dispatcher([channelNamed('a')]);
    story.answer(sent, sent, sent);
    await story.advance(5_000);
    assert.equal(story.sent[0]?.id, begun?.message.id);
    assert.equal(story.sent.length, 3);
    await second.stop(graceMs);
  });

  test('has no timer left', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a')]);
    await story.advance(1_000);
    await dispatcher.stop(graceMs);
    dispatcher.wake();
    story.store();
    await story.advance(hourMs);
    assert.deepEqual(story.states(), []);
  });
});

describe('of two processes', () => {
  test('one sends, and the other when that one has ended', async (t) => {
    const story = await begin(t);
    const first = story.dispatcher([channelNamed('a')]);
    await story.advance(1_000);
    const second = story.dispatcher([channelNamed('a')]);
    story.store();
    story.answer(sent);
    second.wake();
    await story.advance(6_000);
    assert.equal(story.sent.length, 1);
    await first.stop(graceMs);
    story.store({ firstRun: 30 });
    story.answer(sent);
    await story.advance(6_000);
    assert.equal(story.sent.length, 2);
    await second.stop(graceMs);
  });

  test('one that keeps nothing tries only while there is something to send, and gives the right back', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a')], false);
    await story.advance(minuteMs);
    assert.equal(story.takes, 0);
    story.store();
    story.answer(sent);
    dispatcher.wake();
    await story.advance(1_000);
    assert.deepEqual([story.sent.length, story.holders], [1, 0]);
    await dispatcher.stop(graceMs);
  });
});

describe('a state that cannot be stored', () => {
  test('holds the sending up, and no more', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a')]);
    await story.advance(1_000);
    story.store();
    story.database.exec('PRAGMA query_only = 1');
    await story.advance(minuteMs);
    assert.equal(story.underWay.length, 0);
    story.database.exec('PRAGMA query_only = 0');
    story.answer(sent);
    await story.advance(minuteMs);
    assert.deepEqual(story.states(), ['sent']);
    await dispatcher.stop(graceMs);
  });

  test('after a message was sent lets it be sent again, by the same name', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a')]);
    story.store();
    await story.advance(200);
    story.database.exec('PRAGMA query_only = 1');
    await story.underWay[0]?.end(sent);
    await story.advance(minuteMs);
    story.database.exec('PRAGMA query_only = 0');
    story.answer(sent);
    await story.advance(minuteMs);
    assert.deepEqual(
      story.sent.map(({ id }) => id),
      [story.sent[0]?.id, story.sent[0]?.id],
    );
    assert.deepEqual(story.states(), ['sent']);
    await dispatcher.stop(graceMs);
  });
});

describe('other channels', () => {
  test('get what comes from then on, and one that was changed is tried at once', async (t) => {
    const story = await begin(t);
    const dispatcher = story.dispatcher([channelNamed('a')]);
    story.store();
    story.answer(failed('it is down'), failed('it is down'), failed('it is down'));
    await story.advance(50_000);
    story.answer(sent, sent, sent);
    dispatcher.change([channelTo({ ...command, argv: ['/bin/other'] }, { name: 'a' }), channelNamed('b')]);
    await story.advance(200);
    story.store({ firstRun: 30 });
    await story.advance(6_000);
    assert.deepEqual(story.states(), ['sent', 'sent', 'sent']);
    await dispatcher.stop(graceMs);
  });
});
