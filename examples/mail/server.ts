// A mail server with the moods of real ones, on this machine only: `npx jiti server.ts`
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

const busyEvery = 15; // Of so many connections it turns one away.
const hangUpEvery = 11; // Of so many mails it takes one, and then is gone before it has said so.
const greylisted = 2; // So many times it says "not now" to a new recipient of slow.example.

const mailbox = new DatabaseSync(join(process.env['MAIL_FOLDER'] ?? '.', 'mailbox.db'), { timeout: 10_000 });
mailbox.exec(`CREATE TABLE IF NOT EXISTS delivered (messageId TEXT, recipient TEXT);
              CREATE TABLE IF NOT EXISTS repeated (messageId TEXT)`);

let connections = 0;
let mails = 0;
const attempts = new Map<string, number>();

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  onConnect(_session, answer) {
    connections += 1;
    answer(connections % busyEvery === 0 ? refusal(421, 'Too busy, try again in a moment') : null);
  },
  onRcptTo({ address }, _session, answer) {
    const attempt = (attempts.get(address) ?? 0) + 1;
    attempts.set(address, attempt);
    if (address.startsWith('nobody@')) answer(refusal(550, 'No such user'));
    else if (address.endsWith('@slow.example') && attempt <= greylisted) {
      answer(refusal(451, 'Greylisted, try again later'));
    } else answer();
  },
  onData(stream, session, answer) {
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    stream.on('end', () => {
      const isNew = take(text, session.envelope.rcptTo[0]?.address ?? '');
      mails += 1;
      if (mails % hangUpEvery === 0) hangUp(session);
      else answer(null, isNew ? 'Delivered' : 'Delivered before, this one is thrown away');
    });
  },
});

// A client that is killed in the middle of a mail is no reason to end.
server.on('error', (error) => {
  if (!server.server.listening) throw error;
});
server.listen(Number(process.env['SMTP_PORT'] ?? 2525), '127.0.0.1', () => {
  const address = server.server.address();
  console.log(`smtp://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
});

/** Answers whether the mail was new. Its name decides, not its text. */
function take(text: string, recipient: string): boolean {
  const messageId = /^Message-ID: (?<id>.*)$/im.exec(text)?.groups?.['id']?.trim() ?? '';
  const isNew = mailbox.prepare('SELECT 1 FROM delivered WHERE messageId = ?').get(messageId) === undefined;
  if (isNew) mailbox.prepare('INSERT INTO delivered VALUES (?, ?)').run(messageId, recipient);
  else mailbox.prepare('INSERT INTO repeated VALUES (?)').run(messageId);
  return isNew;
}

function hangUp(session: SMTPServerSession): void {
  for (const connection of server.connections) if (connection.id === session.id) connection.close();
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
