import assert from 'node:assert/strict';
import { test } from 'node:test';
import { momentAt, runOf } from '../../test/support/chain-facts.ts';
import { chainNamed } from '../../test/support/chain-definition.ts';
import type { ChainTold } from '../core/event.ts';
import { toFence } from '../core/units.ts';
import { toldText } from './told-text.ts';

const running = runOf({ stage: { kind: 'running', since: momentAt(0) } });

function stopAsked(run: ChainTold['told'] & { kind: 'stop asked' }): string | undefined {
  const told = { chain: chainNamed('mail'), fence: toFence(1), told: run, log: { generation: 1, offset: 0 } };
  return toldText(told, '"runner down --now" kills it')?.text;
}

test('who stops a chain is told which run is waited for, and how it is killed from there', () => {
  assert.equal(
    stopAsked({ kind: 'stop asked', isNow: false, run: running }),
    `stopping when run ${running.number} (${running.task}) has ended; "runner down --now" kills it`,
  );
});

test('without a run in progress nothing is waited for', () => {
  assert.equal(stopAsked({ kind: 'stop asked', isNow: false, run: null }), 'stopping');
  assert.equal(stopAsked({ kind: 'stop asked', isNow: true, run: running }), 'stopping now');
});
