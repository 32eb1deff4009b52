import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Ending } from '../core/outcome.ts';
import { toDurationMs, toEpochMs, toMonotonicMs } from '../core/units.ts';
import { endWords, formatLine, parseJournalLine, parseLine, parseMessage } from './protocol.ts';

const texts = fc.string({ unit: 'binary' });
const endings: fc.Arbitrary<Ending> = fc.oneof(
  fc.constant({ kind: 'succeeded' as const }),
  fc.integer({ min: 1, max: 255 }).map((exitCode) => ({ kind: 'exited' as const, exitCode })),
  fc.constantFrom('SIGKILL', 'SIGTERM', 'signal 40').map((signal) => ({ kind: 'killed' as const, signal })),
  fc
    .tuple(texts, texts, texts)
    .map(([name, message, stack]) => ({ kind: 'threw' as const, error: { name, message, stack } })),
  texts.map((reason) => ({ kind: 'not started' as const, reason })),
  texts.map((reason) => ({ kind: 'interrupted' as const, reason })),
);
const moments = fc
  .tuple(fc.nat(), fc.nat())
  .map(([monotonic, wall]) => ({ monotonic: toMonotonicMs(monotonic), wall: toEpochMs(wall) }));
const usages = fc
  .tuple(fc.option(fc.nat().map(toDurationMs)), fc.option(fc.nat()))
  .map(([cpuMs, memoryKib]) => ({ cpuMs, memoryKib }));
const ends = fc
  .tuple(fc.integer({ min: 1, max: 1e9 }), moments, fc.nat().map(toDurationMs), usages, endings)
  .map(([run, at, durationMs, usage, ending]) => ({ run, at, durationMs, usage, ending }));

describe('a line', () => {
  test('carries any words, and is one line of plain characters', () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1 }), (words) => {
        const line = formatLine(words);
        assert.match(line, /^[A-Za-z0-9_./:=@+,% -]*\n$/);
        assert.deepEqual(parseLine(line.slice(0, -1)), words);
      }),
    );
  });
});

describe('the end of a run', () => {
  test('comes through as a message and as a line of the journal', () => {
    fc.assert(
      fc.property(ends, fc.boolean(), (end, isOver) => {
        const words = endWords(end);
        const message = formatLine([...words, isOver ? 'over' : 'left']).slice(0, -1);
        assert.deepEqual(parseMessage(message), { kind: 'ended', end, isOver });
        assert.deepEqual(parseJournalLine(formatLine(words).slice(0, -1)), { kind: 'ended', end });
      }),
    );
  });
});

describe('what a run took', () => {
  const usageIn = (line: string): unknown => {
    const parsed = parseJournalLine(line);
    return parsed?.kind === 'ended' ? parsed.end.usage : null;
  };

  test('comes after its length', () => {
    assert.deepEqual(usageIn('ended 1 20 25 10 7 9000 exited 3'), { cpuMs: 7, memoryKib: 9_000 });
  });

  test('is not known where the worker says a dash', () => {
    assert.deepEqual(usageIn('ended 1 20 25 10 7 - succeeded'), { cpuMs: 7, memoryKib: null });
    assert.deepEqual(usageIn('ended 1 20 25 10 - - succeeded'), { cpuMs: null, memoryKib: null });
  });

  test('is not known from a line of an older version, or of a worker that does not say it', () => {
    assert.deepEqual(usageIn('ended 1 20 25 10 exited 3'), { cpuMs: null, memoryKib: null });
  });

  test('makes no line whole that was cut short', () => {
    assert.equal(parseJournalLine('ended 1 20 25 10 7'), null);
    assert.equal(parseJournalLine('ended 1 20 25 10 7 9000'), null);
    assert.equal(parseJournalLine('ended 1 20 25 10 7 9000 suc'), null);
  });
});

test('a line that no worker says is told as such, whatever it is', () => {
  for (const line of [
    '',
    'hello',
    'ended',
    'ended 1 2',
    'ended 1 2 3 4 dozed over',
    'ended x y z 0 succeeded over',
    'ended 1 2 3 4 exited over',
    'ended 1 2 3 4 exited 256 over',
    'ended 1 2 3 4 killed 0 over',
    `ended 1 2 3 4 ${'9'.repeat(20)} 5 succeeded over`,
    'over',
    'over soon',
  ]) {
    assert.deepEqual(parseMessage(line), { kind: 'unknown', line });
  }
});

test('hostile lines throw nothing', () => {
  fc.assert(fc.property(texts, (line) => parseMessage(line).kind !== 'ready' || line === 'ready'));
  fc.assert(fc.property(texts, (line) => parseJournalLine(line) === null));
});
