import assert from 'node:assert/strict';
import fc from 'fast-check';
import { explainBadName, isChainName, nameAfterTasks, taskNameOf } from '../../src/config/chain-name.ts';
import { explainNoTask } from '../../src/config/chosen-chains.ts';
import { parseCpus } from '../../src/config/cpu-list.ts';
import { didYouMean } from '../../src/config/did-you-mean.ts';
import { readEnvFile } from '../../src/config/env-file.ts';
import { checkData } from '../../src/config/loader/checked-data.ts';
import { readJson } from '../../src/config/loader/read-json.ts';
import { readYaml } from '../../src/config/loader/read-yaml.ts';
import { configSchema } from '../../src/config/schema.ts';
import { parseSize, showSize } from '../../src/config/size.ts';
import { readTaskText } from '../../src/config/task-text.ts';
import { formatDuration, parseDuration } from '../../src/core/duration.ts';
import { formatAddress, parseListenAddress } from '../../src/core/listen-address.ts';
import { fuzz } from './fuzz.ts';
import { hostileText } from './hostile.ts';
import { unclear } from './unclear.ts';

/** Texts made of the pieces that right ones are made of. */
function nearly(...pieces: readonly string[]): fc.Arbitrary<string> {
  const near = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''));
  return fc.oneof({ weight: 3, arbitrary: near }, { weight: 1, arbitrary: hostileText });
}

function checkTold(problem: string): void {
  assert.equal(unclear(`Cannot read "value": ${problem}`), null);
}

const durations = nearly(
  '1',
  '30',
  '0',
  '1.5',
  '999999999999',
  '.',
  '-',
  '\u2212',
  ',',
  'e3',
  ' ',
  '\t',
  '\n',
  '_',
  'ms',
  's',
  'm',
  'h',
  'd',
  'w',
  'y',
  'mo',
  'M',
  'min',
  'hours',
  'ns',
  '\u00b5s',
  '\u0661',
  'Infinity',
);
fuzz('durations', durations, (text) => {
  const parsed = parseDuration(text);
  if (parsed.kind === 'problem') {
    checkTold(parsed.problem);
    return;
  }
  assert.ok(Number.isSafeInteger(parsed.durationMs) && parsed.durationMs >= 0);
  assert.deepEqual(parseDuration(formatDuration(parsed.durationMs)), parsed);
});

fuzz(
  'sizes',
  nearly('1', '10', '0', '1.5', '.', '-', ' ', 'K', 'KB', 'MB', 'GiB', 'gb', 'B', 'm', 'e9', '9'.repeat(30)),
  (text) => {
    const parsed = parseSize(text);
    if (parsed.kind === 'problem') {
      checkTold(parsed.problem);
      return;
    }
    assert.ok(Number.isSafeInteger(parsed.bytes) && parsed.bytes >= 1024);
    const again = parseSize(showSize(parsed.bytes).replace(/(?<!K|M|G)B$/, ''));
    if (again.kind === 'size') assert.equal(again.bytes, parsed.bytes);
  },
);

fuzz(
  'lists of processors',
  nearly('0', '3', '4095', '4096', '-', ',', ' ', '0-3', '99999', '\n', '+1', '0x1'),
  (text) => {
    const cpus = parseCpus(text);
    if (cpus === null) return;
    assert.ok(cpus.length > 0 && cpus.every((cpu) => Number.isInteger(cpu) && cpu >= 0 && cpu <= 4095));
    assert.deepEqual(
      cpus,
      [...new Set(cpus)].toSorted((one, other) => one - other),
    );
  },
);

const addresses = nearly(
  '127.0.0.1',
  '::1',
  '[::1]',
  '[',
  ']',
  ':',
  '9464',
  '0',
  '65536',
  '*',
  'localhost',
  '.',
  '256',
  '/',
  ' ',
);
fuzz('addresses to listen at', addresses, (text) => {
  const parsed = parseListenAddress(text);
  if (parsed.kind === 'problem') {
    checkTold(parsed.problem);
    return;
  }
  const { host, port } = parsed.address;
  assert.ok(port >= 0 && port <= 65_535);
  assert.match(host, /^[\d.]+$|^[\da-fA-F:.]+$/);
  assert.deepEqual(parseListenAddress(formatAddress(parsed.address)), parsed);
});

