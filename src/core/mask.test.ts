import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { mask } from './mask.ts';

const secret = 'p/a+s s:w%ö?"d';

describe('a given secret is masked', () => {
  const ways: readonly [string, string][] = [
    ['as it is', secret],
    ['encoded for a part of a URL', encodeURIComponent(secret)],
    ['encoded for a URL', encodeURI(secret)],
    ['encoded for a form', encodeURIComponent(secret).replaceAll('%20', '+')],
    ['encoded in small letters', encodeURIComponent(secret).replace(/%../g, (one) => one.toLowerCase())],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64 for URLs', Buffer.from(secret).toString('base64url')],
  ];
  for (const [name, written] of ways) {
    test(name, () =>
      assert.equal(mask(`at <${written}>, twice <${written}>`, [secret]), 'at <***>, twice <***>'),
    );
  }

  test('in base64 with something in front and behind, wherever it falls', () => {
    for (const before of ['', 'u', 'us', 'use', 'user:']) {
      const text = mask(Buffer.from(`${before}${secret}!`).toString('base64'), [secret]);
      const core = Buffer.from(secret).toString('base64').slice(3, 9);
      assert.match(text, /\*\*\*/, before);
      assert.doesNotMatch(text, new RegExp(core), before);
    }
  });

  test('line by line, when it has several', () => {
    const key = 'first line of it\nsecond line of it\nend\n';
    assert.equal(mask('1: first line of it\n2: second line of it\n3: end', [key]), '1: ***\n2: ***\n3: end');
    assert.equal(mask(`(${key})`, [key]), '(***)');
  });

  test('whole, also where another secret is a part of it', () => {
    assert.equal(mask('hunter and hunter22', ['hunter', 'hunter22']), '*** and ***');
  });

  test('unless it is so short that it may be a part of any word', () => {
    assert.equal(mask('abc and abcd', ['abc', '', 'abcd']), 'abc and ***');
  });

  test('also when it is very long, or looks like a pattern', () => {
    const long = 'x y+'.repeat(32_768);
    assert.equal(mask(`<${long}>`, [long]), '<***>');
    assert.equal(mask('a.c* abc*', ['a.c*']), '*** abc*');
  });
});

describe('what is written like a secret is masked:', () => {
  const written: readonly [string, string][] = [
    ['postgres://app:s3cr3t@db:5432/app', 'postgres://app:***@db:5432/app'],
    ['redis://:s3cr3t@cache', 'redis://:***@cache'],
    ['password=s3cr3t rest', 'password=*** rest'],
    ['DB_PASSWORD: "s3 cr3t" rest', 'DB_PASSWORD: *** rest'],
    ["{'passwd': 's3cr3t', 'user': 'app'}", "{'passwd': ***, 'user': 'app'}"],
    ['{"api_key":"s3cr3t","id":3}', '{"api_key":***,"id":3}'],
    ['{\\"token\\":\\"s3cr3t\\"}', '{\\"token\\":***"}'],
    ['token: s3cr3t', 'token: ***'],
    ['client_secret_value = s3cr3t;', 'client_secret_value = ***;'],
    ['https://x.example/?api-key=s3cr3t&id=3', 'https://x.example/?api-key=***&id=3'],
    ['Authorization: Bearer s3cr3t.s3cr3t', 'Authorization: Bearer ***'],
    ['authorization: Basic czNjcjN0', 'authorization: Basic ***'],
    ["'Authorization': 's3cr3t'", "'Authorization': '***'"],
    ['sent Bearer s3cr3t.s3cr3t', 'sent Bearer ***'],
    ['Set-Cookie: sid=s3cr3t; HttpOnly', 'Set-Cookie: ***'],
    ['X-Api-Key: s3cr3t', 'X-Api-Key: ***'],
    ['run --db-password s3cr3t --id 3', 'run --db-password *** --id 3'],
    ['curl -u app:s3cr3t https://x.example', 'curl -u app:*** https://x.example'],
    ['AKIAIOSFODNN7EXAMPLE', '***'],
    ['ghp_0123456789abcdefghijklmnopqrstuvwxyz', '***'],
    ['xoxb-0123456789-abc', '***'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', '***'],
    ['https://hooks.slack.com/services/T00/B00/xyz', 'https://hooks.slack.com/services/***'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END', '-----BEGIN RSA PRIVATE KEY-----***-----END'],
  ];
  for (const [text, expected] of written) {
    test(text, () => {
      assert.equal(mask(text, []), expected);
      assert.equal(mask(expected, []), expected, 'and stays so');
    });
  }
});

describe('what only speaks of a secret stays:', () => {
  for (const text of [
    'password authentication failed for user "app"',
    'Unexpected token < in JSON at position 0',
    'Bearer authentication required',
    'ssh://git@example.com:22/app.git',
    'at 12:30: no such token',
    'https://example.com:8080/a@b',
  ]) {
    test(text, () => assert.equal(mask(text, []), text));
  }
});

test('no secret of letters and digits is left, whatever is around it', () => {
  const letters = fc.string({
    unit: fc.constantFrom('a', 'b', 'X', 'Y', '0', '1'),
    minLength: 4,
    maxLength: 40,
  });
  fc.assert(
    fc.property(
      letters,
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      (one, before, after) => {
        assert.ok(!mask(`${before}${one}${after}`, [one]).includes(one));
      },
    ),
  );
});

test('any text can be masked by any secrets', () => {
  const some = fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 });
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), some, (text, secrets) => {
      assert.equal(typeof mask(text, secrets), 'string');
    }),
  );
});

// Each of these would keep a pattern that tries all ways of dividing a text busy for hours.
test('64 KiB of anything are masked at once', () => {
  const units =
    'a|a.|://|a://|a://b:|:|password|password=|password="|password=\'|pass-|pwd |token_|--|--a|--token |Bearer |bearer|authorization|authorization: |cookie|cookie:|eyJ|eyJa.|eyJaaaaaaaaa.|ghp_|-----BEGIN |-----BEGIN PRIVATE KEY-----|A|AKIA| -u a| -u |-u | |\t|\n|"|\'|\\|=|@|a@|hooks.slack.com/services/|xox';
  for (const unit of units.split('|')) {
    const text = unit.repeat(Math.ceil(65_536 / unit.length)).slice(0, 65_536);
    assert.equal(typeof mask(text, ['aaaab', `${'a'.repeat(500)}b`, 'hunter22']), 'string');
  }
});
