import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { quietAlarm } from './alarm/alarm.ts';
import { decide, type Decision } from './decide.ts';
import type { ChainDefinition } from './definition.ts';
import type { ChainEvent } from './event.ts';
import type { Facts } from './facts.ts';
import { learn } from './learn.ts';
import { isPausedAt } from './pause.ts';
import { toMonotonicMs } from './units.ts';
import { pauseOf, waitUntil } from '../../test/support/chain-facts.ts';
import { toldKinds } from '../../test/support/told-kinds.ts';
import { holds, play, stories, type Step } from '../../test/support/learned-stories.ts';

describe('whatever happens, in whatever order', () => {
  test('no run begins while another is not over', () => {
    holds((steps) => {
      for (const { before, after } of steps) {
        const [old, present] = [before.state.run, after.state.run];
        assert.ok(old === null || present === null || old.number === present.number);
      }
    });
  });

  test('run numbers grow one by one, and never go back', () => {
    holds((steps) => {
      for (const { before, event, after } of steps) {
        const grown = after.state.lastRun - before.state.lastRun;
        assert.equal(grown, event?.kind === 'run intended' ? 1 : 0);
        assert.ok(after.state.run === null || after.state.run.number === after.state.lastRun);
      }
    });
  });

  test('each run gets exactly one outcome, at the latest when it is gone', () => {
    holds((steps) => {
      const ended: number[] = [];
      for (const { before, after, told } of steps) {
        for (const one of told) if (one.kind === 'run ended') ended.push(one.run.number);
        const gone = after.state.run === null ? before.state.run : null;
        if (gone !== null) assert.equal(ended.at(-1), gone.number);
      }
      assert.equal(new Set(ended).size, ended.length);
    });
  });

  test('a run never goes back to an earlier stage', () => {
    const order = ['intended', 'running', 'left behind'];
    holds((steps) => {
      for (const { before, after } of steps) {
        const [old, present] = [before.state.run, after.state.run];
        if (old === null || present === null) continue;
        assert.ok(order.indexOf(present.stage.kind) >= order.indexOf(old.stage.kind));
      }
    });
  });

  test('an event about another run changes nothing', () => {
    holds((steps) => {
      for (const { before, event, after, told } of steps) {
        if (event?.kind !== 'run ended' && event?.kind !== 'run over') continue;
        if (event.run === before.state.run?.number) continue;
        assert.equal(after, before);
        assert.deepEqual(told, []);
      }
    });
  });

  test('a streak counts the failures since the last success', () => {
    holds((steps) => {
      const expected = new Map<string, number>();
      for (const step of steps) {
        const { after, told } = step;
        for (const task of expected.keys()) if (isForgotten(task, step)) expected.delete(task);
        for (const one of told) {
          if (one.kind !== 'run ended' || one.verdict === 'no verdict') continue;
          const streak = one.verdict === 'success' ? 0 : (expected.get(one.run.task) ?? 0) + 1;
          expected.set(one.run.task, streak);
          assert.equal(one.streak, streak);
        }
        for (const [task, streak] of expected) assert.equal(after.state.streaks[task] ?? 0, streak);
      }
    });
  });

  test('the next run has a task, known by its name, and passes never go back', () => {
    holds((steps) => {
      for (const { before, after, definition } of steps) {
        const { taskIndex, nextTask } = after.state;
        const task = definition.tasks[taskIndex];
        assert.ok(task !== undefined);
        assert.equal(nextTask ?? task.name, task.name);
        assert.ok(after.state.pass === before.state.pass || after.state.pass === before.state.pass + 1);
      }
    });
  });

  test('after the end of a run its cooldown is in force, and only a withdrawn run has none', () => {
    holds((steps) => {
      for (const { after, told } of steps) {
        const end = told.find((one) => one.kind === 'run ended');
        if (end?.kind !== 'run ended') continue;
        assert.equal(after.state.cooldown === null, end.outcome.kind === 'withdrawn');
      }
    });
  });

  test('the facts never hold what decide cannot answer', () => {
    holds((steps) => {
      for (const { after, definition } of steps) decide(after, definition, toMonotonicMs(1_000_000));
    });
  });

  test('asked twice is asked once', () => {
    holds((steps) => {
      for (const { event, after, definition } of steps) {
        if (event?.kind !== 'asked' || event.request.kind === 'stop asked') continue;
        const again = learn(after, event, definition);
        assert.deepEqual(again.facts, after);
        const isToldAgain = ['pause asked', 'mute asked', 'chain stopped', 'worker outdated'];
        if (!isToldAgain.includes(event.request.kind)) assert.deepEqual(again.told, []);
      }
    });
  });

  test('nothing that people ask touches the run, the streaks, the cooldown or the position', () => {
    holds((steps) => {
      for (const { before, event, after } of steps) {
        if (event?.kind !== 'asked') continue;
        assert.deepEqual(untouched(after), untouched(before));
      }
    });
  });

  test('a change of the definition touches neither the run, nor the cooldown, nor a number', () => {
    holds((steps) => {
      for (const { before, event, after } of steps) {
        if (event?.kind !== 'definition changed') continue;
        const { taskIndex, streaks } = before.state;
        assert.deepEqual({ ...untouched(after), taskIndex, streaks }, untouched(before));
      }
    });
  });

  test('a new runner keeps the cooldown, whatever becomes of pause and stop', () => {
    holds((steps) => {
      for (const { before, event, after } of steps) {
        if (event === null) assert.deepEqual(after.state.cooldown, before.state.cooldown);
      }
    });
  });

  test('the same task is next by another definition as well, in a reload and for a new runner', () => {
    holds((steps) => {
      for (const { before, event, after, definition } of steps) {
        if (event !== null && event.kind !== 'definition changed') continue;
        const { nextTask } = before.state;
        const names = definition.tasks.map(({ name }) => name);
        const isThere = nextTask !== null && names.includes(nextTask);
        if (isThere) assert.equal(after.state.nextTask, nextTask);
        assert.equal(names[after.state.taskIndex], after.state.nextTask);
      }
    });
  });

  test('a cooldown is waited for to its end, after a pause and a resume too, unless somebody poked', () => {
    holds((steps) => {
      for (const { before, event, nowMs } of steps) {
        if (!isTurn(event) || before.state.isPoked) continue;
        assert.ok((before.state.cooldown?.until ?? 0) <= nowMs);
      }
    });
  });

  test('a poke makes one run at most, and none is left from it', () => {
    holds((steps) => {
      let pokes = 0;
      for (const { before, event, told, nowMs } of steps) {
        if (told.some(({ kind }) => kind === 'poked')) pokes += 1;
        if (!isTurn(event)) continue;
        const isEarly = (before.state.cooldown?.until ?? 0) > nowMs;
        assert.ok(!isEarly || pokes === 1, `${pokes} pokes`);
        pokes = 0;
      }
    });
  });

  test('a skip leaves out one run, and without one none is left out', () => {
    holds((steps) => {
      let skips = 0;
      for (const { event, told } of steps) {
        if (told.some(({ kind }) => kind === 'skip asked')) skips += 1;
        if (event?.kind !== 'run skipped') continue;
        assert.equal(skips, 1);
        skips = 0;
      }
    });
  });

  test('nothing begins while the chain is paused or stopped', () => {
    holds((steps) => {
      for (const { before, event, nowMs } of steps) {
        if (!isTurn(event) && event?.kind !== 'run started') continue;
        assert.ok(!isPausedAt(before.state.pause, toMonotonicMs(nowMs)));
        assert.equal(before.state.stopped, null);
      }
    });
  });

  test('a pause never ends a run, and keeps none from its end', () => {
    holds((steps) => {
      for (const { after, definition, nowMs } of steps) {
        const { run } = after.state;
        if (run === null || run.stage.kind === 'intended') continue;
        const answers = [null, pauseOf(0), pauseOf(0, waitUntil(nowMs + 1))].map((pause) =>
          decideOfRun({ ...after, state: { ...after.state, pause } }, definition, nowMs),
        );
        assert.deepEqual(answers[1], answers[0]);
        assert.deepEqual(answers[2], answers[0]);
      }
    });
  });

  test('a worker is let go only while no run is in its care', () => {
    holds((steps) => {
      for (const { before, event } of steps) {
        if (event?.kind === 'worker released') assert.ok((before.state.run?.stage.kind ?? 'none') in isFree);
      }
    });
  });

  test('everything is told in some story', () => {
    const kinds = new Set<string>();
    for (const story of fc.sample(stories, { numRuns: 1_000, seed: 7 }))
      for (const { told } of play(story)) for (const { kind } of told) kinds.add(kind);
    assert.deepEqual([...kinds].toSorted(), Object.keys(toldKinds).toSorted());
  });
});

const isFree: Readonly<Record<string, true>> = { none: true, intended: true };

/** A run begins, or is left out. */
function isTurn(event: ChainEvent | null): boolean {
  return event?.kind === 'run intended' || event?.kind === 'run skipped';
}

/** Whether it is a task that is gone, by a change of the definition. */
function isForgotten(task: string, { event, definition, before }: Step): boolean {
  if (event !== null && event.kind !== 'definition changed') return false;
  return !definition.tasks.some(({ name }) => name === task) && before.state.run?.task !== task;
}

function untouched({ state }: Facts): Partial<Facts['state']> {
  const { run, streaks, cooldown, lastRun, pass, taskIndex } = state;
  return { run, streaks, cooldown, lastRun, pass, taskIndex };
}

/** What `decide` says, leaving out what people are told meanwhile: a pause keeps that back. */
function decideOfRun({ state, ...facts }: Facts, definition: ChainDefinition, nowMs: number): Decision {
  const quiet = { ...facts, state: { ...state, alarm: quietAlarm, mute: null } };
  return decide(quiet, definition, toMonotonicMs(nowMs));
}
