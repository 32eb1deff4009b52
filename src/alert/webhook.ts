import type { ChannelTarget } from '../core/channel.ts';
import { documentOf, signatureHeaders } from './document.ts';
import { postJson } from './http-post.ts';
import type { Message } from './message.ts';
import { readPlaced } from './secrets.ts';
import type { Sent } from './sending.ts';

/** Posts the document of a message, signed where there is a secret. */
export function sendToWebhook(
  { url, secret }: Extract<ChannelTarget, { kind: 'webhook' }>,
  message: Message,
  signal: AbortSignal,
): Promise<Sent> {
  const body = documentOf(message);
  const seconds = Math.floor(Date.now() / 1_000);
  const signed = secret === null ? {} : signatureHeaders(body, readPlaced(secret), seconds);
  return postJson({ url: readPlaced(url), body, headers: { 'X-Runner-Id': message.id, ...signed } }, signal);
}
