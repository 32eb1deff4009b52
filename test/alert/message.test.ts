import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { htmlText } from '../../src/alert/html.ts';
import { messageOf, remarksFor, testMessage, toldBy } from '../../src/alert/message.ts';
import { counted } from '../../src/core/counted.ts';
import { lengthText, oneLine, plainLines } from '../../src/alert/people-text.ts';
import { plainText } from '../../src/alert/plain-text.ts';
import { slackBody } from '../../src/alert/slack.ts';
import type { Notice, NoticeHead } from '../../src/core/notice.ts';
import { toDurationMs, toEpochMs, toRunNumber } from '../../src/core/units.ts';
import { channelTo } from '../support/channels.ts';
import { messageAbout, messageFor, origin, waitingOf } from '../support/messages.ts';
import { incidentNotice } from '../support/stored-notices.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const start = toEpochMs(Date.UTC(2026, 10, 24));
const head: NoticeHead = { severity: 'error', at: toEpochMs(start + 2 * hourMs), subject: 'condition' };
const remindMs = toDurationMs(24 * hourMs);
const forMs = toDurationMs(2 * hourMs);
const flapping = { task: 'send_mail', since: start, incidents: 8, failures: 20, kinds: [], remindMs };
const fresh = { lastSuccessAt: start, freshnessMs: toDurationMs(15 * minuteMs), forMs, remindMs };
const holders = Array.from({ length: 12 }, (_, index) => ({ pid: 100 + index, command: 'sleep 1000' }));
const blocked = { since: start, forMs, holders, remindMs };
const late = {
  task: './manage.py send_mail',
  run: toRunNumber(17),
  since: start,
  forMs,
  usualMs: 5 * minuteMs,
};
const brief = incidentNotice();
const open = 'incident' in brief ? [brief.incident] : [];

const titles: readonly [Notice, string][] = [
  [incidentNotice(), 'mail/send_mail fails: 451 try again later'],
  [incidentNotice({ failures: 3 }), 'mail/send_mail fails (3 failures in a row): 451 try again later'],
  [incidentNotice({ kind: 'new kind' }), 'mail/send_mail fails in a new way: 451 try again later'],
  [
    incidentNotice({ kind: 'incident lasts', failures: 120, atMs: 12 * hourMs }),
    'mail/send_mail still fails after 12 h (120 failures): 451 try again later',
  ],
  [
    incidentNotice({ kind: 'incident healed', failures: 25, atMs: 125 * minuteMs }),
    'mail/send_mail works again after 2 h 5 min (25 failures)',
  ],
  [
    incidentNotice({ kind: 'breaker opened', failures: 10 }),
    'mail/send_mail fails each time and is tried rarely now (10 failures): 451 try again later',
  ],
  [
    { ...head, kind: 'flapping', ...flapping },
    'mail/send_mail fails and works in turn: 8 incidents, 20 failures in 2 h',
  ],
  [
    { ...head, kind: 'flapping lasts', ...flapping },
    'mail/send_mail still fails and works in turn: 8 incidents, 20 failures in 2 h',
  ],
  [
    { ...head, kind: 'flapping over', ...flapping, remindMs: null },
    'mail/send_mail is steady again: 8 incidents, 20 failures in 2 h',
  ],
  [{ ...head, kind: 'not fresh', ...fresh }, 'mail has had no success for 2 h'],
  [
    { ...head, kind: 'not fresh lasts', ...fresh, lastSuccessAt: null },
    'mail still has had no success, for 2 h',
  ],
  [{ ...head, kind: 'fresh again', ...fresh }, 'mail has succeeded again after 2 h'],
  [{ ...head, kind: 'blocked', ...blocked }, 'mail has waited for 2 h for processes of an earlier run'],
  [
    { ...head, kind: 'blocked lasts', ...blocked, holders: [] },
    'mail still waits for processes of an earlier run, for 2 h',
  ],
  [{ ...head, kind: 'unblocked', ...blocked }, 'mail goes on after it had to wait for 2 h'],
  [
    { ...head, kind: 'late run', ...late, outcome: null },
    'mail (./manage.py send_mail) has been running for 2 h, usually 5 min',
  ],
  [
    { ...head, kind: 'late run ended', ...late, outcome: { kind: 'succeeded' } },
    'mail (./manage.py send_mail) has ended after 2 h, usually 5 min',
  ],
  [
    {
      ...head,
      kind: 'alerts resumed',
      heldBy: 'mute',
      since: start,
      held: [{ kind: 'new kind', count: 2 }],
      open,
    },
    'mail was muted until now: 2 notices held back, 1 incident open',
  ],
  [
    { ...head, kind: 'alerts resumed', heldBy: 'pause', since: start, held: [], open: [] },
    'mail was paused until now: 0 notices held back, 0 incidents open',
  ],
];

