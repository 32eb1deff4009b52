import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { storedWait } from '../cooldown.ts';
import type { Notice } from '../notice.ts';
import { toDurationMs } from '../units.ts';
import { AlertStory, day, hour, succeeds } from '../../../test/support/alert-story.ts';
import { alertPolicy } from '../../../test/support/chain-definition.ts';

/** A stretch of time in which a share of the runs fails, in one of some ways; and what people do at its end. */
interface Stretch {
  readonly hours: number;
  readonly failing: 'never' | 'always' | 'now and then';
  readonly kind: number;
  readonly end: 'nothing' | 'restart' | 'mute' | 'pause' | 'resume';
}

const stretches: fc.Arbitrary<readonly Stretch[]> = fc.array(
  fc.record({
    hours: fc.integer({ min: 1, max: 90 }),
    failing: fc.constantFrom('never', 'always', 'now and then'),
    kind: fc.nat(3),
    end: fc.constantFrom('nothing', 'nothing', 'restart', 'mute', 'pause', 'resume'),
  }),
  { minLength: 1, maxLength: 8 },
);

const alerts = { ...alertPolicy, freshnessMs: toDurationMs(3 * hour) };
const everyHour = [{ successMs: hour - 1_000, failure: hour - 1_000 }];
const texts = ['ERROR: deadlock detected', 'curl: (7) Failed to connect', 'no space left', '451 try later'];

/** Plays the stretches, and then a week and a day in which nobody does anything. */
async function play(
  story: readonly Stretch[],
  { withRestarts, lastly }: { readonly withRestarts: boolean; readonly lastly: Stretch['failing'] },
): Promise<AlertStory> {
  let now: Stretch = { hours: 1, failing: 'never', kind: 0, end: 'nothing' };
  const chain = new AlertStory({ tasks: everyHour, alerts }, ({ number }) => {
    const fails = now.failing === 'always' || (now.failing === 'now and then' && number % 7 === 0);
    return fails ? (texts[now.kind] ?? '') : succeeds;
  });
  await chain.start('kept');
  // All that people do comes between two runs: a runner that died does not hear the end of one.
  await chain.advance(hour / 2);
  for (const stretch of story) {
    now = stretch;
    await chain.advance(stretch.hours * hour);
    await act(chain, stretch.end, withRestarts);
  }
  await chain.resume();
  now = { ...now, failing: lastly };
  await chain.advance(8 * day);
  return chain;
}

async function act(chain: AlertStory, end: Stretch['end'], withRestarts: boolean): Promise<void> {
  const here = { boot: chain.clock.boot, now: chain.clock.now() };
  if (end === 'restart' && withRestarts) await chain.start('kept');
  if (end === 'pause') await chain.pause();
  if (end === 'resume') await chain.resume();
  if (end !== 'mute') return;
  const until = storedWait(toDurationMs(20 * hour), here);
  await chain.ask({ kind: 'mute asked', at: here.now, by: 'ada', until });
}

function holds(lastly: Stretch['failing'], check: (chain: AlertStory) => void): Promise<void> {
  return fc.assert(
    fc.asyncProperty(stretches, async (story) => check(await play(story, { withRestarts: true, lastly }))),
    { numRuns: 12 },
  );
}

/** All notices of each subject, held ones too, since a reader may look at those. */
function bySubject(chain: AlertStory): readonly (readonly Notice[])[] {
  const notices = chain.told.flatMap((told) => (told.kind === 'notice' ? [told.notice] : []));
  const subjects = new Set(notices.map(({ subject }) => subject));
  return [...subjects].map((subject) => notices.filter((notice) => notice.subject === subject));
}

const ends = ['incident healed', 'flapping over', 'fresh again', 'unblocked', 'alerts resumed'];
const lasting = ['incident lasts', 'flapping lasts', 'not fresh lasts'];

describe('whatever happens to a chain', () => {
  test('nothing is told twice of a subject but that it lasts, and a new kind', () =>
    holds('never', (chain) => {
      for (const notices of bySubject(chain)) {
        const once = notices
          .map(({ kind }) => kind)
          .filter((kind) => !lasting.includes(kind) && kind !== 'new kind');
        assert.equal(new Set(once).size, once.length);
      }
    }));

  test('that something lasts is told at gaps that grow', () =>
    holds('always', (chain) => {
      for (const notices of bySubject(chain)) {
        const moments = notices.filter(({ kind }) => lasting.includes(kind)).map(({ at }) => Number(at));
        const gaps = moments.slice(1).map((at, index) => at - (moments[index] ?? 0));
        assert.ok(gaps.every((gap, index) => gap >= Math.min(24 * hour * 2 ** index, 7 * day)));
      }
    }));

  test('each subject has an end once the chain works again, and nothing is told after it', () =>
    holds('never', (chain) => {
      for (const notices of bySubject(chain)) {
        const kinds: string[] = notices.map(({ kind }) => kind);
        assert.ok(ends.includes(kinds.at(-1) ?? ''), kinds.join(', '));
        assert.equal(kinds.filter((kind) => ends.includes(kind)).length, 1);
      }
      const { incidents, flapping, freshness, blocked, late, held } = chain.stored.alarm;
      assert.deepEqual([incidents, freshness?.missed, blocked, late, held], [[], null, null, null, null]);
      assert.ok(flapping.every(({ episode }) => episode === null));
    }));

  test('a task that goes on failing is not forgotten for longer than a week', () =>
    holds('always', (chain) => {
      const last = chain.notices.at(-1);
      const now = chain.clock.now().wall;
      assert.ok(last !== undefined && now - last.at <= 7 * day);
    }));

  test('a restart repeats nothing and forgets nothing', () =>
    fc.assert(
      fc.asyncProperty(stretches, async (story) => {
        const [one, other] = [true, false].map((withRestarts) =>
          play(story, { withRestarts, lastly: 'never' }),
        );
        assert.deepEqual((await one)?.transcript, (await other)?.transcript);
      }),
      { numRuns: 12 },
    ));
});
