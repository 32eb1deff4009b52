import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainProblems, inSourceOrder, showPath, type Problem } from './problem.ts';

function at(place: string, message = 'm'): Problem {
  return { at: place, path: null, message };
}

test('problems are shown one block each, with a count', () => {
  const problems = [{ at: 'runner.config.ts:1:2', path: 'chains.mail', message: 'Cannot' }, at('--cooldown')];
  assert.equal(
    explainProblems(problems),
    'runner.config.ts:1:2  chains.mail\n    Cannot\n\n--cooldown\n    m\n\n2 problems; nothing was started\n',
  );
  assert.match(explainProblems([at('--name')]), /\n1 problem; nothing was started\n$/);
  assert.equal(explainProblems([]), '');
});

test('what a terminal would obey is shown by its number', () => {
  assert.match(explainProblems([at('a\u001b[31m', 'b\u202ec')]), /^a\\u\{1b\}\[31m\n {4}b\\u\{202e\}c\n/);
});

test('problems are ordered by place within a file, files by their first problem, the rest last', () => {
  const places = ['b.ts:9:1', '--x', 'a.ts:10:5', 'b.ts:2:10', 'a.ts:9:1', 'b.ts:2:9', '--w', 'a.ts:9'];
  assert.deepEqual(
    inSourceOrder(places.map((place) => at(place))).map((problem) => problem.at),
    ['b.ts:2:9', 'b.ts:2:10', 'b.ts:9:1', 'a.ts:9', 'a.ts:9:1', 'a.ts:10:5', '--x', '--w'],
  );
});

test('what is said twice of a place is said once', () => {
  assert.equal(inSourceOrder([at('a:1:1'), at('a:1:1'), at('a:1:1', 'other')]).length, 2);
});

test('a path is shown as it is written', () => {
  assert.equal(
    showPath(['hosts', 'web-*', 'chains', 'mail', 'tasks', 1]),
    'hosts."web-*".chains.mail.tasks[1]',
  );
  assert.equal(showPath([]), '');
});
