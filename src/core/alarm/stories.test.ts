import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { storedWait } from '../cooldown.ts';
import { toDurationMs } from '../units.ts';
import { alertPolicy } from '../../../test/support/chain-definition.ts';
import { AlertStory, day, hour, minute, succeeds, type Plan } from '../../../test/support/alert-story.ts';
import type { StoryWishes } from '../../../test/support/chain-story.ts';

const everyFiveMinutes = [{ successMs: 5 * minute - 1_000, failure: 5 * minute - 1_000 }];
const everyHour = [{ successMs: hour - 1_000, failure: hour - 1_000 }];

/** A chain that began, and has gone by its plan for so long. */
async function after(lengthMs: number, plan: Plan, wishes: StoryWishes = {}): Promise<AlertStory> {
  const story = new AlertStory({ tasks: everyFiveMinutes, ...wishes }, plan);
  await story.start();
  await story.advance(lengthMs);
  return story;
}

function between(fromMs: number, toMs: number, text: string): Plan {
  return ({ atMs }) => (atMs >= fromMs && atMs < toMs ? text : succeeds);
}

async function mute(story: AlertStory, lengthMs: number): Promise<void> {
  const here = { boot: story.clock.boot, now: story.clock.now() };
  const until = storedWait(toDurationMs(lengthMs), here);
  await story.ask({ kind: 'mute asked', at: here.now, by: 'ada', until });
}

describe('people are told', () => {
  test('of one failure at once, and of its end', async () => {
    const story = await after(day, between(hour, hour + minute, 'curl: (7) Failed to connect'));
    assert.deepEqual(story.transcript, [
      'day 0 01:00 incident opened: curl: (7) Failed to connect',
      'day 0 01:05 incident healed: 1 failures, 1 kinds',
    ]);
  });

  test('of 750 failures in a weekend by four messages', async () => {
    const story = await after(4 * day, between(hour, hour + 62.5 * hour, 'ERROR: out of space'));
    assert.deepEqual(story.transcript, [
      'day 0 01:00 incident opened: ERROR: out of space',
      'day 0 13:00 incident lasts: 145 failures, 1 kinds',
      'day 1 13:00 incident lasts: 433 failures, 1 kinds',
      'day 2 15:30 incident healed: 750 failures, 1 kinds',
    ]);
  });

  test('of a task that fails at 02:00 each night that it flaps, and at growing gaps', async () => {
    const nightly: Plan = ({ atMs }) => (atMs % day === 2 * hour ? 'ERROR: deadlock detected' : succeeds);
    const story = await after(16 * day, (run) => (run.atMs < 14 * day ? nightly(run) : succeeds), {
      tasks: everyHour,
    });
    assert.deepEqual(story.transcript, [
      'day 0 02:00 incident opened: ERROR: deadlock detected',
      'day 0 03:00 incident healed: 1 failures, 1 kinds',
      'day 1 02:00 incident opened: ERROR: deadlock detected',
      'day 1 03:00 incident healed: 1 failures, 1 kinds',
      'day 2 02:00 flapping: 3 incidents, 3 failures',
      'day 2 14:00 flapping lasts: 3 incidents, 3 failures',
      'day 3 14:00 flapping lasts: 4 incidents, 4 failures',
      'day 5 14:00 flapping lasts: 6 incidents, 6 failures',
      'day 9 14:00 flapping lasts: 10 incidents, 10 failures',
      'day 15 02:00 flapping over: 14 incidents, 14 failures',
    ]);
  });

  test('of 375 incidents in a weekend as of one that flaps', async () => {
    const story = await after(6 * day, ({ number, atMs }) =>
      number % 2 === 0 && atMs < 62.5 * hour ? 'ERROR: deadlock detected' : succeeds,
    );
    assert.deepEqual(
      story.notices.map(({ kind }) => kind).filter((kind) => kind.startsWith('incident')),
      ['incident opened', 'incident healed', 'incident opened', 'incident healed'],
    );
    assert.deepEqual(story.transcript.slice(4), [
      'day 0 00:25 flapping: 3 incidents, 3 failures',
      'day 0 12:25 flapping lasts: 75 incidents, 75 failures',
      'day 1 12:25 flapping lasts: 219 incidents, 219 failures',
      'day 3 12:25 flapping lasts: 375 incidents, 375 failures',
      'day 4 14:25 flapping over: 375 incidents, 375 failures',
    ]);
  });

  test('of a new kind of failure within an incident, and not of the same with another number', async () => {
    const texts = [
      'ERROR: id 17 is gone',
      'ERROR: id 4711 is gone',
      'curl: (28) timed out',
      'ERROR: id 3 is gone',
    ];
    const story = await after(25 * minute, ({ number }) => texts[number - 1] ?? succeeds);
    assert.deepEqual(story.transcript, [
      'day 0 00:00 incident opened: ERROR: id 17 is gone',
      'day 0 00:10 new kind: curl: (28) timed out',
      'day 0 00:20 incident healed: 4 failures, 2 kinds',
    ]);
  });

  test('of some kinds of a task that never fails twice alike, and then by its reminders', async () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    const word = (index: number): string =>
      `${letters[index % 26]}${letters[Math.floor(index / 26) % 26]}${letters[index % 25]}`;
    const story = await after(13 * hour, ({ number }) => `fatal: ${word(number)}`);
    const kinds = story.notices.map(({ kind }) => kind);
    assert.deepEqual(kinds, [
      'incident opened',
      ...Array.from({ length: 4 }, () => 'new kind'),
      'incident lasts',
    ]);
    const incident = story.stored.alarm.incidents[0];
    assert.deepEqual([incident?.kinds.length, incident?.failures, incident?.otherFailures], [10, 156, 146]);
  });

  test('of a task only after as many failures as they wish', async () => {
    const alerts = { ...alertPolicy, afterFailures: 3 };
    const story = await after(day, ({ number }) => ([2, 3, 10, 11, 12].includes(number) ? 'no' : succeeds), {
      alerts,
    });
    assert.deepEqual(story.transcript, [
      'day 0 00:55 incident opened: exit status 1: no',
      'day 0 01:00 incident healed: 3 failures, 1 kinds',
    ]);
    assert.equal(story.told.filter(({ kind }) => kind === 'incident changed').length, 7);
  });

  test('that the breaker opened, once, and the chain probes until a success', async () => {
    const alerts = { ...alertPolicy, breaker: { failures: 4, probeMs: toDurationMs(30 * minute) } };
    const story = await after(5 * hour, between(0, 3 * hour, 'ERROR: no'), { alerts });
    assert.deepEqual(story.transcript, [
      'day 0 00:00 incident opened: ERROR: no',
      'day 0 00:15 breaker opened: probes every 30m',
      'day 0 03:15 incident healed: 9 failures, 1 kinds',
    ]);
    const [, last] = story.workers.runs.slice(-2).map(({ number }) => number);
    assert.equal(last, 9 + 105 / 5);
  });

  test('of a chain without a success for too long, and of the next one', async () => {
    const alerts = { ...alertPolicy, freshnessMs: toDurationMs(15 * minute) };
    const story = await after(14 * hour, ({ number }) => (number === 2 ? null : succeeds), { alerts });
    story.workers.succeeds();
    await story.advance(hour);
    assert.deepEqual(story.transcript, [
      'day 0 00:15 not fresh for 15m',
      'day 0 12:15 not fresh lasts for 12h15m',
      'day 0 14:00 fresh again for 13h59m59s',
    ]);
  });

  test('of a run that takes far longer than usual, and of its end', async () => {
    const alerts = { ...alertPolicy, lateFactor: 10 };
    const story = await after(hour, ({ number }) => (number === 3 ? null : succeeds), { alerts });
    story.workers.succeeds();
    await story.advance(hour);
    assert.deepEqual(story.transcript, ['day 0 00:15 late run for 5m', 'day 0 01:00 late run ended for 50m']);
  });

  test('of a chain that waits for what a run left behind, and of its end', async () => {
    const alerts = { ...alertPolicy, blockedMs: toDurationMs(30 * minute) };
    const story = new AlertStory({ tasks: everyFiveMinutes, alerts }, () => null);
    await story.start();
    await story.when((workers) => workers.leavesBehind());
    await story.advance(13 * hour);
    await story.when((workers) => workers.leftoversEnd());
    assert.deepEqual(story.transcript, [
      'day 0 00:30 blocked for 30m',
      'day 0 12:30 blocked lasts for 12h30m',
      'day 0 13:00 unblocked for 13h',
    ]);
  });
});