fuzz(
  'names of chains',
  nearly('a', 'B', '9', '.', '_', '-', '/', '..', ' ', 'mail', '\u0430', '\u202e', 'x'.repeat(60)),
  (name) => {
    if (!isChainName(name)) {
      const message = `Cannot name the chain: ${explainBadName(name)}`;
      assert.equal(unclear(message), null);
      return;
    }
    // It becomes a part of the names of files.
    assert.match(name, /^[A-Za-z0-9][A-Za-z0-9._-]*$/);
    assert.ok(name.length <= 64);
  },
);

const tasks = nearly(
  'sh:',
  ' ',
  './',
  '/bin/true',
  'a',
  '.',
  'tasks',
  'send',
  '-',
  '$',
  '=',
  'A=b ',
  '\0',
  '\n',
  '"',
  "'",
  '|',
  '\\',
);
fuzz('texts of tasks', tasks, (text) => {
  const read = readTaskText(text);
  const name = nameAfterTasks([read]);
  assert.ok(name === null || isChainName(name));
  assert.equal(typeof taskNameOf(read), 'string');
  switch (read.kind) {
    case 'problem':
      assert.equal(unclear(explainNoTask(read.problem)), null);
      return;
    case 'word':
      assert.match(read.word, /^[\w-]+$/);
      return;
    case 'function':
      // They become the path of a module: none of them leads out of the project.
      for (const part of [...read.moduleParts, read.exportName]) assert.doesNotMatch(part, /^$|[./\\\s\0]/);
      return;
    case 'command':
      assert.ok(read.argv.length > 0 && read.argv.every((word) => !word.includes('\0')));
      // What has a meaning to a shell is given to a shell, as one argument.
      if (read.argv[1] !== '-c') for (const word of read.argv) assert.match(word, /^[\w.:/=@%+,-]+$/);
  }
});

const lines = nearly(
  'A',
  'PATH',
  '=',
  ' ',
  '"',
  "'",
  '\\',
  '#',
  'export ',
  '\n',
  '\r\n',
  '$',
  '\0',
  '\ufeff',
  '\u2028',
  'n',
  '\t',
);
fuzz('files of variables', lines, (text) => {
  const { values, problems } = readEnvFile(text);
  for (const [name, { value, line }] of values) {
    assert.match(name, /^[A-Za-z_][A-Za-z0-9_]*$/);
    assert.ok(!value.includes('\0') && line >= 1);
  }
  for (const { problem } of problems) assert.equal(unclear(`Cannot read the line: ${problem}`), null);
});

// Every pattern has to be done with a megabyte, the most that a configuration may have, before the test's time is up:
// one that looks at each character as often as there are characters would take an hour.
const pieces = [
  ' ',
  '\t',
  '\n',
  '0',
  '9',
  'a',
  'A',
  '.',
  '-',
  '_',
  ',',
  ':',
  '/',
  '\\',
  '"',
  "'",
  '=',
  '#',
  '@',
  '<',
  '>',
  '$',
  '{',
  '[',
  '1m',
  '1m ',
  '0-9,',
  'a.',
  'a b ',
  '\\"',
  '[]',
  '{}',
  '&a ',
  '- ',
  '\u00e9',
  '\u2028',
  '//',
  '/*',
  '${',
];
const long = fc
  .record({
    head: fc.constantFrom('', '1', 'a', '"', "'", 'A=', 'sh: ', '[', '{"a":"', '/', 'a@'),
    piece: fc.constantFrom(...pieces),
    times: fc.constantFrom(1_000, 1_000_000),
    tail: fc.constantFrom('', '!', 'x', '1', '"', '@', ' '),
  })
  .map(({ head, piece, times, tail }) => head + piece.repeat(times / piece.length) + tail);
fuzz('texts of any length', long, (text) => {
  parseDuration(text);
  parseSize(text);
  parseCpus(text);
  parseListenAddress(text);
  readEnvFile(text);
  readEnvFile(`A=${text}`);
  nameAfterTasks([readTaskText(text)]);
  didYouMean(text, ['cooldown']);
  readJson(text);
  readYaml(text);
  const settings = { cwd: text, umask: text, cpus: text, user: text, log: { size: text } };
  const email = { to: [text], from: text, smtp: { host: text } };
  const value = { chains: { mail: { tasks: [text], ...settings } }, alerts: { channels: { a: { email } } } };
  checkData(configSchema, value, (_, message) => assert.equal(unclear(message), null));
});
