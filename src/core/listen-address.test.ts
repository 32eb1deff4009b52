import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, isLoopback, parseListenAddress } from './listen-address.ts';

for (const [text, shown] of [
  ['127.0.0.1:9464', '127.0.0.1:9464'],
  [' 127.0.0.1:9464 ', '127.0.0.1:9464'],
  ['9464', '127.0.0.1:9464'],
  [':9464', '127.0.0.1:9464'],
  ['localhost:9464', '127.0.0.1:9464'],
  ['0.0.0.0:1', '0.0.0.0:1'],
  ['[::1]:9464', '[::1]:9464'],
  ['[::]:0', '[::]:0'],
] as const) {
  test(`"${text}" is ${shown}`, () => {
    const parsed = parseListenAddress(text);
    assert.equal(parsed.kind === 'address' ? formatAddress(parsed.address) : parsed.problem, shown);
  });
}

for (const [text, advice] of [
  ['', /write an address and a port such as "127.0.0.1:9464"/],
  ['127.0.0.1', /write an address and a port/],
  ['web-1:9464', /found "web-1:9464", write an address/],
  ['*:9464', /write "0.0.0.0:9464" for all addresses/],
  ['::1:9464', /write an address/],
  ['1.2.3.456:80', /write an address/],
  ['127.0.0.1:70000', /write a port from 1 to 65535/],
  ['http://127.0.0.1:80', /write an address/],
] as const) {
  test(`"${text}" is refused`, () => {
    const parsed = parseListenAddress(text);
    assert.match(parsed.kind === 'problem' ? parsed.problem : 'accepted', advice);
  });
}

test('only this host can connect to loopback', () => {
  const hosts = ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '0.0.0.0', '::', '10.0.0.1', '::2'];
  assert.deepEqual(hosts.filter(isLoopback), ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1']);
});
