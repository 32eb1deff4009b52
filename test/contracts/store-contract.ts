import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChainName } from '../../src/core/definition.ts';
import type { ChainTold, RunEndedTold, Told } from '../../src/core/event.ts';
import type { ChainState } from '../../src/core/facts.ts';
import { newChainState } from '../../src/core/initial.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { toDurationMs, toFence, toRunNumber, type Fence } from '../../src/core/units.ts';
import { unknownUsage, type Usage } from '../../src/core/usage.ts';
import { StoreError, type Saving, type Store } from '../../src/ports.ts';
import { chainNamed } from '../support/chain-definition.ts';
import { momentAt, runOf } from '../support/chain-facts.ts';

/** One line of a history, as far as every store keeps it. */
interface ContractLine {
  readonly run: number;
  readonly task: string;
  readonly outcome: string | null;
}

/** A store that is tested, with the ways to look into it. */
export interface OpenedStore {
  readonly store: Store;
  history(chain: string): readonly ContractLine[];
  /** Closes it, and opens what it has stored. */
  reopen(): Promise<OpenedStore>;
  close(): Promise<void>;
}

const mail = chainNamed('mail');
const late = chainNamed('late');
const crowd = ['one', 'two', late, 'three', 'four'].map(chainNamed);

/** What a chain's loop needs of a store, whatever it is made of. */
export function storeContract(open: () => Promise<OpenedStore>): void {
  function contract(name: string, check: (opened: OpenedStore) => Promise<OpenedStore | void>): void {
    test(name, async () => {
      const opened = await open();
      const left = await check(opened);
      await (left ?? opened).close();
    });
  }

  contract('a new chain has no state', async ({ store }) => {
    assert.deepEqual(await store.begin(mail), { fence: 1, state: null });
  });

  contract(
    'each term has a larger fence than the one before, also after it was opened again',
    async (opened) => {
      const fences = [(await opened.store.begin(mail)).fence, (await opened.store.begin(mail)).fence];
      const again = await opened.reopen();
      fences.push((await again.store.begin(mail)).fence);
      assert.deepEqual(fences, [1, 2, 3]);
      return again;
    },
  );

  contract('a term begins with the state that was stored last', async ({ store }) => {
    const { fence } = await store.begin(mail);
    const state = stateAt(5, { streaks: { sendMail: 2 }, run: runOf({ number: toRunNumber(5) }) });
    await store.save(saving(fence, stateAt(4)));
    await store.save(saving(fence, state));
    assert.deepEqual((await store.begin(mail)).state, state);
  });

  contract('what was stored is there after it was opened again', async (opened) => {
    const { fence } = await opened.store.begin(mail);
    await opened.store.save(saving(fence, stateAt(4), [intended(4)]));
    const again = await opened.reopen();
    assert.deepEqual((await again.store.begin(mail)).state, stateAt(4));
    assert.deepEqual(again.history(mail), [{ run: 4, task: 'task1', outcome: null }]);
    return again;
  });

  contract('a term that is over stores nothing', async (opened) => {
    const { store } = opened;
    const old = await store.begin(mail);
    await store.save(saving(old.fence, stateAt(1)));
    await store.begin(mail);
    await assert.rejects(store.save(saving(old.fence, stateAt(2), [intended(2)])), StoreError);
    assert.deepEqual(opened.history(mail), []);
    assert.deepEqual((await store.begin(mail)).state, stateAt(1));
  });

  contract('a chain that was never begun stores nothing', async ({ store }) => {
    await assert.rejects(store.save(saving(toFence(1), stateAt(1))), StoreError);
  });

  contract('chains have nothing to do with each other', async (opened) => {
    const { store } = opened;
    const { fence } = await store.begin(mail);
    await store.save(saving(fence, stateAt(4), [intended(4)]));
    assert.deepEqual(await store.begin(chainNamed('other')), { fence: 1, state: null });
    assert.deepEqual(opened.history('other'), []);
  });

  contract('of many that store at once, only the one whose term is over stores nothing', async (opened) => {
    const { store } = opened;
    const terms = await Promise.all(crowd.map(async (chain) => ({ chain, ...(await store.begin(chain)) })));
    await store.begin(late);
    const saved = await Promise.allSettled(
      terms.map(({ chain, fence }) => store.save(stepOf(chain, fence, 1))),
    );
    for (const [index, { chain }] of terms.entries()) {
      const isLate = chain === late;
      assert.equal(saved[index]?.status, isLate ? 'rejected' : 'fulfilled', chain);
      assert.deepEqual((await store.begin(chain)).state, isLate ? null : stateAt(1), chain);
      assert.equal(opened.history(chain).length, isLate ? 0 : 1, chain);
    }
    const refusal = saved.find(({ status }) => status === 'rejected');
    assert.ok(refusal?.status === 'rejected' && refusal.reason instanceof StoreError);
    assert.ok(refusal.reason.message.includes(late), refusal.reason.message);
  });

  contract('steps of a chain are stored in the order in which they were asked for', async (opened) => {
    const { store } = opened;
    const { fence } = await store.begin(mail);
    await Promise.all([1, 2, 3].map((run) => store.save(stepOf(mail, fence, run))));
    assert.deepEqual((await store.begin(mail)).state, stateAt(3));
    assert.deepEqual(
      opened.history(mail).map(({ run }) => run),
      [1, 2, 3],
    );
  });

  contract('an intended run begins a line of the history, its end completes it', async (opened) => {
    const { store } = opened;
    const { fence } = await store.begin(mail);
    await store.save(saving(fence, stateAt(1), [intended(1)]));
    assert.deepEqual(opened.history(mail), [{ run: 1, task: 'task1', outcome: null }]);
    await store.save(saving(fence, stateAt(2), [ended(1, { kind: 'exited', exitCode: 3 }), intended(2)]));
    assert.deepEqual(opened.history(mail), [
      { run: 1, task: 'task1', outcome: 'exited' },
      { run: 2, task: 'task1', outcome: null },
    ]);
  });
}

