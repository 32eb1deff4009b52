import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryEntry } from '../store/history.ts';
import { createLogPrinter, type LogLook } from './log-printer.ts';

function entryOf(chain: string, changed: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    chain,
    run: 12,
    pass: 1,
    task: './manage.py send_mail',
    fence: 1,
    startedAt: new Date(2026, 10, 24, 3, 26, 44).getTime(),
    endedAt: null,
    durationMs: null,
    outcome: null,
    detail: null,
    cpuMs: null,
    memoryKib: null,
    log: { generation: 1, from: 0, to: null },
    ...changed,
  };
}

function printed(look: LogLook, pieces: readonly [string, string | Buffer][], entry?: HistoryEntry): string {
  const all: Buffer[] = [];
  const printer = createLogPrinter(look, (piece) => all.push(Buffer.from(piece)));
  if (entry !== undefined) printer.heading(entry);
  for (const [chain, piece] of pieces) printer.write(chain, Buffer.from(piece));
  for (const chain of new Set(pieces.map(([name]) => name))) printer.finish(chain);
  return Buffer.concat(all).toString('latin1');
}

const terminal = { isTerminal: true, hasPrefix: false };
const file = { isTerminal: false, hasPrefix: false };
const prefixed = { isTerminal: false, hasPrefix: true };

test('on a terminal a run has a heading, in bold, and how it ended if that is known', () => {
  const bold = (text: string): string => Buffer.from(`\u001b[1m${text}\u001b[0m\n`).toString('latin1');
  const heading = '── mail  run 12  ./manage.py send_mail  2026-11-24 03:26:44';
  assert.equal(printed(terminal, [['mail', 'x\n']], entryOf('mail')), `${bold(heading)}x\n`);
  const failed = entryOf('mail', { outcome: 'exited', detail: { exitCode: 3 }, durationMs: null });
  assert.equal(printed(terminal, [], failed), bold(`${heading}  failed: exit status 3`));
});

test('a heading begins on a line of its own, also after output without an end', () => {
  const all: string[] = [];
  const printer = createLogPrinter(terminal, (piece) => all.push(String(piece)));
  printer.write('mail', Buffer.from('no end'));
  printer.heading(entryOf('mail'));
  assert.ok(all.join('').startsWith('no end\n\u001b[1m── mail'));
});

test('neither a task nor its name can forge a heading on a terminal', () => {
  const forged = '\u001b[1m── mail  run 13\u001b[0m\n';
  assert.equal(printed(terminal, [['mail', forged]]).includes('\u001b'), false);
  const heading = printed(terminal, [], entryOf('mail', { task: `echo a\n${forged}` }));
  assert.equal(heading.split('\n').length, 2);
  assert.equal(heading.split('\u001b').length, 3);
});

test('into a file or a pipe the bytes of one chain go as they are, without headings', () => {
  const bytes = Buffer.from([0x1b, 0x5b, 0xff, 0x00, 0xc3]);
  assert.equal(printed(file, [['mail', bytes]], entryOf('mail')), bytes.toString('latin1'));
});

test('lines of several chains begin with their names, whole, however they come in pieces', () => {
  const snow = Buffer.from('雪\n');
  const pieces: [string, string | Buffer][] = [
    ['a', 'one\ntw'],
    ['b', snow.subarray(0, 1)],
    ['a', 'o\nthree'],
    ['b', snow.subarray(1)],
  ];
  const expected = ['a │ one', 'a │ two', 'b │ 雪', 'a │ three', ''].join('\n');
  assert.equal(Buffer.from(printed(prefixed, pieces), 'latin1').toString(), expected);
});

test('a character that comes in two pieces is whole on a terminal', () => {
  const snow = Buffer.from('雪');
  const text = printed(terminal, [
    ['a', snow.subarray(0, 2)],
    ['a', snow.subarray(2)],
  ]);
  assert.equal(Buffer.from(text, 'latin1').toString(), '雪');
});
