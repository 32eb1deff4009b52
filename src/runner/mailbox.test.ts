import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { settled } from '../../test/support/settled.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';

/** Says whether an arrival has come. */
async function hasArrived(mailbox: Mailbox<string>, meanwhile: () => void): Promise<boolean> {
  let isThere = false;
  const arrival = mailbox.arrival().then(() => (isThere = true));
  meanwhile();
  await settled();
  const answer = isThere;
  mailbox.wake();
  await arrival;
  return answer;
}

describe('a mailbox', () => {
  test('hands out events once, in the order in which they were posted', () => {
    const mailbox = createMailbox<string>();
    mailbox.post('one');
    mailbox.post('two');
    assert.deepEqual(mailbox.take(), ['one', 'two']);
    assert.deepEqual(mailbox.take(), []);
  });

  test('tells of an event that is there already', async () => {
    const mailbox = createMailbox<string>();
    mailbox.post('one');
    assert.equal(await hasArrived(mailbox, () => undefined), true);
  });

  test('tells of an event that comes', async () => {
    const mailbox = createMailbox<string>();
    assert.equal(await hasArrived(mailbox, () => mailbox.post('one')), true);
  });

  test('waits while none comes', async () => {
    assert.equal(await hasArrived(createMailbox<string>(), () => undefined), false);
  });

  test('ends the wait when it is woken', async () => {
    const mailbox = createMailbox<string>();
    assert.equal(await hasArrived(mailbox, () => mailbox.wake()), true);
    assert.deepEqual(mailbox.take(), []);
  });
});
