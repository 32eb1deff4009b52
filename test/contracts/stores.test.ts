import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toDurationMs } from '../../src/core/units.ts';
import { unknownUsage } from '../../src/core/usage.ts';
import { StoreError } from '../../src/ports.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { readHistory } from '../../src/store/history.ts';
import { openState } from '../../src/store/open-state.ts';
import { schemaVersion } from '../../src/store/schema.ts';
import { createSqliteStore } from '../../src/store/sqlite-store.ts';
import { chainNamed } from '../support/chain-definition.ts';
import { momentAt, runOf } from '../support/chain-facts.ts';
import { MemoryStore } from '../support/memory-store.ts';
import {
  endedWith,
  intended,
  saving,
  stateAt,
  stepOf,
  storeContract,
  type OpenedStore,
} from './store-contract.ts';

const mail = chainNamed('mail');
const crowd = ['one', 'two', 'three'].map(chainNamed);

describe('the memory store', () => storeContract(async () => openMemory(new MemoryStore())));

describe('the SQLite store', () => {
  storeContract(async () => openSqlite(newFolder()));

  test('hands out the state of a run with its whole outcome', async () => {
    const { folder, database, store } = await openFile();
    const { fence } = await store.begin(mail);
    await store.save(saving(fence, stateAt(1), [intended(1)]));
    const [line] = readHistory(database, { chain: mail, run: 1, limit: 10 });
    assert.deepEqual([line?.fence, line?.pass, line?.endedAt, line?.detail], [1, 1, null, null]);
    closeFile(folder, database);
  });

  test('refuses a file that is no database, and leaves it as it is', async () => {
    const folder = newFolder();
    const path = join(folder, 'state.db');
    const text = 'this is not a database '.repeat(100);
    writeFileSync(path, text);
    await assert.rejects(openState(path), (error) => isStoreError(error, 'it is damaged'));
    assert.equal(readFileSync(path, 'utf8'), text);
    rmSync(folder, { recursive: true });
  });

  test('refuses a damaged file', async () => {
    const { folder, database, store, path } = await openFile();
    const { fence } = await store.begin(mail);
    for (let run = 1; run <= 500; run += 1) await store.save(saving(fence, stateAt(run), [intended(run)]));
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4_096 + 100, bytes.length - 100);
    writeFileSync(path, bytes);
    await assert.rejects(openState(path), (error) => isStoreError(error, 'it is damaged'));
    rmSync(folder, { recursive: true });
  });

  test('refuses a file that was cut short', async () => {
    const { folder, database, store, path } = await openFile();
    const { fence } = await store.begin(mail);
    for (let run = 1; run <= 500; run += 1) await store.save(saving(fence, stateAt(run), [intended(run)]));
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    truncateSync(path, 4_096 + 2_000);
    await assert.rejects(openState(path), (error) => isStoreError(error, 'it is damaged'));
    rmSync(folder, { recursive: true });
  });

  test('refuses the file of a newer version, and names both', async () => {
    const { folder, database, path } = await openFile();
    database.exec('PRAGMA user_version = 99');
    database.close();
    await assert.rejects(openState(path), (error) =>
      isStoreError(error, `schema 99, this one knows ${schemaVersion}`),
    );
    rmSync(folder, { recursive: true });
  });

  test('keeps for a run what it took', async () => {
    const { folder, database, store } = await openFile();
    const { fence } = await store.begin(mail);
    const usages = [{ cpuMs: toDurationMs(7), memoryKib: 9_000 }, unknownUsage];
    for (const [index, usage] of usages.entries()) {
      const [run, told] = [index + 1, endedWith(index + 1, usage)];
      await store.save(saving(fence, stateAt(run), [intended(run), told]));
    }
    const history = readHistory(database, { chain: mail, run: null, limit: 9 });
    assert.deepEqual(
      history.map(({ cpuMs, memoryKib }) => ({ cpuMs, memoryKib })),
      usages,
    );
    closeFile(folder, database);
  });

  test('brings the file of an older version to the present schema, with its history', async () => {
    const { folder, database, store, path } = await openFile();
    const { fence } = await store.begin(mail);
    await store.save(saving(fence, stateAt(1), [intended(1)]));
    for (const table of ['delivery', 'notice', 'incident_kind', 'incident', 'channel']) {
      database.exec(`DROP TABLE ${table}`);
    }
    database.exec('DROP INDEX run_started');
    database.exec('ALTER TABLE run DROP COLUMN cpu_ms; ALTER TABLE run DROP COLUMN memory_kib');
    database.exec('PRAGMA user_version = 1');
    database.close();
    const opened = await openState(path);
    const [line] = readHistory(opened, { chain: mail, run: null, limit: 9 });
    assert.deepEqual([line?.run, line?.cpuMs, line?.memoryKib], [1, null, null]);
    assert.deepEqual((await storeOf(opened, path).begin(mail)).state, stateAt(1));
    closeFile(folder, opened);
  });

  test('leaves the file of an older version as it was where one step to the present schema fails', async () => {
    const { folder, database, path } = await openFile();
    for (const table of ['delivery', 'notice', 'incident_kind', 'channel']) {
      database.exec(`DROP TABLE ${table}`);
    }
    database.exec('DROP INDEX run_started');
    database.exec('ALTER TABLE run DROP COLUMN cpu_ms; ALTER TABLE run DROP COLUMN memory_kib');
    // The last step makes a table of a name that is still there.
    database.exec('PRAGMA user_version = 1');
    const before = schemaOf(database);
    database.close();
    await assert.rejects(openState(path), (error) => isStoreError(error, 'already exists'));
    const after = openDatabase(path);
    assert.deepEqual(schemaOf(after), before);
    closeFile(folder, after);
  });

  test('reads the state of a version that did not store the name of the next task', async () => {
    const { folder, database, store } = await openFile();
    const { nextTask: _, ...old } = stateAt(7, { taskIndex: 2 });
    database.prepare("INSERT INTO chain (name, fence, state) VALUES ('mail', 1, ?)").run(JSON.stringify(old));
    assert.deepEqual((await store.begin(mail)).state, stateAt(7, { taskIndex: 2, nextTask: null }));
    closeFile(folder, database);
  });

  test('says so when a stored state is none', async () => {
    const { folder, database, store } = await openFile();
    for (const text of ['{', '[]', '{"lastRun":-1}']) {
      database.exec(`INSERT OR REPLACE INTO chain (name, fence, state) VALUES ('mail', 1, '${text}')`);
      await assert.rejects(store.begin(mail), (error) =>
        isStoreError(error, 'Cannot read the state of chain "mail"'),
      );
    }
    closeFile(folder, database);
  });

  test('begins many terms at once; a state that is none is in the way of its own chain only', async () => {
    const { folder, database, store } = await openFile();
    database.exec("INSERT INTO chain (name, fence, state) VALUES ('broken', 6, '{')");
    const names = ['one', 'broken', 'two', 'one'].map(chainNamed);
    const begun = await Promise.allSettled(names.map((name) => store.begin(name)));
    assert.deepEqual(
      begun.map((one) => (one.status === 'fulfilled' ? one.value.fence : one.status)),
      [1, 'rejected', 1, 2],
    );
    closeFile(folder, database);
  });

  test('begins no term where a fence cannot be stored', async () => {
    const { folder, database, store } = await openFile();
    database.exec('PRAGMA query_only = 1');
    const begun = await Promise.allSettled(['one', 'two'].map((name) => store.begin(chainNamed(name))));
    for (const one of begun) assert.ok(one.status === 'rejected' && isStoreError(one.reason, 'readonly'));
    database.exec('PRAGMA query_only = 0');
    assert.equal((await store.begin(chainNamed('one'))).fence, 1);
    closeFile(folder, database);
  });

  test('says so when the file cannot be opened', async () => {
    const path = join(newFolder(), 'no-such-folder', 'state.db');
    await assert.rejects(openState(path), (error) => isStoreError(error, 'nothing was started'));
  });

  test('stores nothing, and says so, while the disk is full, and goes on by itself', async () => {
    const { folder, database, store } = await openFile();
    const { fence } = await store.begin(mail);
    await store.save(saving(fence, stateAt(1)));
    const run = { streaks: { [`a long name ${'x'.repeat(200_000)}`]: 1 } };
    const pages = Number(Object.values(database.prepare('PRAGMA page_count').get() ?? {})[0]);
    database.exec(`PRAGMA max_page_count = ${pages}`);
    await assert.rejects(store.save(saving(fence, stateAt(2, run))), (error) =>
      isStoreError(error, 'free some space'),
    );
    database.exec('PRAGMA max_page_count = 100000');
    assert.deepEqual((await store.begin(mail)).state, stateAt(1));
    closeFile(folder, database);
  });

  test('stores what is asked for in one turn of the event loop with one commit', async () => {
    const { folder, database, path } = await openFile();
    const { counted, commits } = countCommits(database);
    const store = storeOf(counted, path);
    const chains = await Promise.all(crowd.map(async (chain) => ({ chain, ...(await store.begin(chain)) })));
    const before = commits();
    await Promise.all(chains.map(({ chain, fence }) => store.save(stepOf(chain, fence, 1))));
    assert.equal(commits() - before, 1);
    closeFile(folder, database);
  });

  test('stores what may wait with the next step of another chain', async () => {
    const { folder, database, path } = await openFile();
    const { counted, commits } = countCommits(database);
    const store = storeOf(counted, path);
    const chains = await Promise.all(crowd.map(async (chain) => ({ chain, ...(await store.begin(chain)) })));
    const before = commits();
    const patient = chains
      .slice(1)
      .map(({ chain, fence }) => store.save({ ...stepOf(chain, fence, 1), mayWait: true }));
    await Promise.all(chains.slice(0, 1).map(({ chain, fence }) => store.save(stepOf(chain, fence, 1))));
    assert.equal(commits() - before, 1);
    await Promise.all(patient);
    closeFile(folder, database);
  });

  test('stores what may wait by itself where nobody else stores anything', async () => {
    const { folder, database, store } = await openFile();
    const { fence } = await store.begin(mail);
    await store.save({ ...saving(fence, stateAt(1)), mayWait: true });
    assert.deepEqual((await store.begin(mail)).state, stateAt(1));
    closeFile(folder, database);
  });

  test('has the history pruned once for each run, when it is intended', async () => {
    const { folder, database, path } = await openFile();
    const runs: number[] = [];
    const pruning = { ran: (_: unknown, run: number) => void runs.push(run) };
    const store = createSqliteStore(database, path, pruning);
    const { fence } = await store.begin(mail);
    for (const number of [1, 2]) {
      const stage = { kind: 'intended', at: momentAt(0) } as const;
      await store.save(saving(fence, stateAt(number, { run: runOf({ stage }) }), [intended(number)]));
      await store.save(saving(fence, stateAt(number), [endedWith(number, unknownUsage)]));
    }
    assert.deepEqual(runs, [1, 2]);
    closeFile(folder, database);
  });

  test('stores nothing of many that ask at once while the file cannot be written, and tells each of them', async () => {
    const { folder, database, store } = await openFile();
    const chains = await Promise.all(crowd.map(async (chain) => ({ chain, ...(await store.begin(chain)) })));
    database.exec('PRAGMA query_only = 1');
    const saved = await Promise.allSettled(
      chains.map(({ chain, fence }) => store.save(stepOf(chain, fence, 1))),
    );
    for (const one of saved) assert.ok(one.status === 'rejected' && isStoreError(one.reason, 'readonly'));
    database.exec('PRAGMA query_only = 0');
    for (const { chain } of chains) assert.equal((await store.begin(chain)).state, null);
    closeFile(folder, database);
  });

  test('stores what there is room for, when one of many that ask at once has too much', async () => {
    const { folder, database, store } = await openFile();
    const chains = await Promise.all(crowd.map(async (chain) => ({ chain, ...(await store.begin(chain)) })));
    for (const { chain, fence } of chains) await store.save(stepOf(chain, fence, 1));
    const pages = Number(Object.values(database.prepare('PRAGMA page_count').get() ?? {})[0]);
    database.exec(`PRAGMA max_page_count = ${pages}`);
    const tooMuch = stateAt(2, { streaks: { [`a long name ${'x'.repeat(200_000)}`]: 1 } });
    const saved = await Promise.allSettled(
      chains.map(({ chain, fence }, index) =>
        store.save({ ...stepOf(chain, fence, 1), state: index === 1 ? tooMuch : stateAt(2) }),
      ),
    );
    assert.deepEqual(
      saved.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    closeFile(folder, database);
  });

  test('loses nothing that it has acknowledged when its process is killed', async () => {
    for (const afterLines of [1, 20, 150]) {
      const folder = newFolder();
      const path = join(folder, 'state.db');
      const acknowledged = await saveUntilKilled(path, afterLines);
      assert.ok(acknowledged >= afterLines);
      const database = await openState(path);
      const store = storeOf(database, path);
      for (const chain of crowd) {
        const { state } = await store.begin(chain);
        assert.ok((state?.lastRun ?? 0) >= acknowledged, `${chain}: ${state?.lastRun} of ${acknowledged}`);
        const [last] = readHistory(database, { chain, run: null, limit: 1 });
        assert.equal(last?.run, state?.lastRun, chain);
      }
      closeFile(folder, database);
    }
  });
});

