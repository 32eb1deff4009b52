import type { Channel, ChannelTarget, PlacedText } from '../core/channel.ts';
import { toDurationMs, type DurationMs } from '../core/units.ts';
import type { Message } from './message.ts';
import { oneLine } from './people-text.ts';
import { readPlaced, SecretMissing } from './secrets.ts';
import { failed, type Sent } from './sending.ts';

/** Hides secrets in a text. */
export type Mask = (text: string, secrets: readonly string[]) => string;

/** Sends a message by a channel. Whatever goes wrong is in the answer, in which no secret of the channel is left. */
export type Send = (channel: Channel, message: Message, signal: AbortSignal) => Promise<Sent>;

/** How long one message may take. */
export const usualSendLimitMs: DurationMs = toDurationMs(30_000);
const longestAnswer = 400;

/** What each channel needs is loaded when it is first needed, or prepared: most runners never do. */
export function createSend(mask: Mask, limitMs: DurationMs): Send {
  return async (channel, message, signal) => {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const sent = await attempt(channel.target, message, limited);
    const secrets = secretsOf(channel.target);
    const shown = (text: string): string => oneLine(mask(text, secrets), longestAnswer);
    return sent.kind === 'sent'
      ? { kind: 'sent', answer: shown(sent.answer) }
      : { ...sent, error: shown(sent.error) };
  };
}

/** Loads what these channels need, so that an update of the program on the disk cannot take it away later. */
export async function prepareSending(channels: readonly Channel[]): Promise<void> {
  const modules = channels.map(({ target }) => moduleOf[target.kind]());
  // What cannot be loaded is told when something is to be sent.
  await Promise.allSettled(modules);
}

async function attempt(target: ChannelTarget, message: Message, signal: AbortSignal): Promise<Sent> {
  try {
    return await sendTo(target, message, signal);
  } catch (error) {
    // A secret that is not there may be put there, and no library may end the runner by what it throws.
    return failed(error instanceof Error ? error.message : String(error));
  }
}

const moduleOf = {
  email: () => import('./smtp.ts'),
  webhook: () => import('./webhook.ts'),
  slack: () => import('./slack.ts'),
  command: () => import('./command.ts'),
} as const;

async function sendTo(target: ChannelTarget, message: Message, signal: AbortSignal): Promise<Sent> {
  switch (target.kind) {
    case 'email':
      return (await moduleOf.email()).sendMail(target, message, signal);
    case 'webhook':
      return (await moduleOf.webhook()).sendToWebhook(target, message, signal);
    case 'slack':
      return (await moduleOf.slack()).sendToSlack(target, message, signal);
    case 'command':
      return (await moduleOf.command()).sendByCommand(target, message, signal);
  }
}

// Read again, because they may have been changed meanwhile; one that is gone cannot be told.
function secretsOf(target: ChannelTarget): readonly string[] {
  return placesOf(target).flatMap((place) => {
    try {
      return partsOf(readPlaced(place));
    } catch (error) {
      if (error instanceof SecretMissing) return [];
      throw error;
    }
  });
}

function placesOf(target: ChannelTarget): readonly PlacedText[] {
  switch (target.kind) {
    case 'email':
      return target.smtp.login === null ? [] : [target.smtp.login.password];
    case 'webhook':
      return target.secret === null ? [target.url] : [target.url, target.secret];
    case 'slack':
      return [target.url];
    case 'command':
      return [];
  }
}

// Of an address all but the host is secret: a server may repeat its path alone.
function partsOf(secret: string): readonly string[] {
  if (!URL.canParse(secret)) return [secret];
  const { pathname, search, password } = new URL(secret);
  return [secret, pathname + search, password].filter((part) => part.length > 1);
}
