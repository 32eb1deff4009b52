import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, by, keep, pause, release, resume, start, stop } from '../../test/support/kept-chain.ts';
import { gate, holderNamed, MemoryHost } from '../../test/support/memory-host.ts';
import { chain } from '../../test/support/runner-story.ts';
import { settled } from '../../test/support/settled.ts';
import type { ChainKeeper } from './chain-keeper.ts';

describe('a chain that somebody stops', () => {
  test('between runs is stopped by the time of the answer, and stays so', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    await host.when('mail', (workers) => workers.succeeds());
    assert.equal(await ask(keeper, stop), 'stopped');
    await host.advance(86_400_000);
    assert.deepEqual([host.chain('mail').started, host.chain('mail').open], [1, 0]);
    assert.equal(keeper.status().stopped?.by, 'ada');
  });

  test('during a run goes on with it, and is stopped after it', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    assert.equal(await ask(keeper, stop), 'running');
    assert.match(await ask(keeper, start), /still stopping/);
    await host.when('mail', (workers) => workers.succeeds());
    assert.equal(keeper.status().state, 'stopped');
  });

  test('now while nothing can be stored has its run killed at once, and is stopped for good as soon as it can be', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    host.store.failure = 'the disk is full';
    const answer = ask(keeper, { ...stop, isNow: true });
    await settled();
    assert.deepEqual(host.chain('mail').workers.steps, ['killed 1']);
    await host.when('mail', (workers) => workers.succeeds());
    await host.advance(2_000);
    assert.match(await answer, /has heard it, and cannot store it: the disk is full; it is forgotten if/);
    host.store.failure = null;
    await host.advance(1_000);
    assert.equal(keeper.status().state, 'stopped');
    assert.equal(host.store.stateOf(keeper.definition.name)?.stopped?.by, by);
  });

  // Found by the simulation: the chain ended at once, and the stop was lost.
  test('while nothing can be stored is stopped for good as soon as it can be, also where a run left something behind', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    await host.when('mail', (workers) => workers.leavesBehind());
    host.store.failure = 'the disk is full';
    const answer = ask(keeper, stop);
    await host.advance(2_000);
    assert.match(await answer, /has heard it, and cannot store it: the disk is full/);
    host.store.failure = null;
    await host.advance(1_000);
    assert.equal(host.store.stateOf(keeper.definition.name)?.stopped?.by, by);
  });

  test('now while nothing can be stored does not keep the runner from ending at once', async () => {
    const host = new MemoryHost();
    const { keeper, kept } = await keep(host);
    await host.when('mail', (workers) => workers.succeeds());
    host.store.failure = 'the disk is full';
    void keeper.ask({ ...stop, isNow: true });
    await settled();
    keeper.stop(true);
    await kept;
    assert.equal(host.chain('mail').open, 0);
  });

  test('goes on after a start that was asked at once after the stop', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host, chain('mail', { successMs: 10_000 }));
    await host.when('mail', (workers) => workers.succeeds());
    const answers = [ask(keeper, stop), ask(keeper, start)];
    assert.deepEqual(await Promise.all(answers), ['stopped', 'cooling down']);
    assert.equal(keeper.status().state, 'cooling down');
  });

  // Found by the simulation (world 7226): the start waited for the first stop, and came after the second.
  test('stays stopped after a start between two stops', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    await host.when('mail', (workers) => workers.succeeds());
    host.store.failure = 'the disk is full';
    const answers = [ask(keeper, stop), ask(keeper, start), ask(keeper, stop)];
    await host.advance(2_000);
    const [, started] = await Promise.all(answers);
    assert.match(started ?? '', /was asked to stop meanwhile/);
    host.store.failure = null;
    await host.advance(1_000);
    assert.equal(keeper.status().state, 'stopped');
  });

  test('goes on after a start, with the rest of its cooldown', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host, chain('mail', { successMs: 10_000 }));
    await host.when('mail', (workers) => workers.succeeds());
    await ask(keeper, stop);
    await host.advance(4_000);
    assert.equal(await ask(keeper, start), 'cooling down');
    assert.equal(host.store.stateOf(keeper.definition.name)?.stopped, null);
    assert.equal(keeper.status().cooldown?.remainingMs, 6_000);
    await host.advance(6_000);
    assert.equal(host.chain('mail').started, 2);
  });

  test('and that another process has taken meanwhile is told to be elsewhere by a start', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    await host.when('mail', (workers) => workers.succeeds());
    await ask(keeper, stop);
    host.chain('mail').holder = holderNamed(77);
    assert.equal(await ask(keeper, start), 'held elsewhere');
    host.chain('mail').holder = null;
    await host.advance(1_000);
    assert.equal(keeper.status().state, 'running');
  });

  // Found by the simulation: the answer was that it is stopped, while the other process ran it.
  test('and that another process has taken meanwhile is told to be elsewhere by another stop', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    await host.when('mail', (workers) => workers.succeeds());
    await ask(keeper, stop);
    host.chain('mail').holder = holderNamed(77);
    assert.match(await ask(keeper, stop), /is run by another process, 77/);
  });

  test('and that another process has started meanwhile is stopped again by another stop', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    await host.when('mail', (workers) => workers.succeeds());
    await ask(keeper, stop);
    const term = await host.store.begin(keeper.definition.name);
    assert.ok(term.state !== null);
    const { name: mail, history } = keeper.definition;
    await host.store.save({
      chain: mail,
      fence: term.fence,
      state: { ...term.state, stopped: null },
      told: [],
      history,
      mayWait: false,
    });
    assert.equal(await ask(keeper, stop), 'stopped');
    assert.equal(host.store.stateOf(mail)?.stopped?.by, 'ada');
  });

  test('is still stopped in the next runner, and may be stopped again', async () => {
    const host = new MemoryHost();
    const first = await keep(host);
    await host.when('mail', (workers) => workers.succeeds());
    await ask(first.keeper, stop);
    first.keeper.drain();
    await first.kept;
    const { keeper } = await keep(host);
    assert.equal(keeper.status().state, 'stopped');
    assert.equal(await ask(keeper, { ...stop, by: 'bob' }), 'stopped');
    assert.equal(keeper.status().stopped?.by, 'ada');
    await ask(keeper, start);
    assert.equal(keeper.status().stopped, null);
  });

  test('stays paused after a start if it was paused before', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    await ask(keeper, pause);
    await host.when('mail', (workers) => workers.succeeds());
    await ask(keeper, stop);
    await ask(keeper, start);
    assert.equal(keeper.status().state, 'paused');
    assert.equal(await ask(keeper, resume), 'cooling down');
  });

  test('says how to start it when asked anything else', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    await host.when('mail', (workers) => workers.succeeds());
    await ask(keeper, stop);
    for (const request of [pause, resume, release, { kind: 'poke', by } as const]) {
      assert.match(await ask(keeper, request), /is stopped: start it first with "runner start mail"/);
    }
  });

  test('has its run killed when it is stopped now', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    await ask(keeper, { ...stop, isNow: true });
    assert.deepEqual(host.chain('mail').workers.steps, ['killed 1']);
  });
});

