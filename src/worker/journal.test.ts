import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runOf } from '../../test/support/chain-facts.ts';
import { toFence, toRunNumber } from '../core/units.ts';
import { emptyJournal, findInJournal, isLongJournal } from './journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'runner-journal-'));
after(() => rmSync(folder, { recursive: true }));

const run = { ...runOf(), number: toRunNumber(7), fence: toFence(3) };

function journalOf(...lines: string[]): string {
  const path = join(folder, 'journal');
  writeFileSync(path, lines.join(''));
  return path;
}

test('a run that is not in the journal never began', () => {
  assert.deepEqual(findInJournal(journalOf('began 6 3 10 10\n', 'ended 6 20 20 10 succeeded\n'), run), {
    kind: 'nothing',
  });
});

test('a run that began and did not end is found so', () => {
  assert.deepEqual(findInJournal(journalOf('began 7 3 10 10\n'), run), { kind: 'began' });
});

test('a run that ended is found with its end', () => {
  const entry = findInJournal(journalOf('began 7 3 10 10\n', 'ended 7 20 25 10 exited 3\n'), run);
  assert.deepEqual(entry, {
    kind: 'ended',
    at: { monotonic: 20, wall: 25 },
    durationMs: 10,
    usage: { cpuMs: null, memoryKib: null },
    ending: { kind: 'exited', exitCode: 3 },
    boot: run.boot,
  });
});

test('a line that was cut short counts as not written', () => {
  assert.deepEqual(findInJournal(journalOf('began 7 3 10 10\n', 'ended 7 20 25 10 succe'), run), {
    kind: 'began',
  });
});

test('a line that was cut short and came again counts as it came last', () => {
  const lines = ['began 7 3 10 10\n', 'ended 7 20 25 10 exited 1\n', 'ended 7 20 25 10 exited 17\n'];
  const entry = findInJournal(journalOf(...lines), run);
  assert.deepEqual(entry.kind === 'ended' ? entry.ending : null, { kind: 'exited', exitCode: 17 });
});

test('a run of the same number and another fence is another run', () => {
  assert.deepEqual(findInJournal(journalOf('began 7 2 10 10\n', 'ended 7 20 25 10 succeeded\n'), run), {
    kind: 'nothing',
  });
});

test('a long journal is emptied', () => {
  const path = journalOf('began 7 3 10 10\n'.repeat(5_000));
  assert.ok(isLongJournal(path));
  emptyJournal(path);
  assert.ok(!isLongJournal(path));
  assert.deepEqual(findInJournal(path, run), { kind: 'nothing' });
});