function schemaOf(database: Database): readonly unknown[] {
  const version = database.prepare('PRAGMA user_version').get();
  return [version, ...database.prepare('SELECT sql FROM sqlite_schema ORDER BY name').all()];
}

function openMemory(store: MemoryStore): OpenedStore {
  return {
    store,
    history: (chain) =>
      store
        .historyOf(chainNamed(chain))
        .map(({ run, task, outcome }) => ({ run, task, outcome: outcome?.kind ?? null })),
    reopen: async () => openMemory(store),
    close: async () => undefined,
  };
}

async function openSqlite(folder: string): Promise<OpenedStore> {
  const path = join(folder, 'state.db');
  const database = await openState(path);
  return {
    store: storeOf(database, path),
    history: (chain) =>
      readHistory(database, { chain, run: null, limit: 1_000 }).map(({ run, task, outcome }) => ({
        run,
        task,
        outcome,
      })),
    async reopen() {
      database.close();
      return openSqlite(folder);
    },
    async close() {
      closeFile(folder, database);
    },
  };
}

interface OpenFile {
  readonly folder: string;
  readonly path: string;
  readonly database: Database;
  readonly store: ReturnType<typeof createSqliteStore>;
}

async function openFile(): Promise<OpenFile> {
  const folder = newFolder();
  const path = join(folder, 'state.db');
  const database = await openState(path);
  return { folder, path, database, store: storeOf(database, path) };
}

