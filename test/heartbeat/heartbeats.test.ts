import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEndedTold } from '../../src/core/event.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { verdictOf } from '../../src/core/outcome.ts';
import { toEpochMs, toFence } from '../../src/core/units.ts';
import { unknownUsage } from '../../src/core/usage.ts';
import { createHeartbeats, type Heartbeats } from '../../src/heartbeat/heartbeats.ts';
import { chainNamed } from '../support/chain-definition.ts';
import { runOf } from '../support/chain-facts.ts';
import { Schedule } from '../support/schedule.ts';
import { settled } from '../support/settled.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const successUrl = 'https://ping.example/secret';
const failureUrl = 'https://ping.example/secret/fail';

/** Heartbeats whose pings end when the test says so. */
class Story {
  readonly schedule = new Schedule();
  readonly notes: string[] = [];
  readonly sent: string[] = [];
  readonly signals: AbortSignal[] = [];
  readonly heartbeats: Heartbeats;
  readonly #answers: ((problem: string | null) => void)[] = [];

  constructor() {
    this.heartbeats = createHeartbeats({
      clock: new VirtualClock(this.schedule),
      note: (text) => void this.notes.push(text),
      ping: (url, signal) => {
        this.sent.push(url);
        this.signals.push(signal);
        return new Promise((resolve) => this.#answers.push(resolve));
      },
    });
  }

  ended(outcome: Outcome = { kind: 'succeeded' }, chain = 'mail'): void {
    const told: RunEndedTold = {
      kind: 'run ended',
      run: runOf(),
      outcome,
      verdict: verdictOf(outcome),
      streak: 0,
      healedStreak: 0,
      endedAt: toEpochMs(1),
      durationMs: null,
      usage: unknownUsage,
      next: null,
    };
    const log = { generation: 1, offset: 0 };
    const heartbeat = { successUrl, failureUrl };
    this.heartbeats.tell({ chain: chainNamed(chain), fence: toFence(1), told, log }, heartbeat);
  }

  async answer(problem: string | null = null): Promise<void> {
    this.#answers.shift()?.(problem);
    await settled();
  }
}

const failure: Outcome = { kind: 'exited', exitCode: 1 };

test('a success and a failure go to their addresses, a run that nobody let finish nowhere', async () => {
  const story = new Story();
  story.ended({ kind: 'stopped' });
  story.ended();
  await story.answer();
  await story.schedule.advance(1_000);
  story.ended(failure);
  assert.deepEqual(story.sent, [successUrl, failureUrl]);
});

test('one ping at a time is on its way for a chain, and the newest wins', async () => {
  const story = new Story();
  story.ended();
  for (const outcome of [failure, failure, { kind: 'succeeded' }, failure] as const) story.ended(outcome);
  await story.schedule.advance(5_000);
  assert.deepEqual(story.sent, [successUrl]);
  await story.answer();
  assert.deepEqual(story.sent, [successUrl, failureUrl]);
  await story.answer();
  await story.schedule.advance(5_000);
  assert.equal(story.sent.length, 2);
});

test('a chain without a cooldown pings once a second', async () => {
  const story = new Story();
  for (let runs = 0; runs < 300; runs += 1) {
    story.ended();
    await story.answer();
    await story.schedule.advance(9);
  }
  assert.equal(story.sent.length, 3);
});

test('chains do not wait for each other', () => {
  const story = new Story();
  story.ended();
  story.ended(failure, 'sync');
  assert.deepEqual(story.sent, [successUrl, failureUrl]);
});

test('that a service is not reached is told once, without the address, and so is its end', async () => {
  const story = new Story();
  for (const problem of ['ECONNREFUSED', 'status 503', null, null]) {
    story.ended();
    await story.answer(problem);
    await story.schedule.advance(1_000);
  }
  assert.deepEqual(story.notes, [
    'a heartbeat of mail does not reach ping.example: ECONNREFUSED; the next run sends another one',
    'heartbeats of mail reach ping.example again',
  ]);
});

test('when the runner ends, the newest is sent, and has two seconds', async () => {
  const story = new Story();
  story.ended();
  await story.answer();
  story.ended(failure);
  story.heartbeats.close();
  story.ended();
  assert.deepEqual(story.sent, [successUrl, failureUrl]);
  await story.schedule.advance(1_999);
  assert.equal(story.signals.map(({ aborted }) => aborted).join(), 'false,false');
  await story.schedule.advance(1);
  assert.equal(story.signals.map(({ aborted }) => aborted).join(), 'true,true');
});
