import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusTable } from '../../src/cli/status-table.ts';
import type { StatusAnswer } from '../../src/control-port.ts';
import type { IncidentSummary } from '../../src/core/incident-summary.ts';
import { toDurationMs, toEpochMs } from '../../src/core/units.ts';
import { ScriptedControl } from '../support/scripted-control.ts';

const hour = 3_600_000;

function incident(changed: Partial<IncidentSummary> = {}): IncidentSummary {
  return {
    id: 17,
    chain: 'mail',
    task: 'sendMail',
    firstRun: 7,
    openedAt: Date.now() - 3 * hour,
    lastFailedAt: Date.now(),
    healedAt: null,
    failures: 42,
    kindCount: 1,
    title: 'exit status 3: no route to host mail.example.com while it sends many mails to people',
    ...changed,
  };
}

function lines(changed: Partial<StatusAnswer> = {}): readonly string[] {
  const { runner, chains } = new ScriptedControl().status();
  return statusTable({ runner, chains, incidents: [], ...changed }, 80).split('\n');
}

test('open incidents are above the chains, the newest first, in 80 columns', () => {
  const found = lines({ incidents: [incident(), incident({ id: 18, chain: 'sync', openedAt: Date.now() })] });
  assert.match(found[1] ?? '', /^2 open incidents; "runner incident NO" shows/);
  assert.match(found[3] ?? '', /^18 +0ms +sync +sendMail +42 +exit status 3/);
  assert.match(found[4] ?? '', /^17 +3h +mail +sendMail +42 +exit status 3/);
  assert.match(found[6] ?? '', /^chain +state/);
  assert.deepEqual(
    found.filter((line) => line.length > 80),
    [],
  );
});

test('of many open incidents the newest ten are shown, and how many more there are', () => {
  const many = Array.from({ length: 300 }, (_, index) => incident({ id: index + 1 }));
  const found = lines({ incidents: many });
  assert.match(found[3] ?? '', /^300 /);
  assert.equal(found[13], 'and 290 more, as "runner incidents --open" shows');
});

test('what a task says cannot reach the terminal as it is', () => {
  const found = lines({ incidents: [incident({ title: 'a\u001B[2Jb\nc', task: 'x\u202Ey' })] });
  assert.deepEqual(
    ['\u001B', '\u202E'].filter((character) => found.join('').includes(character)),
    [],
  );
  assert.equal(found.length, 7);
});

test('a chain whose alerts are muted is shown, with until when and by whom', () => {
  const { chains } = new ScriptedControl().status();
  const mute = { since: toEpochMs(Date.now()), by: 'ada', remainingMs: toDurationMs(hour) };
  const found = lines({ chains: chains.map((chain) => ({ ...chain, mute })) });
  assert.match(found[1] ?? '', /^mail: alerts muted until \d{4}-\d\d-\d\d \d\d:\d\d by ada, just now$/);
});
