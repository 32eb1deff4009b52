import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { learn } from '../../src/core/learn.ts';
import type { Facts } from '../../src/core/facts.ts';
import type { Ending } from '../../src/core/outcome.ts';
import { toDurationMs, toFence, toRunNumber } from '../../src/core/units.ts';
import { unknownUsage } from '../../src/core/usage.ts';
import { readIncident, readIncidents } from '../../src/store/incidents.ts';
import { openState } from '../../src/store/open-state.ts';
import { createSqliteStore } from '../../src/store/sqlite-store.ts';
import { chainOf } from '../support/chain-definition.ts';
import { boot, factsOf, momentAt, runOf, waitUntil } from '../support/chain-facts.ts';

const chain = chainOf([{}]);

test('what is learnt of incidents is in the state, with its examples and what was told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'runner-alarm-'));
  const path = join(folder, 'state.db');
  const database = await openState(path);
  const store = createSqliteStore(database, path, { ran: () => undefined });
  const { fence } = await store.begin(chain.name);
  let facts: Facts = factsOf({ fence });

  async function end(number: number, ending: Ending, printed: string): Promise<void> {
    const run = runOf({ number: toRunNumber(number), fence: toFence(fence) });
    const running = { ...facts, printed, state: { ...facts.state, run, lastRun: number } };
    const learned = learn(
      running,
      {
        kind: 'run ended',
        run: number,
        ending,
        at: momentAt(number * 1_000),
        boot,
        durationMs: toDurationMs(5),
        usage: unknownUsage,
        chance: 0,
        isOver: true,
        leftovers: [],
      },
      chain,
    );
    facts = learned.facts;
    const log = { generation: 1, offset: 0 };
    const told = learned.told.map((one) => ({ chain: chain.name, fence, told: one, log }));
    await store.save({
      chain: chain.name,
      fence,
      state: facts.state,
      told,
      history: chain.history,
      mayWait: false,
    });
  }

  const failed: Ending = { kind: 'exited', exitCode: 3 };
  await end(1, failed, 'ERROR: id 7 is gone');
  await end(2, failed, 'ERROR: id 8 is gone');
  await end(3, failed, 'curl: (7) Failed to connect');
  const open = { chain: chain.name, isOpen: true, limit: 9 };
  assert.deepEqual(
    readIncidents(database, open).map(({ failures, firstRun, healedAt }) => [failures, firstRun, healedAt]),
    [[3, 1, null]],
  );
  const mute = { since: momentAt(3_500), by: 'ada', until: waitUntil(9_000) };
  facts = { ...facts, state: { ...facts.state, mute } };
  await end(4, { kind: 'succeeded' }, '');
  assert.deepEqual(readIncidents(database, open), []);
  const [healed] = readIncidents(database, { ...open, isOpen: false });
  assert.equal(healed?.healedAt, momentAt(4_000).wall);
  const report = readIncident(database, healed.id);
  assert.deepEqual(
    report?.kinds.map(({ title, failures }) => [title, failures]),
    [
      ['ERROR: id 7 is gone', 2],
      ['curl: (7) Failed to connect', 1],
    ],
  );
  assert.deepEqual(
    report.notices.map(({ kind, isHeld }) => [kind, isHeld]),
    [
      ['incident opened', false],
      ['new kind', false],
      ['incident healed', true],
    ],
  );
  // The state holds what the tables do, so that a restart goes on from it.
  assert.deepEqual((await store.begin(chain.name)).state, facts.state);
  database.close();
  rmSync(folder, { recursive: true });
});
