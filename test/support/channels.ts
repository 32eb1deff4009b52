import type { Channel, ChannelTarget } from '../../src/core/channel.ts';
import { toDurationMs } from '../../src/core/units.ts';

/** A channel that tells of everything, as often as it happens. */
export function channelTo(target: ChannelTarget, changed: Partial<Channel> = {}): Channel {
  return {
    name: 'ops',
    chains: ['*'],
    severity: 'warning',
    rate: { count: 1_000, perMs: toDurationMs(3_600_000) },
    expireMs: toDurationMs(48 * 3_600_000),
    target,
    ...changed,
  };
}
