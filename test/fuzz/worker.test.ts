import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable, Writable } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { syscallWords } from '../../src/processes/syscalls.ts';
import {
  formatLine,
  parseJournalLine,
  parseLine,
  parseMessage,
  type RunEnd,
} from '../../src/worker/protocol.ts';
import { fuzz, play } from './fuzz.ts';
import { hostileText } from './hostile.ts';

const verbs = [
  'blocked',
  'locked',
  'ready',
  'failed',
  'ended',
  'over',
  'began',
  'held',
  'chain',
  'task',
  'run',
  'load',
];
const endings = ['succeeded', 'exited', 'killed', 'threw', 'unstartable', 'interrupted', 'left', 'over'];
const odd = [
  '',
  '-',
  '%',
  '%4',
  '%zz',
  '%00',
  '%0A',
  '%FF',
  '-1',
  '1.5',
  '1e3',
  '0x1',
  'NaN',
  'Infinity',
  ' ',
  '9'.repeat(25),
];
const word = fc.oneof(
  { weight: 4, arbitrary: fc.nat(5_000).map(String) },
  { weight: 3, arbitrary: fc.constantFrom(...verbs, ...endings, ...odd) },
  { weight: 1, arbitrary: hostileText },
);
const right = fc.constantFrom(
  'ended 1 20 25 10 7 9000 exited 3 over',
  'ended 1 20 25 10 - - succeeded left',
  'ended 2 20 25 10 killed 9 over',
  'ended 3 1 1 0 threw Error a%20b %',
  'began 1 2 3 4',
  'failed a%20reason',
  'over 7',
);
/** A right line in which some words have become others, or words in any order. */
const lines = fc.oneof(
  fc
    .tuple(right, fc.array(fc.tuple(fc.nat(9), word), { minLength: 1, maxLength: 3 }))
    .map(([line, changes]) => {
      const words = line.split(' ');
      for (const [at, changed] of changes) words[at % words.length] = changed;
      return words.join(' ');
    }),
  fc.array(word, { maxLength: 10 }).map((words) => words.join(' ')),
);

function checkEnd({ run, at, durationMs, usage, ending }: RunEnd): void {
  const numbers = [run, at.monotonic, at.wall, durationMs, usage.cpuMs ?? 0, usage.memoryKib ?? 0];
  assert.ok(numbers.every(Number.isSafeInteger), `not whole: ${numbers.join(' ')}`);
  assert.ok(run >= 1 && durationMs >= 0);
  if (ending.kind === 'exited') assert.ok(ending.exitCode >= 1 && ending.exitCode <= 255);
  if (ending.kind === 'killed') assert.match(ending.signal, /^SIG[A-Z0-9]+$|^signal [1-9]\d?$/);
}

fuzz('messages of a worker', lines, (line) => {
  const message = parseMessage(line);
  if (message.kind === 'ended') checkEnd(message.end);
  if (message.kind === 'over') assert.ok(Number.isSafeInteger(message.run) && message.run >= 1);
});

fuzz('lines of a journal', lines, (line) => {
  const parsed = parseJournalLine(line);
  if (parsed?.kind === 'ended') checkEnd(parsed.end);
  if (parsed?.kind === 'began')
    assert.ok([parsed.run, parsed.fence].every((one) => Number.isSafeInteger(one) && one >= 1));
});

fuzz(
  'requests to a worker',
  fc.array(fc.oneof(hostileText, fc.nat().map(String)), { minLength: 1 }),
  (words) => {
    const line = formatLine(words);
    assert.match(line, /^[A-Za-z0-9_./:=@+,% -]*\n$/);
    assert.deepEqual(
      parseLine(line.slice(0, -1)),
      words.map((one) => Buffer.from(one).toString()),
    );
  },
);

const script = fileURLToPath(new URL('../../../src/worker/worker.pl', import.meta.url));

/** A command worker, its answers, and what its tasks have written. */
async function startWorker(folder: string): Promise<{
  readonly say: (line: string) => void;
  readonly hear: () => Promise<string>;
  readonly written: () => Buffer;
  readonly end: () => Promise<number | null>;
}> {
  const [log, journal, lock] = ['log', 'journal', 'lock'].map((name) => openSync(join(folder, name), 'a+'));
  const stdio: ('ignore' | 'pipe' | number)[] = Array.from({ length: 98 }, () => 'ignore');
  stdio.splice(1, 5, log ?? 0, log ?? 0, 'pipe', 'pipe', journal ?? 0);
  stdio[97] = lock ?? 0;
  const child = spawn('perl', [script, 'command'], {
    env: { PATH: '/usr/bin:/bin', RUNNER_SYSCALLS: syscallWords() },
    stdio,
  });
  for (const one of [log, journal, lock]) if (one !== undefined) closeSync(one);
  const ended = once(child, 'exit');
  const [requests, messages] = [child.stdio[3], child.stdio[4]];
  if (!(requests instanceof Writable) || !(messages instanceof Readable))
    throw new Error('There are no pipes');
  const answers = createInterface({ input: messages })[Symbol.asyncIterator]();
  return {
    say: (line) => void requests.write(line),
    hear: async () => String((await answers.next()).value),
    written: () => readFileSync(join(folder, 'log')),
    async end() {
      requests.end();
      await ended;
      return child.exitCode;
    },
  };
}

test('the command worker', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'runner-fuzz-'));
  const worker = await startWorker(folder);
  try {
    assert.equal(await worker.hear(), 'locked');
    worker.say(formatLine(['chain', 'mail', 'wait']));
    let run = 0;
    // Lines that are none of its business leave it as it was; words come to a program as they were said.
    const cases = fc.record({
      noise: fc.array(
        lines.filter((line) => !/^(?:run|load|chain|task)\b|\n/.test(line)),
        { maxLength: 4 },
      ),
      words: fc.array(
        hostileText.filter((text) => !text.includes('\0')),
        { maxLength: 4 },
      ),
    });
    await play('lines to the command worker', cases, async ({ noise, words }) => {
      const before = worker.written().length;
      run += 1;
      for (const line of noise) worker.say(`${line}\n`);
      worker.say(formatLine(['task', 0, 'command', '/usr/bin/printf', '%s\\0', 'begin', ...words]));
      worker.say(formatLine(['load']));
      assert.equal(await worker.hear(), 'ready');
      worker.say(formatLine(['run', run, 0, 1, 1, words[0] ?? '']));
      const message = parseMessage(await worker.hear());
      assert.ok(message.kind === 'ended' && message.end.run === run && message.isOver);
      assert.deepEqual(message.end.ending, { kind: 'succeeded' });
      const expected = ['begin', ...words].map((text) => `${Buffer.from(text).toString()}\0`).join('');
      assert.equal(worker.written().subarray(before).toString(), expected);
    });
  } finally {
    assert.equal(await worker.end(), 0);
    rmSync(folder, { recursive: true, force: true });
  }
});
