import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inBrief, verdictOf, type Outcome, type Verdict } from './outcome.ts';
import { toDurationMs } from './units.ts';

const verdicts: readonly [Outcome, Verdict][] = [
  [{ kind: 'succeeded' }, 'success'],
  [{ kind: 'exited', exitCode: 1 }, 'failure'],
  [{ kind: 'killed', signal: 'SIGKILL' }, 'failure'],
  [{ kind: 'threw', error: { name: 'TypeError', message: 'no queue', stack: '' } }, 'failure'],
  [{ kind: 'not started', reason: 'no such program' }, 'failure'],
  [{ kind: 'interrupted', reason: 'the host went down' }, 'failure'],
  [{ kind: 'timed out', timeoutMs: toDurationMs(1_000) }, 'failure'],
  [{ kind: 'stopped' }, 'no verdict'],
  [{ kind: 'withdrawn', reason: 'the chain was asked to stop' }, 'no verdict'],
];

for (const [outcome, verdict] of verdicts) {
  test(`a run that ${outcome.kind === 'succeeded' ? '' : 'was or has '}${outcome.kind} counts as ${verdict}`, () => {
    assert.equal(verdictOf(outcome), verdict);
  });
}

describe('an outcome in brief', () => {
  function threw(message: string): Outcome {
    return inBrief({ kind: 'threw', error: { name: 'TypeError', message, stack: 'TypeError: at x' } });
  }

  test('has the first line of what was thrown, and no stack', () => {
    const error = { name: 'TypeError', message: 'no queue', stack: '' };
    assert.deepEqual(threw('no queue\nat all'), { kind: 'threw', error });
    assert.deepEqual(threw(''), { kind: 'threw', error: { ...error, message: '' } });
  });

  test('has at most 200 characters of it', () => {
    const found = threw('x'.repeat(5_000));
    assert.ok(found.kind === 'threw' && found.error.message === 'x'.repeat(200));
  });

  test('is the outcome itself where nothing was thrown', () => {
    for (const [outcome] of verdicts) if (outcome.kind !== 'threw') assert.equal(inBrief(outcome), outcome);
  });
});