function storeOf(database: Database, path: string): ReturnType<typeof createSqliteStore> {
  return createSqliteStore(database, path, { ran: () => undefined });
}

function closeFile(folder: string, database: Database): void {
  database.close();
  rmSync(folder, { recursive: true });
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'runner-store-'));
}

/** A database that counts its commits. */
function countCommits(database: Database): { readonly counted: Database; readonly commits: () => number } {
  let count = 0;
  const counted: Database = {
    exec: (sql) => database.exec(sql),
    close: () => database.close(),
    prepare(sql) {
      const statement = database.prepare(sql);
      if (sql !== 'COMMIT') return statement;
      return {
        run(...values) {
          count += 1;
          return statement.run(...values);
        },
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
      };
    },
  };
  return { counted, commits: () => count };
}

function isStoreError(error: unknown, part: string): boolean {
  assert.ok(error instanceof StoreError, String(error));
  assert.ok(error.message.includes(part), error.message);
  return true;
}

/** Kills a process that saves in a loop once it has acknowledged so many; resolves to the last that it had. */
async function saveUntilKilled(path: string, afterLines: number): Promise<number> {
  const script = fileURLToPath(new URL('../fixtures/save-in-a-loop.js', import.meta.url));
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last === afterLines) child.kill('SIGKILL');
  }
  await closed;
  return last;
}
