import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { userFrames, withoutPlace } from './user-frames.ts';

function framesOf(...trace: readonly string[]): readonly string[] {
  return userFrames(trace, '/srv/app');
}

describe('a place in code is found in a line of', () => {
  const lines: readonly [string, string, string][] = [
    ['Node', '    at async send (/srv/app/mail.js:3:9)', 'mail.js:3'],
    ['Node, of a module', '    at file:///srv/app/mail.js?version=2:3:9', 'mail.js:3'],
    ['Node, in a folder with a blank', '    at send (/srv/app/my mail/a.js:3:9)', 'my mail/a.js:3'],
    ['Node, encoded', '    at send (file:///srv/app/my%20mail/%C3%A9.js:3:9)', 'my mail/é.js:3'],
    ['Node, wrongly encoded', '    at send (file:///srv/app/100%.js:3:9)', '100%.js:3'],
    ['Node, with properties below', '    at send (/srv/app/mail.js:3:9) {', 'mail.js:3'],
    ['Node, of eval', '    at eval (eval at run (/srv/app/a.js:3:4), <anonymous>:1:1)', 'a.js:3'],
    ['Node, above the error', '/srv/app/mail.js:3', 'mail.js:3'],
    ['Python', '  File "/srv/app/mail.py", line 3, in send', 'mail.py:3'],
    ['Python, started in the folder', '  File "mail.py", line 3, in send', 'mail.py:3'],
    ['Java', '\tat com.acme.Mail.send(Mail.java:3)', 'com.acme.Mail.send:3'],
    ['Java, with a module', '\tat app//com.acme.Mail.send(Mail.java:3)', 'com.acme.Mail.send:3'],
    ['C#', '   at Mail.Send() in /srv/app/Mail.cs:line 3', 'Mail.cs:3'],
    ['Ruby', "\tfrom /srv/app/mail.rb:3:in 'send'", 'mail.rb:3'],
    ['PHP', '#0 /srv/app/mail.php(3): send()', 'mail.php:3'],
    ['Go', '\t/srv/app/mail.go:3 +0x1d', 'mail.go:3'],
    ['Rust', "thread 'main' panicked at src/main.rs:3:5:", 'src/main.rs:3'],
    ['Perl', 'no such mail at ./mail.pl line 3.', 'mail.pl:3'],
    ['bash', './mail.sh: line 3: foo: command not found', 'mail.sh:3'],
    ['dash', 'mail.sh: 3: foo: not found', 'mail.sh:3'],
    ['psql', 'psql:mail.sql:3: ERROR:  no', 'mail.sql:3'],
    ['a compiler', 'mail.c:3:5: error: no', 'mail.c:3'],
  ];
  for (const [name, line, frame] of lines) {
    test(name, () => assert.deepEqual(framesOf(line), [frame]));
  }
});

test('code in folders of packages, of the language and of this program is not the user’s', () => {
  const frames = framesOf(
    '    at a (/srv/app/node_modules/pg/a.js:1:1)',
    '    at a (node:internal/process/task_queues:95:5)',
    '    at a (/opt/node_modules/yourlabs-runner/dist/a.js:1:1)',
    '  File "/srv/app/.venv/lib/python3.11/site-packages/a.py", line 1, in a',
    '  File "<string>", line 1, in a',
    '\tat org.springframework.a.B.c(B.java:1)',
    '\tat java.base/java.lang.Thread.run(Thread.java:1)',
    '\t/usr/local/go/src/net/a.go:1 +0x1',
    '#0 /srv/app/vendor/a/b.php(1): a()',
  );
  assert.deepEqual(frames, []);
});

test('code outside of the project counts only where there is none of the project, by its name alone', () => {
  const outside = '    at a (/opt/releases/12/a.js:1:1)';
  assert.deepEqual(framesOf(outside, '    at b (/srv/app/b.js:2:1)'), ['b.js:2']);
  assert.deepEqual(framesOf(outside), ['a.js:1']);
  assert.deepEqual(framesOf('    at a (/tmp/tmpx1y2/a.js:1:1)'), ['<temp>:1']);
  assert.deepEqual(framesOf('    at a (/srv/app2/a.js:1:1)'), ['a.js:1'], 'a folder with a longer name');
});

test('the three places nearest to the failure count, and each once in a row', () => {
  const at = (line: number): string => `    at a (/srv/app/a.js:${line}:1)`;
  assert.deepEqual(framesOf(at(1), at(2), at(2), at(2), at(3), at(4)), ['a.js:1', 'a.js:2', 'a.js:3']);
});

test('a line without a place is its message, whatever path its program was started by', () => {
  const lines: readonly [string, string][] = [
    ['/srv/app/mail.sh: line 3: foo: command not found', 'foo: command not found'],
    ['mail.sh: 3: foo: not found', 'foo: not found'],
    ['psql:sql/mail.sql:3: ERROR:  no', 'psql: ERROR:  no'],
    ['src/mail.ts(3,5): error TS2345: no', 'error TS2345: no'],
    ['no such mail at mail.pl line 3, <STDIN> line 5.', 'no such mail'],
    ['curl: (7) no', 'curl: (7) no'],
    ['at 12:30: no', 'at 12:30: no'],
  ];
  for (const [line, message] of lines) assert.equal(withoutPlace(line), message);
});
