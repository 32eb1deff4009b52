import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { RunEndedTold } from '../../src/core/event.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { ChainStatus } from '../../src/core/status.ts';
import { toDurationMs, toEpochMs, toFence } from '../../src/core/units.ts';
import { unknownUsage } from '../../src/core/usage.ts';
import { verdictOf } from '../../src/core/outcome.ts';
import { createMetrics, type MetricSources, type RunnerMetrics } from '../../src/metrics/runner-metrics.ts';
import { chainNamed } from '../support/chain-definition.ts';
import { runOf } from '../support/chain-facts.ts';
import { ScriptedControl } from '../support/scripted-control.ts';

interface Story {
  readonly metrics: RunnerMetrics;
  readonly control: ScriptedControl;
  /** A run of a chain has ended. */
  ended(run: {
    readonly chain?: string;
    readonly task?: string;
    readonly outcome?: Outcome;
    readonly durationMs?: number | null;
  }): void;
  /** The lines of the text that begin so. */
  lines(begin: string): Promise<readonly string[]>;
}

function begin(sources: Partial<MetricSources> = {}, changed: Partial<ChainStatus> = {}): Story {
  const control = new ScriptedControl();
  const metrics = createMetrics({
    status: () => {
      const { runner, chains } = control.status();
      return { runner, chains: chains.map((chain) => ({ ...chain, ...changed })) };
    },
    open: () => [],
    waiting: () => [],
    ...sources,
  });
  return {
    metrics,
    control,
    ended({ chain = 'mail', task = 'sendMail', outcome = { kind: 'succeeded' }, durationMs = 300 }) {
      const told: RunEndedTold = {
        kind: 'run ended',
        run: runOf({ task }),
        outcome,
        verdict: verdictOf(outcome),
        streak: 0,
        healedStreak: 0,
        endedAt: toEpochMs(1_700_000_000_500),
        durationMs: durationMs === null ? null : toDurationMs(durationMs),
        usage: unknownUsage,
        next: null,
      };
      const log = { generation: 1, offset: 0 };
      metrics.tell({ chain: chainNamed(chain), fence: toFence(1), told, log });
    },
    async lines(text) {
      return (await metrics.text()).split('\n').filter((line) => line.startsWith(text));
    },
  };
}

test('runs are counted by chain, task and outcome', async () => {
  const story = begin();
  story.ended({});
  story.ended({});
  story.ended({ outcome: { kind: 'exited', exitCode: 3 } });
  story.ended({ task: 'retry', outcome: { kind: 'stopped' } });
  assert.deepEqual(await story.lines('runner_runs_total{'), [
    'runner_runs_total{chain="mail",task="sendMail",outcome="succeeded"} 2',
    'runner_runs_total{chain="mail",task="sendMail",outcome="exited"} 1',
    'runner_runs_total{chain="mail",task="retry",outcome="stopped"} 1',
  ]);
});

test('how long runs took is in buckets, but not of those that nobody let finish', async () => {
  const story = begin();
  for (const durationMs of [100, 101, 59_000, 90_000_000, null]) story.ended({ durationMs });
  story.ended({ durationMs: 5, outcome: { kind: 'stopped' } });
  const values = (await story.lines('runner_run_duration_seconds_')).map((line) => line.split(' ').at(-1));
  assert.deepEqual(values, ['1', '2', '2', '3', '3', '3', '3', '4', '90059.201', '4']);
});

test('the last success of a task is known, also from before the runner came up', async () => {
  const last = {
    run: runOf().number,
    task: 'before',
    outcome: { kind: 'succeeded' },
    endedAt: toEpochMs(1_600_000_000_000),
    durationMs: null,
    streak: 0,
  } as const;
  const story = begin({}, { last });
  story.ended({});
  story.ended({ task: 'failing', outcome: { kind: 'exited', exitCode: 1 } });
  assert.deepEqual(await story.lines('runner_last_success_timestamp_seconds{'), [
    'runner_last_success_timestamp_seconds{chain="mail",task="sendMail"} 1700000000.5',
    'runner_last_success_timestamp_seconds{chain="mail",task="before"} 1600000000',
  ]);
});

test('streaks, cooldowns, mutes and open incidents are those of now', async () => {
  const cooldown = { lengthMs: toDurationMs(4_000), remainingMs: toDurationMs(10) };
  const mute = { since: toEpochMs(1), by: 'ada', remainingMs: toDurationMs(1) };
  const open = [{ chain: 'mail', task: 'sendMail' }];
  const story = begin({ open: () => open }, { streaks: { sendMail: 3 }, cooldown, mute });
  const text = await story.metrics.text();
  for (const line of [
    'runner_failure_streak{chain="mail",task="sendMail"} 3',
    'runner_cooldown_seconds{chain="mail"} 4',
    'runner_muted{chain="mail"} 1',
    'runner_incident_open{chain="mail",task="sendMail"} 1',
    'runner_incidents_open 1',
    'runner_chains{state="waiting"} 1',
    'runner_chains{state="paused"} 0',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
});

test('what became of alerts is counted by channel', async () => {
  const story = begin({ waiting: () => [{ channel: 'ops', count: 7 }] });
  story.metrics.delivered('ops', 'sent');
  story.metrics.delivered('ops', 'failed');
  story.metrics.delivered('ops', 'failed');
  assert.deepEqual(await story.lines('runner_deliveries'), [
    'runner_deliveries_total{channel="ops",result="sent"} 1',
    'runner_deliveries_total{channel="ops",result="failed"} 2',
    'runner_deliveries_waiting{channel="ops"} 7',
  ]);
});

test('a chain that is gone is forgotten, so that reloads do not fill the memory', async () => {
  const story = begin();
  story.ended({ chain: 'gone' });
  assert.deepEqual(await story.lines('runner_runs_total{chain="gone"'), []);
  story.control.names = ['mail', 'gone'];
  assert.deepEqual(await story.lines('runner_runs_total{chain="gone"'), []);
});

test('promtool finds nothing wrong, whatever the names of tasks', async () => {
  const story = begin(
    { open: () => [{ chain: 'mail', task: 'a' }], waiting: () => [{ channel: 'ops', count: 1 }] },
    { streaks: { 'sh: echo "a\\b"\n\u202E{}': 2 } },
  );
  story.ended({ task: 'sh: echo "a\\b"\n\u202E{}' });
  story.ended({});
  story.metrics.delivered('o"p\ns', 'sent');
  const input = await story.metrics.text();
  story.metrics.close();
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  assert.equal(`${status}${stdout}${stderr}`, '0', input);
});

test('ten thousand chains are read without holding the event loop up', async () => {
  const story = begin();
  story.control.names = Array.from({ length: 10_000 }, (_, index) => `chain-${index}`);
  for (const chain of story.control.names) story.ended({ chain });
  let turns = 0;
  let isMade = false;
  const made = story.metrics.text().finally(() => (isMade = true));
  function turn(): void {
    turns += 1;
    if (!isMade) setImmediate(turn);
  }
  turn();
  const lines = (await made).split('\n').length;
  assert.ok(turns > lines / 4_000, `${turns} turns for ${lines} lines`);
});

test('two that ask at once get the same text, which is made once', async () => {
  let asked = 0;
  const story = begin({
    open: () => {
      asked += 1;
      return [];
    },
  });
  const [one, other] = await Promise.all([story.metrics.text(), story.metrics.text()]);
  assert.equal(one, other);
  await story.metrics.text();
  story.metrics.close();
  assert.equal(asked, 2);
});
