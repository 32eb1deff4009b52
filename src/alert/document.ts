import { createHmac } from 'node:crypto';
import type { Message } from './message.ts';
import { plainText } from './plain-text.ts';

/** A message as JSON, for a webhook and for a command; docs/alerts.md describes it. */
export function documentOf(message: Message): string {
  const { id, thread, kind, severity, at, title, host, directory, chain, data, remarks } = message;
  const { kind: _, ...told } = data;
  return JSON.stringify({
    version: 1,
    id,
    thread,
    kind,
    severity,
    at,
    title,
    text: plainText(message),
    host,
    directory,
    chain,
    remarks,
    ...told,
  });
}

/** The headers by which a receiver knows that a body is from whoever has the secret, and not an old one. */
export function signatureHeaders(
  body: string,
  secret: string,
  seconds: number,
): Readonly<Record<string, string>> {
  const signed = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return { 'X-Runner-Timestamp': String(seconds), 'X-Runner-Signature': `sha256=${signed}` };
}
