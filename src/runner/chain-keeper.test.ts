import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, by, keep, pause, release, resume, start, stop } from '../../test/support/kept-chain.ts';
import { gate, holderNamed, MemoryHost } from '../../test/support/memory-host.ts';
import { chain } from '../../test/support/runner-story.ts';
import { settled } from '../../test/support/settled.ts';
import { toDurationMs } from '../core/units.ts';

describe('a chain that another process has', () => {
  test('is taken within a second after that lets it go', async () => {
    const host = new MemoryHost();
    host.chain('mail').holder = holderNamed(77);
    const { keeper } = await keep(host);
    assert.equal(keeper.status().state, 'held elsewhere');
    assert.deepEqual(keeper.status().heldBy, { pid: 77, command: 'runner run mail', isGiving: false });
    host.chain('mail').holder = null;
    await host.advance(999);
    assert.equal(host.chain('mail').started, 0);
    await host.advance(1);
    assert.equal(host.chain('mail').started, 1);
  });

  test('is told to be elsewhere also while it is tried again', async () => {
    const host = new MemoryHost();
    host.chain('mail').holder = holderNamed(77);
    const { keeper } = await keep(host);
    const { closed, open } = gate();
    host.chain('mail').gate = closed;
    await host.advance(1_000);
    assert.deepEqual([host.chain('mail').tries, keeper.status().state], [2, 'held elsewhere']);
    open();
  });

  test('is taken at once when somebody knows that it is free', async () => {
    const host = new MemoryHost();
    host.chain('mail').holder = holderNamed(77);
    const { keeper } = await keep(host);
    host.chain('mail').holder = null;
    keeper.tryNow();
    await settled();
    assert.equal(keeper.status().state, 'running');
  });

  test('cannot be asked anything, and the answer names that process', async () => {
    const host = new MemoryHost();
    host.chain('mail').holder = holderNamed(77);
    const { keeper } = await keep(host);
    for (const request of [stop, pause, resume, release]) assert.match(await ask(keeper, request), /77/);
  });

  test('is left alone once it is let go', async () => {
    const host = new MemoryHost();
    host.chain('mail').holder = holderNamed(77);
    const { keeper, kept } = await keep(host);
    keeper.drain();
    await kept;
    const { tries } = host.chain('mail');
    await host.advance(60_000);
    assert.deepEqual([host.chain('mail').tries, host.timers], [tries, 0]);
  });
});

describe('a chain that cannot begin', () => {
  test('for its files is tried again each second, and says why', async () => {
    const host = new MemoryHost();
    host.chain('mail').refusal = 'EMFILE: too many open files';
    const { keeper } = await keep(host);
    assert.deepEqual(
      [keeper.status().state, keeper.status().reason],
      ['cannot begin', 'EMFILE: too many open files'],
    );
    await host.advance(5_000);
    assert.equal(host.chain('mail').tries, 6);
    host.chain('mail').refusal = null;
    await host.advance(1_000);
    assert.equal(keeper.status().state, 'running');
  });

  test('for its state is closed each time, and begins when that can be stored', async () => {
    const host = new MemoryHost();
    host.store.failure = 'the disk is full';
    const { keeper } = await keep(host);
    await host.advance(3_000);
    assert.deepEqual([keeper.status().reason, host.chain('mail').open], ['the disk is full', 0]);
    assert.match(await ask(keeper, pause), /cannot begin: the disk is full/);
    host.store.failure = null;
    await host.advance(1_000);
    assert.deepEqual([host.chain('mail').started, host.chain('mail').open], [1, 1]);
  });
});

describe('a chain that is released for another process', () => {
  test('is let go after its run, and left to that process for five seconds', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    assert.equal(await ask(keeper, release), 'running');
    await host.when('mail', (workers) => workers.succeeds());
    assert.deepEqual([keeper.status().state, keeper.status().heldBy?.pid], ['held elsewhere', 77]);
    assert.equal(host.chain('mail').open, 0);
    await host.advance(4_999);
    assert.equal(host.chain('mail').tries, 1);
    await host.advance(1);
    assert.deepEqual([host.chain('mail').tries, host.chain('mail').open], [2, 1]);
  });

  test('is tried each second after that while the other one has it', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    await ask(keeper, release);
    await host.when('mail', (workers) => workers.succeeds());
    host.chain('mail').holder = holderNamed(77);
    await host.advance(7_000);
    assert.equal(host.chain('mail').tries, 4);
    host.chain('mail').holder = null;
    await host.advance(1_000);
    assert.equal(keeper.status().state, 'running');
  });
});

