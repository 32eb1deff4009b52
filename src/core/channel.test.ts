import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnd, isForChannel } from './channel.ts';
import { severityNamed } from './notice.ts';

const about = { chain: 'mail', severity: 'error' } as const;

test('a channel tells of the chains that one of its patterns fits', () => {
  const answers = [['*'], ['web', 'ma?l'], ['web-*']].map((chains) =>
    isForChannel({ chains, severity: 'warning' }, about),
  );
  assert.deepEqual(answers, [true, true, false]);
});

test('a channel tells of its severity, and of all that matters more', () => {
  const answers = (['warning', 'error', 'critical'] as const).map((severity) =>
    isForChannel({ chains: ['*'], severity }, about),
  );
  assert.deepEqual(answers, [true, true, false]);
});

test('a severity that is not known may matter most', () => {
  assert.equal(severityNamed('doom'), 'critical');
  assert.equal(severityNamed('warning'), 'warning');
});

test('only what says that something is over is an end', () => {
  assert.deepEqual(['incident healed', 'incident opened'].map(isEnd), [true, false]);
});
