import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readEnvFile } from './env-file.ts';

describe('a line of an environment file', () => {
  const lines: readonly [string, string][] = [
    ['KEY=value', 'value'],
    ['  KEY = value  ', 'value'],
    ['export KEY=value', 'value'],
    ['KEY=', ''],
    ['KEY=""', ''],
    ['KEY=a b', 'a b'],
    ['KEY=a=b', 'a=b'],
    ['KEY=a # comment', 'a'],
    ['KEY=a#b', 'a#b'],
    ['KEY=# comment', ''],
    ['KEY="a # b" # comment', 'a # b'],
    ["KEY='a \\n $HOME'", 'a \\n $HOME'],
    ['KEY="a \\n \\"b\\" \\$c \\\\"', 'a \n "b" $c \\'],
    ['KEY=$HOME', '$HOME'],
  ];
  for (const [line, expected] of lines) {
    test(`${JSON.stringify(line)} gives ${JSON.stringify(expected)}`, () => {
      const { values, problems } = readEnvFile(`\uFEFF# first\r\n\r\n${line}\r\n`);
      assert.deepEqual(problems, []);
      assert.deepEqual(values.get('KEY'), { value: expected, line: 3 });
    });
  }
});

test('of a key that is given twice the last counts', () => {
  assert.equal(readEnvFile('A=1\nA=2\n').values.get('A')?.value, '2');
});

test('wrong lines are told by their number', () => {
  const { problems } = readEnvFile('A=1\nB\n1C=2\nD="x\nE=\0\n');
  assert.deepEqual(
    problems.map(({ line, problem }) => `${line}: ${problem}`),
    [
      '2: found "B", write a line such as "KEY=value"',
      '3: found "1C" before the "=", write a name of letters, digits and "_"',
      '4: found no end of the quoted value of "D", write the closing quote',
      '5: found a NUL character in the value of "E", leave it out',
    ],
  );
});
