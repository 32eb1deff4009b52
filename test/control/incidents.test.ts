import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Database } from '../../src/store/database.ts';
import { readIncident, readIncidents } from '../../src/store/incidents.ts';
import { apiSchema } from '../support/api-schema.ts';
import { errorOf, serveInFolder, type Answered, type ControlSocket } from '../support/control-socket.ts';
import { insertIncident, insertKind, insertNotice } from '../support/incident-rows.ts';
import { ScriptedControl } from '../support/scripted-control.ts';
import { openTestState } from '../support/state-file.ts';

const schema = apiSchema();

/** A test with a real state behind a real socket. */
function incidentTest(
  name: string,
  body: (socket: ControlSocket, database: Database) => Promise<void>,
): void {
  test(name, async (t: TestContext) => {
    const database = await openTestState(t);
    const socket = await serveInFolder(new ScriptedControl(), {
      incidents: (query) => readIncidents(database, query),
      incident: (id) => readIncident(database, id),
    });
    try {
      await body(socket, database);
      assert.deepEqual(socket.bugs, []);
    } finally {
      socket.close();
    }
  });
}

/** The incidents in an answer that is as the document says, as `chain: title`. */
function titlesIn(operation: string, answer: Answered): readonly string[] {
  assert.equal(schema.problemWith(operation, answer), null, answer.text);
  const { body } = answer;
  const found = typeof body === 'object' && body !== null && 'incidents' in body ? body.incidents : null;
  if (!Array.isArray(found)) throw new Error(answer.text);
  return found.map((one: { chain: string; title: string }) => `${one.chain}: ${one.title}`);
}

function insertThree(database: Database): void {
  insertKind(database, insertIncident(database, { openedAt: 1, healedAt: 9 }), { title: 'one' });
  insertKind(database, insertIncident(database, { chain: 'sync', openedAt: 2 }), { title: 'two' });
  const third = insertIncident(database, { firstRun: 20, openedAt: 3 });
  insertKind(database, third, { title: 'older', at: 10 });
  insertKind(database, third, { key: 'b', title: 'three', at: 11 });
}

incidentTest('the newest come last, all or those of a chain or the open ones', async (socket, database) => {
  insertThree(database);
  const list = async (query: string): Promise<readonly string[]> =>
    titlesIn('GET /v1/incidents', await socket.get(`/v1/incidents${query}`));
  assert.deepEqual(await list(''), ['mail: one', 'sync: two', 'mail: three']);
  assert.deepEqual(await list('?limit=2'), ['sync: two', 'mail: three']);
  assert.deepEqual(await list('?chain=mail'), ['mail: one', 'mail: three']);
  assert.deepEqual(await list('?open=true'), ['sync: two', 'mail: three']);
  assert.deepEqual(await list('?open=true&chain=sync'), ['sync: two']);
  assert.deepEqual(await list('?chain=none'), []);
});

incidentTest('the status has those that are open', async (socket, database) => {
  insertThree(database);
  assert.deepEqual(titlesIn('GET /v1/status', await socket.get('/v1/status')), ['sync: two', 'mail: three']);
});

incidentTest('one of them has its kinds, and what was told to whom', async (socket, database) => {
  const id = insertIncident(database);
  insertKind(database, id, { key: 'b', title: 'second', at: 2_000 });
  insertKind(database, id, { key: 'a', title: 'first', at: 1_000, text: 'no route' });
  insertNotice(database, {
    deliveries: { ops: { state: 'sent' }, chat: { state: 'waiting', error: '503' } },
  });
  insertNotice(database, { kind: 'incident healed', at: 9_000, isHeld: true });
  insertNotice(database, { subject: 'incident 8' });
  insertNotice(database, { chain: 'sync' });
  const answer = await socket.get(`/v1/incidents/${id}`);
  assert.equal(schema.problemWith('GET /v1/incidents/{incident}', answer), null, answer.text);
  const found = readIncident(database, id);
  assert.deepEqual(answer.body, JSON.parse(JSON.stringify(found)));
  assert.deepEqual(
    found?.kinds.map(({ title }) => title),
    ['first', 'second'],
  );
  const told = found.notices.map(({ kind, isHeld, deliveries }) => [
    kind,
    isHeld,
    deliveries.map(({ channel, state, error }) => `${channel} ${state} ${error}`),
  ]);
  assert.deepEqual(told, [
    ['incident opened', false, ['chat waiting 503', 'ops sent null']],
    ['incident healed', true, []],
  ]);
});

incidentTest('what is asked of them wrongly is refused', async (socket) => {
  for (const [path, error] of [
    ['/v1/incidents/17', '404 NO_SUCH_INCIDENT: No incident 17: see /v1/incidents'],
    ['/v1/incidents/x', '400 BAD_REQUEST: Cannot read "incident": found "x", write a whole number from 1'],
    ['/v1/incidents?open=yes', '400 BAD_REQUEST: Cannot read "open": found "yes", write true or false'],
  ] as const) {
    assert.equal(errorOf(await socket.get(path)), error);
  }
});
