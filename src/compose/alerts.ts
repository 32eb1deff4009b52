import type { Dispatcher } from '../alert/dispatcher.ts';
import type { Origin } from '../alert/message.ts';
import type { Channel } from '../core/channel.ts';
import type { ChainTold } from '../core/event.ts';
import { toDurationMs } from '../core/units.ts';
import { mask } from '../core/mask.ts';
import type { Tell } from '../ports.ts';
import { systemRandom } from '../system/random.ts';
import type { Host } from './host.ts';

/** How people are told of what is stored of chains. Without a channel it costs nothing, and nothing of it is loaded. */
export interface Alerts {
  /** Passes on what is told, and has notices sent: they are stored by then. */
  readonly tell: Tell;
  /** Tells people by these channels from now on. */
  readonly tellBy: (channels: readonly Channel[]) => void;
  /** Sends what can be sent at once, for a short time; the rest waits for the next runner. */
  close(): Promise<void>;
}

/** What it takes to tell people. */
export interface AlertOptions {
  readonly origin: Origin;
  /** Whether this process is to have the right to send for as long as it lives. */
  readonly keepsRight: boolean;
  readonly tell: Tell;
  /** Told in words for people: a channel does not work, or works again. */
  readonly note: (text: string) => void;
  /** Told of each attempt to send a message. */
  readonly attempted: (channel: string, result: 'sent' | 'failed') => void;
}

/** How long a runner that ends goes on with what can be sent at once. */
const graceMs = toDurationMs(5_000);

/** Tells people what waits for them, and what is stored from now on, once it knows by which channels. */
export function openAlerts(host: Host, options: AlertOptions): Alerts {
  let dispatcher: Promise<Dispatcher> | null = null;
  function tellBy(channels: readonly Channel[]): void {
    if (dispatcher === null && channels.length === 0) return;
    dispatcher ??= createDispatcher(host, options, channels);
    void dispatcher.then((one) => one.change(channels));
    void dispatcher.then(() => prepare(channels));
  }
  return {
    tellBy,
    tell(told) {
      options.tell(told);
      if (isToBeSent(told)) void dispatcher?.then((one) => one.wake());
    },
    close: async () => (await dispatcher)?.stop(graceMs),
  };
}

async function prepare(channels: readonly Channel[]): Promise<void> {
  const { prepareSending } = await import('../alert/send.ts');
  await prepareSending(channels);
}

async function createDispatcher(
  host: Host,
  { origin, keepsRight, note, attempted }: AlertOptions,
  channels: readonly Channel[],
): Promise<Dispatcher> {
  const [{ Dispatcher: DispatcherClass }, { createSend, usualSendLimitMs }, { createOutbox }] =
    await Promise.all([
      import('../alert/dispatcher.ts'),
      import('../alert/send.ts'),
      import('../store/outbox.ts'),
    ]);
  const { coordinator, clock, database, folder } = host;
  const parts = {
    outbox: createOutbox(database, folder.database),
    clock,
    random: systemRandom,
    send: createSend(mask, usualSendLimitMs),
    take: () => coordinator.takeAlerts(),
    keepsRight,
    origin,
    note,
    attempted,
  };
  return new DispatcherClass(parts, channels);
}

function isToBeSent({ told }: ChainTold): boolean {
  return told.kind === 'notice' && !told.isHeld;
}