/** The state of a chain after its `lastRun`-th run. */
export function stateAt(lastRun: number, changed: Partial<ChainState> = {}): ChainState {
  return { ...newChainState, lastRun, ...changed };
}

/** One step to be stored. */
export function saving(fence: Fence, state: ChainState, told: readonly Told[] = []): Saving {
  const log = { generation: 1, offset: 0 };
  const chainTold = told.map((one): ChainTold => ({ chain: mail, fence, told: one, log }));
  return {
    chain: mail,
    fence,
    state,
    told: chainTold,
    history: { runsKept: 100, failedRunsKept: 100, ageMs: null },
    mayWait: false,
  };
}

/** That a chain intends a run, to be stored. */
export function stepOf(chain: ChainName, fence: Fence, run: number): Saving {
  const step = saving(fence, stateAt(run), [intended(run)]);
  return { ...step, chain, told: step.told.map((told) => ({ ...told, chain })) };
}

/** That a run is intended. */
export function intended(number: number): Told {
  return { kind: 'run intended', run: runOf({ number: toRunNumber(number) }), at: momentAt(number).wall };
}

/** That a run has ended, and what it took. */
export function endedWith(number: number, usage: Usage): Told {
  return { ...ended(number, { kind: 'exited', exitCode: 3 }), usage };
}

function ended(number: number, outcome: Outcome): RunEndedTold {
  const run = runOf({ number: toRunNumber(number) });
  return {
    kind: 'run ended',
    run,
    outcome,
    verdict: 'failure',
    streak: 1,
    healedStreak: 0,
    endedAt: momentAt(number + 1).wall,
    durationMs: toDurationMs(1),
    usage: unknownUsage,
    next: { task: 'task1', pass: run.pass, cooldownMs: toDurationMs(0) },
  };
}
