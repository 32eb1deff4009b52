// One chain of two tasks: `runner run tasks.sendMail tasks.retryDeferred`. They never run at the same time.
import nodemailer, { type NodemailerError } from 'nodemailer';
import { task } from 'yourlabs-runner';
import { openQueue, type Mail } from './queue.ts';

// The runner keeps one worker for the chain, which imports this file once: what is opened here stays open.
const queue = openQueue(process.env['MAIL_FOLDER'] ?? '.');
const transport = nodemailer.createTransport(process.env['SMTP_URL'] ?? 'smtp://127.0.0.1:2525');

/** Sends the new mails. After a success it rests for 2 seconds, after a failure for 4. */
export const sendMail = task({ cooldown: { success: '2s', failure: '4s' } }, async (context) => {
  for (const mail of queue.mailsIn('queued')) {
    context.signal.throwIfAborted();
    context.log(`${mail.recipient}: ${await deliver(mail)}`);
  }
});

/** Tries those again whose recipients were not to be reached. After failures it rests longer and longer. */
export const retryDeferred = task(
  { cooldown: { success: '3s', failure: { first: '2s', max: '1m' } } },
  async (context) => {
    for (const mail of queue.mailsIn('deferred')) {
      context.signal.throwIfAborted();
      context.log(`${mail.recipient}: ${await deliver(mail)}`);
    }
  },
);

/**
 * At least once: a crash, or a connection that breaks, after the server has taken the mail and before the
 * queue says so leaves the mail in the queue, and the next pass sends it again. The opposite order, marked
 * first and sent then, would lose it. It is still delivered only once, because it has the same Message-ID each
 * time, by which the server knows it. Whatever your tasks do twice needs such a name: a key, an invoice number.
 */
async function deliver(mail: Mail): Promise<string> {
  try {
    const { response } = await transport.sendMail({
      messageId: mail.messageId,
      from: 'shop@sender.example',
      to: mail.recipient,
      subject: mail.subject,
      text: mail.body,
    });
    queue.mark(mail, 'sent');
    return response;
  } catch (error) {
    // Without an answer about this mail the server is in trouble: the run fails, and the runner tells.
    if (!isAnswerAboutMail(error)) throw error;
    queue.mark(mail, error.permanent === true ? 'refused' : 'deferred');
    return error.response ?? error.message;
  }
}

function isAnswerAboutMail(error: unknown): error is NodemailerError {
  return (
    error instanceof Error && 'code' in error && (error.code === 'EENVELOPE' || error.code === 'EMESSAGE')
  );
}
