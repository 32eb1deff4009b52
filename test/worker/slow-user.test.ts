import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ChainEvent } from '../../src/core/event.ts';
import { runnersOwn, type Identity, type RunUser } from '../../src/core/identity.ts';
import type { Worker } from '../../src/ports.ts';
import { findPerl } from '../../src/processes/perl.ts';
import { findUser } from '../../src/processes/user-database.ts';
import { createSystemClock } from '../../src/system/clock.ts';
import { systemRandom } from '../../src/system/random.ts';
import { ManyChainsWorkers } from '../../src/worker/many-chains-workers.ts';
import type { UserDatabase } from '../../src/worker/worker-launch.ts';
import { createWorkers } from '../../src/worker/workers.ts';
import { chainNamed, chainOf } from '../support/chain-definition.ts';
import { runOf } from '../support/chain-facts.ts';
import { waitUntilGone } from '../support/processes.ts';

const clock = createSystemClock();
const script = fileURLToPath(new URL('../../../src/worker/worker.pl', import.meta.url));

/** A directory service that answers when the test says so. */
class SlowUsers implements UserDatabase {
  /** The name that is looked up, as soon as one is. */
  readonly asked: Promise<string>;
  signal: AbortSignal | null = null;
  answer: (user: RunUser | null) => void = () => undefined;
  #tellAsked: (name: string) => void = () => undefined;

  constructor() {
    this.asked = new Promise((resolve) => (this.#tellAsked = resolve));
  }

  findUser(name: string, _group: number, signal: AbortSignal): Promise<RunUser | null> {
    this.signal = signal;
    this.#tellAsked(name);
    return new Promise((resolve) => (this.answer = resolve));
  }
}

/** A real worker of a chain, and what it says. */
class StartedWorker {
  readonly events: ChainEvent[] = [];
  readonly worker: Worker;
  readonly lockFile: string;
  #look: () => void = () => undefined;

  constructor(folder: string, name: string, by: { users: UserDatabase; identity: Identity }) {
    this.lockFile = join(folder, `${name}.lock`);
    const setting = {
      chain: chainNamed(name),
      clock,
      random: systemRandom,
      users: by.users,
      perl: findPerl(''),
      script,
      functionWorker: [],
      manyChainsWorker: [],
      checkProgram: () => undefined,
      lockFile: this.lockFile,
      journalFile: join(folder, `${name}.journal`),
      logFile: join(folder, `${name}.log`),
      cacheDirectory: folder,
    };
    const definition = chainOf([{}], { name: chainNamed(name), directory: folder, identity: by.identity });
    this.worker = createWorkers(setting, new ManyChainsWorkers(clock)).start(definition, null, (event) => {
      this.events.push(event);
      this.#look();
    });
  }

  async said(kind: ChainEvent['kind']): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#look = () => {
        if (this.events.some((event) => event.kind === kind)) resolve();
      };
      this.#look();
    });
  }

  async end(): Promise<void> {
    this.worker.release();
    const pids = this.events.flatMap((event) => (event.kind === 'worker locked' ? [event.identity.pid] : []));
    await waitUntilGone(pids);
  }
}

async function own(): Promise<RunUser> {
  const user = await findUser(String(process.geteuid?.()), process.getegid?.() ?? null, null);
  return user ?? assert.fail('the user of this test is not known');
}

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'runner-worker-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('while the user of a chain is looked up the run of another goes on, and then its worker starts', async (t) => {
  const folder = newFolder(t);
  const user = await own();
  const users = new SlowUsers();
  const slow = new StartedWorker(folder, 'slow', { users, identity: { ...runnersOwn, user } });
  assert.equal(await users.asked, user.name);
  const quick = new StartedWorker(folder, 'quick', { users, identity: runnersOwn });
  await quick.said('worker ready');
  quick.worker.run(runOf());
  await quick.said('run ended');
  assert.deepEqual(slow.events, []);
  users.answer(user);
  await slow.said('worker ready');
  await Promise.all([slow.end(), quick.end()]);
});

test('a worker that is let go while its user is looked up never starts, and the look-up ends', async (t) => {
  const folder = newFolder(t);
  const user = await own();
  const users = new SlowUsers();
  const slow = new StartedWorker(folder, 'slow', { users, identity: { ...runnersOwn, user } });
  await users.asked;
  slow.worker.release();
  assert.equal(users.signal?.aborted, true);
  users.answer(user);
  // What follows the answer happens before the event loop turns.
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(existsSync(slow.lockFile), false);
  assert.deepEqual(slow.events, []);
});
