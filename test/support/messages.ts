import { messageOf, type Message } from '../../src/alert/message.ts';
import type { WaitingNotice } from '../../src/core/letter.ts';
import type { Notice } from '../../src/core/notice.ts';
import { incidentNotice, type NoticeWishes } from './stored-notices.ts';

/** Where the notices of tests come from. */
export const origin = { host: 'web-1', directory: '/srv/mail' };

/** The message of one notice, as a channel gets it. */
export function messageAbout(wishes: NoticeWishes = {}, id = 1): Message {
  return messageFor(incidentNotice(wishes), wishes.chain, id);
}

/** The same of any notice. */
export function messageFor(notice: Notice, chain = 'mail', id = 1): Message {
  const message = messageOf({
    letter: { kind: 'notice', notices: [id] },
    waiting: [waitingOf(notice, id, chain)],
    notices: [{ id, chain, notice, incident: 7 }],
    origin,
    remarks: [],
  });
  if (message === null) throw new Error('This notice makes no message');
  return message;
}

/** A notice on its way to a channel. */
export function waitingOf(notice: Notice, id: number, chain = 'mail'): WaitingNotice {
  const { kind, severity, subject, at } = notice;
  return { id, chain, kind, severity, subject, at };
}
