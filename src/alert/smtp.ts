import { readFileSync } from 'node:fs';
import {
  createTransport,
  type NodemailerError,
  type SendMailOptions,
  type SMTPTransportOptions,
} from 'nodemailer';
import type { ChannelTarget, SmtpServer } from '../core/channel.ts';
import { htmlText } from './html.ts';
import type { Message } from './message.ts';
import { plainText } from './plain-text.ts';
import { readPlaced } from './secrets.ts';
import { failed, refused, type Sent } from './sending.ts';

type Email = Extract<ChannelTarget, { kind: 'email' }>;

const connectMs = 10_000;
const silenceMs = 20_000;
const longestAnswerBytes = 64 * 1024;
/** What the server said of the login, the recipients or the text; all else may be a passing trouble. */
const refusalCodes: readonly string[] = ['EAUTH', 'EENVELOPE', 'EMESSAGE'];

/** Sends a message as a mail over a connection of its own, and closes it. An abort closes it too. */
export async function sendMail(email: Email, message: Message, signal: AbortSignal): Promise<Sent> {
  const transport = createTransport(transportOf(email.smtp, message.host));
  try {
    const info = await transport.sendMail({ ...mailOf(email, message), signal });
    const left = info.rejected.length > 0 ? ` (but refused for ${info.rejected.join(', ')})` : '';
    return { kind: 'sent', answer: `${info.response}${left}` };
  } catch (error) {
    if (signal.aborted || !(error instanceof Error)) return failed(timeoutText(email.smtp));
    return answerOf(error, email.smtp);
  } finally {
    transport.close();
  }
}

function transportOf(smtp: SmtpServer, host: string): SMTPTransportOptions {
  const { login, tls, caFile } = smtp;
  return {
    host: smtp.host,
    port: smtp.port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    name: host.replace(/[^\w.-]/g, '-'),
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    dnsTimeout: connectMs,
    socketTimeout: silenceMs,
    maxResponseSize: longestAnswerBytes,
    tls: caFile === null ? {} : { ca: readFileSync(caFile) },
    ...(login === null ? {} : { auth: { user: login.user, pass: readPlaced(login.password) } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function mailOf({ to, from }: Email, message: Message): SendMailOptions {
  const { id, thread, kind, severity, title, at } = message;
  const host = message.host.replace(/[^\w.-]/g, '-');
  const root = `<${thread}@${host}>`;
  const isUrgent = severity === 'critical';
  return {
    from,
    to: [...to],
    subject: `[runner] ${title}`,
    text: plainText(message),
    html: htmlText(message),
    date: new Date(at),
    messageId: `<${id}@${host}>`,
    // The first mail of a thread was never sent: mail programs group by its name all the same.
    ...(kind === 'notice' ? { inReplyTo: root, references: [root] } : {}),
    ...(isUrgent ? { priority: 'high' } : {}),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    // Nothing in a text is a file or an address to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function answerOf(error: NodemailerError, smtp: SmtpServer): Sent {
  const where = `${smtp.host}:${smtp.port}`;
  const { responseCode, code } = error;
  const isAboutThis = code !== undefined && refusalCodes.includes(code);
  if (isAboutThis && responseCode !== undefined && responseCode >= 500) {
    return refused(`${where}: ${error.message}`);
  }
  return failed(`${where}: ${error.message}`);
}

function timeoutText({ host, port }: SmtpServer): string {
  return `${host}:${port}: it took too long`;
}
