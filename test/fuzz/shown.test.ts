import assert from 'node:assert/strict';
import fc from 'fast-check';
import { htmlText } from '../../src/alert/html.ts';
import type { Message } from '../../src/alert/message.ts';
import { plainText } from '../../src/alert/plain-text.ts';
import { slackBody } from '../../src/alert/slack.ts';
import { createLogPrinter } from '../../src/cli/log-printer.ts';
import { serviceUnit } from '../../src/cli/service-unit.ts';
import { visible, visibleLine } from '../../src/cli/visible.ts';
import { oneLine, plainLines } from '../../src/core/plain-text.ts';
import { expositionLines, label } from '../../src/metrics/exposition.ts';
import { fuzz } from './fuzz.ts';
import { hostileText, oddTexts } from './hostile.ts';
import { plainMessage } from './plain-message.ts';

// Everything that a terminal could obey; a tab and a line end it may have.
const dangerous = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

const bytes = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...oddTexts).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        '\u001b]52;c;aGk=\u0007',
        '\u001b[2J\u001b[H',
        '\u{1f468}\u200d',
        '\u202e\u2066',
        '\r\n\r',
        '\u009b2J',
      )
      .map((text) => Buffer.from(text)),
  },
);
// Pieces that end anywhere, also in the middle of a character.
const pieces = fc
  .tuple(fc.array(bytes, { maxLength: 6 }), fc.array(fc.nat(60), { maxLength: 6 }))
  .map(([parts, cuts]) => {
    const all = Buffer.concat(parts);
    const places = [0, ...cuts.map((cut) => cut % (all.length + 1)), all.length].toSorted((a, b) => a - b);
    return places.slice(1).map((end, index) => all.subarray(places[index], end));
  });

fuzz('output on a terminal', fc.tuple(pieces, fc.boolean()), ([parts, hasPrefix]) => {
  const told: string[] = [];
  const printer = createLogPrinter({ isTerminal: true, hasPrefix }, (piece) => told.push(String(piece)));
  for (const part of parts) printer.write('mail', part);
  printer.finish('mail');
  const text = told.join('');
  assert.doesNotMatch(text, dangerous);
  const all = Buffer.concat(parts).toString();
  const ends = all.split('\n').length - 1;
  const shown = text.split('\n').length - 1;
  // A line more only to end the last one.
  assert.ok(shown === ends || (hasPrefix && shown === ends + 1));
  if (hasPrefix) for (const line of text.split('\n').slice(0, -1)) assert.ok(line.startsWith('mail │ '));
});

fuzz('text in one line', hostileText, (text) => {
  assert.doesNotMatch(visible(text), dangerous);
  assert.doesNotMatch(visibleLine(text), /[^\P{Cc}\t]|[\u2028\u2029]/u);
  assert.doesNotMatch(oneLine(text, 80), /\p{Cc}/u);
  assert.ok(oneLine(text, 80).length <= 80);
  for (const line of plainLines(text)) assert.doesNotMatch(line, dangerous);
});

fuzz('labels of metrics', fc.array(hostileText, { minLength: 1, maxLength: 3 }), (values) => {
  const labels = values.map((value, index) => label(`l${index}`, value)).join(',');
  const family = { name: 'runner_x', type: 'gauge' as const, help: 'x', samples: [{ labels, value: 1 }] };
  const [, , line = '', ...more] = [...expositionLines([family])].join('').split('\n');
  assert.deepEqual(more, ['']);
  const read = [...line.matchAll(/l\d="((?:[^"\\\n]|\\["\\n])*)"(?:,|\} 1$)/g)].map(([, written = '']) =>
    written.replace(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign)),
  );
  assert.deepEqual(read, values);
});

const folders = hostileText.map((text) => `/srv/${text}`);
fuzz('units of systemd', fc.tuple(folders, hostileText, folders), ([directory, user, program]) => {
  const parts = {
    directory,
    user,
    command: ['/usr/bin/node', program],
    stateDirectory: directory,
    stopSeconds: 55,
  };
  const plain = serviceUnit({
    ...parts,
    directory: '/srv',
    user: 'x',
    command: ['/x'],
    stateDirectory: '/srv',
  });
  const unit = serviceUnit(parts);
  // Whatever a folder is called, it adds no line of its own, and no line goes on in the next.
  assert.equal(unit.split('\n').length, plain.split('\n').length);
  assert.doesNotMatch(unit, /\\$/m);
  assert.doesNotMatch(unit, /[^\P{Cc}\t\n]/u);
  assert.doesNotMatch(unit.replaceAll('%%', ''), /%/);
});

const message = fc
  .record({
    title: hostileText,
    name: hostileText,
    text: hostileText,
    example: fc.option(hostileText),
    remark: hostileText,
  })
  .map(({ title, name, text, example, remark }): Message => ({
    ...plainMessage(title),
    facts: [{ name, text }],
    example,
    commands: [{ line: text, why: remark }],
    remarks: [remark],
  }));
fuzz('texts of messages', message, (one) => {
  assert.equal(typeof plainText(one), 'string');
  // No tag but ours: without them, and without what stands for a sign, no sign of a tag is left.
  const tags =
    /<\/?(?:!doctype html|html|head|meta|title|body|p|table|tr|th|td|pre|ul|li|code|strong)(?: (?:style|charset)="[^"<>]*")?>/g;
  assert.doesNotMatch(htmlText(one).replace(tags, ''), /[<>]/);
  const body: unknown = JSON.parse(slackBody(one));
  assert.doesNotMatch(JSON.stringify(body), /<[!@#]/);
});
