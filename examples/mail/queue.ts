import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite'; // From Node 22.13 on, 'node:sqlite' is the same.

/** A mail as it waits in the queue. */
export interface Mail {
  /** Given once, when the mail is written: it stays the same however often the mail is sent. */
  readonly messageId: string;
  readonly recipient: string;
  readonly subject: string;
  readonly body: string;
}

/** `deferred`: the server has said "not now" (4xx), `refused`: it has said "never" (5xx). */
export type State = 'queued' | 'deferred' | 'sent' | 'refused';

/** A queue of mails in a file. Several processes may use it at once. */
export interface Queue {
  add(mail: Omit<Mail, 'messageId'>): void;
  /** The oldest first. */
  mailsIn(state: State): Mail[];
  mark(mail: Mail, state: State): void;
}

/** Opens `queue.db` in a folder; makes it if it is not there. */
export function openQueue(folder: string): Queue {
  const database = new DatabaseSync(join(folder, 'queue.db'), { timeout: 10_000 });
  database.exec(`CREATE TABLE IF NOT EXISTS mail (
    messageId TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    deferrals INTEGER NOT NULL DEFAULT 0
  )`);
  return {
    add({ recipient, subject, body }) {
      const messageId = `<${randomUUID()}@sender.example>`;
      database
        .prepare('INSERT INTO mail (messageId, recipient, subject, body) VALUES (?, ?, ?, ?)')
        .run(messageId, recipient, subject, body);
    },
    mailsIn(state) {
      const select = 'SELECT messageId, recipient, subject, body FROM mail WHERE state = ? ORDER BY rowid';
      return database.prepare(select).all(state) as Mail[];
    },
    mark({ messageId }, state) {
      database
        .prepare("UPDATE mail SET state = ?1, deferrals = deferrals + (?1 = 'deferred') WHERE messageId = ?2")
        .run(state, messageId);
    },
  };
}