describe('a start', () => {
  for (const [what, prepare] of [
    ['that runs', async () => undefined],
    ['that is paused', (keeper: ChainKeeper) => ask(keeper, pause)],
  ] as const) {
    test(`of a chain ${what} changes nothing`, async () => {
      const host = new MemoryHost();
      const { keeper } = await keep(host);
      await prepare(keeper);
      const before = keeper.status();
      await ask(keeper, start);
      assert.deepEqual(keeper.status(), before);
    });
  }
});

describe('a chain that is let go', () => {
  test('between runs is let go at once', async () => {
    const host = new MemoryHost();
    const { keeper, kept } = await keep(host);
    await host.when('mail', (workers) => workers.succeeds());
    keeper.drain();
    await kept;
    assert.deepEqual([keeper.status().state, host.chain('mail').open, host.timers], ['let go', 0, 0]);
  });

  test('while it is being taken runs nothing', async () => {
    const host = new MemoryHost();
    const { closed, open } = gate();
    host.chain('mail').gate = closed;
    const { keeper, kept } = await keep(host);
    keeper.drain();
    open();
    await kept;
    assert.deepEqual([host.chain('mail').started, host.chain('mail').open], [0, 0]);
  });

  test('and kept again before it was, goes on as if nothing had been', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    keeper.drain();
    void keeper.keep();
    await host.when('mail', (workers) => workers.succeeds());
    assert.equal(keeper.status().state, 'cooling down');
    await host.advance(1_000);
    assert.equal(host.chain('mail').started, 2);
  });

  test('by a stop while it is being taken has the run of a runner that died killed', async () => {
    const host = new MemoryHost();
    await keep(host);
    const { closed, open } = gate();
    host.chain('mail').gate = closed;
    host.chain('mail').workers.beginning = 'silent';
    const { keeper } = await keep(host);
    keeper.stop(true);
    open();
    await settled();
    assert.deepEqual(host.chain('mail').workers.steps, ['killed 1']);
  });

  test('by a stop while it is being taken intends no run where none goes on', async () => {
    const host = new MemoryHost();
    const { closed, open } = gate();
    host.chain('mail').gate = closed;
    const { keeper, kept } = await keep(host);
    keeper.stop(false);
    open();
    await kept;
    assert.deepEqual([host.chain('mail').started, host.store.historyOf(keeper.definition.name)], [0, []]);
  });

  test('by two stops while its term begins has the run of a runner that died killed', async () => {
    const host = new MemoryHost();
    await keep(host);
    const { closed, open } = gate();
    const begin = host.store.begin.bind(host.store);
    host.store.begin = (name) => closed.then(() => begin(name));
    host.chain('mail').workers.beginning = 'silent';
    const { keeper } = await keep(host);
    keeper.stop(false);
    keeper.stop(true);
    open();
    await settled();
    assert.deepEqual(host.chain('mail').workers.steps, ['killed 1']);
  });
});
