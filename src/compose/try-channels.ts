import { testMessage, type Origin } from '../alert/message.ts';
import { createSend, usualSendLimitMs } from '../alert/send.ts';
import type { Channel } from '../core/channel.ts';
import { retriedAtOnce } from '../core/delivery.ts';
import { mask } from '../core/mask.ts';
import { openState } from '../store/open-state.ts';
import { changeChannelState } from '../store/outbox.ts';
import { createSystemClock } from '../system/clock.ts';
import { hasState, stateFolderAt } from '../system/state-folder.ts';

/** What came of a test of a channel. */
export interface Tried {
  readonly channel: string;
  readonly isSent: boolean;
  /** The answer of the other side, or what went wrong; without secrets. */
  readonly text: string;
}

/** Sends a test by each of these channels, side by side, past the outbox and the rate. */
export async function tryChannels(
  channels: readonly Channel[],
  origin: Origin,
  stateDirectory: string,
): Promise<readonly Tried[]> {
  const send = createSend(mask, usualSendLimitMs);
  const now = createSystemClock().now().wall;
  const { signal } = new AbortController();
  const tried = await Promise.all(
    channels.map(async (channel): Promise<Tried> => {
      const sent = await send(channel, testMessage(channel, now, origin), signal);
      const text = sent.kind === 'sent' ? sent.answer : sent.error;
      return { channel: channel.name, isSent: sent.kind === 'sent', text };
    }),
  );
  await retryThese(
    stateDirectory,
    tried.filter(({ isSent }) => isSent),
  );
  return tried;
}

// What waits for a channel that was seen to work need not wait for the next attempt, which may be hours away.
async function retryThese(stateDirectory: string, working: readonly Tried[]): Promise<void> {
  if (working.length === 0 || !hasState(stateDirectory)) return;
  const database = await openState(stateFolderAt(stateDirectory).database);
  try {
    for (const { channel } of working) changeChannelState(database, channel, retriedAtOnce);
  } finally {
    database.close();
  }
}
