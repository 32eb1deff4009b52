import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdictOf, type Outcome, type Verdict } from './outcome.ts';
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
