import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askProgram } from './ask-program.ts';
import { findGroup, findUser } from './user-database.ts';

test('a user is found by name and by number, with its groups, and one that nobody has is not', async () => {
  const root = { name: 'root', uid: 0, gid: 0 };
  for (const asked of ['root', '0']) {
    const found = await findUser(asked, null, null);
    assert.deepEqual({ name: found?.name, uid: found?.uid, gid: found?.gid }, root);
    assert.ok(found?.groups.includes(0));
  }
  assert.equal(await findUser('nobody-of-this-name', null, null), null);
  assert.equal(await findUser('4294967296', null, null), null);
  assert.equal(await findGroup('root', null), 0);
});

test('while a user is looked up everything else goes on', async () => {
  let isTurned = false;
  setImmediate(() => (isTurned = true));
  await findUser('root', null, null);
  assert.ok(isTurned, 'the event loop has turned meanwhile');
});

test('a look-up that nobody needs any more ends', async () => {
  await assert.rejects(findUser('root', null, AbortSignal.abort()), /"getent passwd root" failed/);
  const abort = new AbortController();
  const asked = askProgram('/bin/sleep', ['1000'], abort.signal);
  abort.abort();
  assert.equal((await asked).status, null);
});

test('of many that ask at once all get their answer', async () => {
  const asked = Array.from({ length: 50 }, (_, index) =>
    askProgram('/bin/sh', ['-c', `exit ${index}`], null),
  );
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  assert.deepEqual(
    statuses,
    Array.from({ length: 50 }, (_, index) => index),
  );
});