describe('each notice', () => {
  for (const [notice, expected] of titles) {
    test(`is told in one line: ${expected}`, () => {
      const message = messageFor(notice);
      assert.equal(message.title, expected);
      // The other forms say the same.
      for (const form of [plainText(message), htmlText(message), slackBody(message)]) {
        assert.ok(form.includes(expected.slice(0, 30)));
        assert.doesNotMatch(form, /undefined|null|NaN|\[object/);
      }
    });
  }
});

test('the mail of a failure reads like this', () => {
  const message = messageAbout({ text: 'Error: 451\n    at send (mail.ts:3:1)' });
  assert.equal(
    plainText(message),
    `mail/send_mail fails: 451 try again later

Task:       send_mail
Chain:      mail
Incident:   7
Since:      2026-11-24 00:00:00 UTC, run 17
Failures:   1
Run:        17, ended 2026-11-24 00:00:00 UTC, after 1 s
Outcome:    exit status 3
Code:       abc123
Told again: in 12 h, if nothing changes

What it printed last:

    Error: 451
        at send (mail.ts:3:1)

What to do now, on web-1 in /srv/mail:

    runner incident 7          shows all that is known of it
    runner logs mail --run 17  shows what the run has printed
    runner mute mail --for 2h  holds back what is told of this chain

-- 
runner on web-1, /srv/mail
`,
  );
});

describe('a failure', () => {
  test('without a number and an example has neither', () => {
    const notice = incidentNotice({ text: '' });
    const message = messageOf({
      letter: { kind: 'notice', notices: [1] },
      waiting: [],
      notices: [{ id: 1, chain: 'mail', notice, incident: null }],
      origin,
      remarks: [],
    });
    assert.ok(message !== null);
    assert.equal(message.example, null);
    assert.ok(!message.commands.some(({ line }) => line.startsWith('runner incident ')));
  });

  test('of several kinds names them all', () => {
    const notice = incidentNotice();
    assert.ok('incident' in notice);
    const [kind] = notice.incident.kinds;
    assert.ok(kind !== undefined);
    const kinds = [kind, { ...kind, title: 'no route', failures: 4 }];
    const message = messageFor({ ...notice, incident: { ...notice.incident, kinds, otherFailures: 9 } });
    const facts = message.facts.map(({ name, text }) => `${name}: ${text}`);
    assert.ok(
      facts.includes('Seen once: 451 try again later, last 2026-11-24 00:00:00 UTC'),
      facts.join('\n'),
    );
    assert.ok(facts.includes('Seen 4 times: no route, last 2026-11-24 00:00:00 UTC'));
    assert.ok(facts.includes('Other kinds: 9 failures'));
  });
});

describe('a digest', () => {
  const many = Array.from({ length: 25 }, (_, index) => {
    const severity = index === 3 ? 'critical' : 'warning';
    return {
      id: index + 1,
      chain: index < 5 ? 'web' : 'mail',
      notice: incidentNotice({ severity, firstRun: index + 1 }),
    };
  });
  const waiting = many.map(({ id, chain, notice }) => waitingOf(notice, id, chain));
  const letter = { kind: 'digest', notices: many.map(({ id }) => id) } as const;

  test('tells what matters most, and of the rest the newest, in their order', () => {
    const told = toldBy(letter, waiting);
    assert.equal(told.length, 20);
    assert.deepEqual(told.slice(0, 2), [4, 7]);
  });

  test('counts all by chain, and is as severe as the worst of it', () => {
    const told = toldBy(letter, waiting);
    const notices = many.filter(({ id }) => told.includes(id)).map((one) => ({ ...one, incident: null }));
    const message = messageOf({ letter, waiting, notices, origin, remarks: [] });
    assert.ok(message !== null);
    assert.equal(message.title, '25 notices of 2 chains');
    assert.equal(message.severity, 'critical');
    const { data } = message;
    assert.ok(data.kind === 'digest');
    assert.deepEqual([data.count, data.notices.length], [25, 20]);
    assert.deepEqual(data.chains, [
      { chain: 'mail', count: 20 },
      { chain: 'web', count: 5 },
    ]);
  });

  test('of one chain names it', () => {
    const part = { kind: 'digest', notices: [6, 7] } as const;
    const notices = many.slice(5, 7).map((one) => ({ ...one, incident: null }));
    const message = messageOf({ letter: part, waiting, notices, origin, remarks: [] });
    assert.deepEqual([message?.title, message?.chain], ['2 notices of mail', 'mail']);
  });

  test('of nothing is none', () => {
    assert.equal(messageOf({ letter, waiting: [], notices: [], origin, remarks: [] }), null);
  });
});

test('a test says what the channel is for', () => {
  const command = { kind: 'command', argv: ['/bin/true'], directory: '/', environment: {} } as const;
  const texts = [['*'], ['mail', 'web-*']].map((chains) =>
    plainText(testMessage(channelTo(command, { chains }), start, origin)),
  );
  assert.match(texts[0] ?? '', /all chains, from the severity "warning" on/);
  assert.match(texts[1] ?? '', /the chains mail, web-\*/);
});

test('a channel with nothing to remark remarks nothing', () => {
  const command = { kind: 'command', argv: ['/bin/true'], directory: '/', environment: {} } as const;
  assert.deepEqual(remarksFor(channelTo(command), { lost: 0, isLast: false, now: start }), []);
});

test('lengths are told in at most two units', () => {
  const lengths = [0, 999, 1_000, 61_000, hourMs, 125 * minuteMs, 50 * hourMs];
  assert.deepEqual(lengths.map(lengthText), [
    'less than 1 s',
    'less than 1 s',
    '1 s',
    '1 min 1 s',
    '1 h',
    '2 h 5 min',
    '2 d 2 h',
  ]);
  assert.deepEqual(
    [counted(1, 'process', 'processes'), counted(2, 'process', 'processes')],
    ['1 process', '2 processes'],
  );
});

test('a line stays one, whole characters only, and a text of lines has no other control characters', () => {
  assert.equal(oneLine('a\r\n\tb\u2028c\u202e', 10), 'a b c');
  assert.equal(oneLine('ab🚑cd', 4), 'ab…');
  assert.equal(oneLine('\ud800', 4), '\ufffd');
  assert.equal(plainLines('a\r\nb\rc\u001b[31m\n\n', 100), 'a\nb\nc\ufffd[31m');
  assert.equal(plainLines('0123456789', 4), '…\n6789');
});