describe('what is asked while a chain is being taken', () => {
  test('waits for that, and is done then', async () => {
    const host = new MemoryHost();
    const { closed, open } = gate();
    host.chain('mail').gate = closed;
    const { keeper } = await keep(host);
    const asked = ask(keeper, stop);
    await settled();
    open();
    assert.equal(await asked, 'stopped');
    assert.equal(host.chain('mail').started, 0);
  });

  test('is answered by what came of it', async () => {
    const host = new MemoryHost();
    const { closed, open } = gate();
    host.chain('mail').gate = closed;
    host.chain('mail').holder = holderNamed(77);
    const { keeper } = await keep(host);
    const asked = ask(keeper, pause);
    open();
    assert.match(await asked, /run by another process, 77/);
  });

  test('is refused when the chain is let go meanwhile', async () => {
    const host = new MemoryHost();
    const { closed, open } = gate();
    host.chain('mail').gate = closed;
    const { keeper, kept } = await keep(host);
    const asked = ask(keeper, stop);
    keeper.drain();
    open();
    await kept;
    assert.match(await asked, /no longer run/);
  });
});

describe('a changed definition', () => {
  test('is in force after the run in progress', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    keeper.change(chain('mail', { name: 'other' }));
    assert.equal(keeper.status().task, 'task1');
    await host.when('mail', (workers) => workers.succeeds());
    assert.equal(keeper.status().task, 'other');
  });

  test('that comes while the chain is being taken is in force from the first run', async () => {
    const host = new MemoryHost();
    const { closed, open } = gate();
    host.chain('mail').gate = closed;
    const { keeper } = await keep(host);
    keeper.change(chain('mail', { name: 'other' }));
    open();
    await settled();
    assert.deepEqual(
      host.chain('mail').workers.runs.map(({ task }) => task),
      ['other'],
    );
  });

  test('of a chain that is stopped is in force when it is started', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host, chain('mail', { successMs: 0 }));
    await ask(keeper, stop);
    await host.when('mail', (workers) => workers.succeeds());
    keeper.change(chain('mail', { name: 'other' }));
    await ask(keeper, start);
    assert.equal(keeper.status().task, 'other');
  });
});

describe('a run that somebody ends', () => {
  test('is refused where there is none', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    await host.when('mail', (workers) => workers.succeeds());
    assert.match(await ask(keeper, { kind: 'kill-run', by, isNow: false }), /no run in progress/);
  });

  test('gets SIGTERM, or SIGKILL if asked so', async () => {
    const host = new MemoryHost();
    const { keeper } = await keep(host);
    assert.equal(await ask(keeper, { kind: 'kill-run', by, isNow: false }), 'running');
    await ask(keeper, { kind: 'kill-run', by, isNow: true });
    assert.deepEqual(host.chain('mail').workers.steps, ['cancelled 1', 'killed 1']);
  });
});

test('a pause for a while ends by itself', async () => {
  const host = new MemoryHost();
  const { keeper } = await keep(host);
  await ask(keeper, { kind: 'pause', by, forMs: toDurationMs(60_000) });
  await host.when('mail', (workers) => workers.succeeds());
  await host.advance(59_999);
  assert.equal(keeper.status().state, 'paused');
  await host.advance(1);
  assert.equal(keeper.status().state, 'running');
});

test('what cannot be stored is refused after a while, and counts all the same', async () => {
  const host = new MemoryHost();
  const { keeper } = await keep(host);
  host.store.failure = 'the disk is full';
  const answer = ask(keeper, pause);
  await host.advance(1_999);
  assert.equal(await Promise.race([answer, settled().then(() => 'not yet')]), 'not yet');
  await host.advance(1);
  assert.match(await answer, /has heard it, and cannot store it: the disk is full; it is forgotten if/);
  assert.notEqual(keeper.status().pause, null);
});

// Found by the simulation: the chain finished, and the answer was that the pause is stored.
test('what could not be stored before a stop now ends the chain is refused', async () => {
  const host = new MemoryHost();
  const { keeper, kept } = await keep(host);
  await host.when('mail', (workers) => workers.succeeds());
  host.store.failure = 'the disk is full';
  const answer = ask(keeper, pause);
  await host.advance(10);
  keeper.stop(true);
  await kept;
  assert.match(await answer, /ended before it could store that/);
});

test('a bug in the loop of a chain is told by whoever keeps it, and the chain is closed', async () => {
  const host = new MemoryHost();
  host.chain('mail').workers.start = () => {
    throw new TypeError('a bug');
  };
  const { kept } = await keep(host);
  await assert.rejects(kept, /a bug/);
  assert.equal(host.chain('mail').open, 0);
});