describe('people who want to hear nothing', () => {
  test('of a muted chain are told afterwards what there was, and what is open still', async () => {
    const story = await after(hour, between(2 * hour, 5 * hour, 'ERROR: no'));
    await mute(story, 2 * hour);
    await story.advance(day);
    assert.deepEqual(story.transcript, [
      'day 0 03:00 alerts resumed: 1 incident opened; 1 open',
      'day 0 05:00 incident healed: 36 failures, 1 kinds',
    ]);
    assert.equal(story.held.length, 1);
    assert.equal(story.stored.mute, null);
  });

  test('are told nothing where nothing was held', async () => {
    const story = await after(hour, () => succeeds);
    await mute(story, 2 * hour);
    await story.advance(day);
    assert.deepEqual(story.transcript, []);
  });

  test('are told at once when somebody ends the mute', async () => {
    const story = await after(hour, between(2 * hour, 2 * hour + minute, 'ERROR: no'));
    await mute(story, day);
    await story.advance(3 * hour);
    await story.ask({ kind: 'unmute asked', by: 'ada' });
    assert.deepEqual(story.transcript, [
      'day 0 04:00 alerts resumed: 1 incident opened, 1 incident healed; 0 open',
    ]);
  });

  test('of a paused chain hear its reminders afterwards, and no complaint about its freshness', async () => {
    const alerts = { ...alertPolicy, freshnessMs: toDurationMs(15 * minute) };
    const story = await after(57 * minute, ({ number }) => (number === 12 ? 'ERROR: no' : succeeds), {
      alerts,
    });
    await story.pause();
    await story.advance(14 * hour);
    await story.resume();
    await story.advance(hour);
    assert.deepEqual(story.transcript, [
      'day 0 00:55 incident opened: ERROR: no',
      'day 0 14:57 alerts resumed: 1 incident lasts; 1 open',
      'day 0 14:57 incident healed: 1 failures, 1 kinds',
    ]);
  });
});
