import type { ControlRequest } from '../control-port.ts';
import { storedWait, type Here } from '../core/cooldown.ts';
import type { ChainRequest } from '../core/event.ts';
import type { Facts } from '../core/facts.ts';

/** What a wish means to a chain in this state; `null` when there is no run that it could mean. */
export function chainRequestOf(
  request: Exclude<ControlRequest, { readonly kind: 'start' }>,
  facts: Facts,
  here: Here,
): ChainRequest | null {
  const { by } = request;
  switch (request.kind) {
    case 'poke':
      return { kind: 'poke asked', by };
    case 'resume':
      return { kind: 'resume asked', by, at: here.now, boot: here.boot };
    case 'mute':
      return { kind: 'mute asked', at: here.now, by, until: storedWait(request.forMs, here) };
    case 'unmute':
      return { kind: 'unmute asked', by };
    case 'skip':
      return { kind: 'skip asked', by };
    case 'restart':
      return { kind: 'worker outdated', reason: `restarted by ${by}` };
    case 'release':
      return { kind: 'drain asked' };
    case 'stop':
      return { kind: 'chain stopped', at: here.now, by, isNow: request.isNow };
    case 'pause': {
      const until = request.forMs === null ? null : storedWait(request.forMs, here);
      return { kind: 'pause asked', at: here.now, by, until };
    }
    case 'kill-run': {
      const { run } = facts.state;
      if (run === null || run.stage.kind === 'intended') return null;
      const step = request.isNow ? 'killed' : 'cancelled';
      return { kind: 'end asked', step, at: here.now.monotonic, by };
    }
  }
}
