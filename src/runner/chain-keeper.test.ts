import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gate, holderNamed, MemoryHost } from '../../test/support/memory-host.ts';
import { chain } from '../../test/support/runner-story.ts';
import { settled } from '../../test/support/settled.ts';
import type { Asked, ControlRequest } from '../control-port.ts';
import type { ChainDefinition } from '../core/definition.ts';
import { toDurationMs } from '../core/units.ts';
import { ChainKeeper } from './chain-keeper.ts';

const by = 'ada';

async function keep(
  host: MemoryHost,
  definition: ChainDefinition = chain('mail'),
): Promise<{ readonly keeper: ChainKeeper; readonly kept: Promise<void> }> {
  const keeper = new ChainKeeper(definition, host);
  const kept = keeper.keep();
  kept.catch(() => undefined);
  await settled();
  return { keeper, kept };
}

/** What a wish came to: the state of the chain then, or why it was refused. */
async function ask(keeper: ChainKeeper, request: ControlRequest): Promise<string> {
  const asked: Asked = await keeper.ask(request);
  await settled();
  if (asked.kind === 'done') return asked.status.state;
  return asked.kind === 'refused' ? asked.reason : asked.kind;
}

const stop: ControlRequest = { kind: 'stop', by, isNow: false };
const start: ControlRequest = { kind: 'start', by };
const pause: ControlRequest = { kind: 'pause', by, forMs: null };
const resume: ControlRequest = { kind: 'resume', by };
const release: ControlRequest = { kind: 'release', by, pid: 77 };

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
