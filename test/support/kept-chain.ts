import type { Asked, ControlRequest } from '../../src/control-port.ts';
import type { ChainDefinition } from '../../src/core/definition.ts';
import { ChainKeeper } from '../../src/runner/chain-keeper.ts';
import type { MemoryHost } from './memory-host.ts';
import { chain } from './runner-story.ts';
import { settled } from './settled.ts';

/** Who asks. */
export const by = 'ada';
export const stop: ControlRequest & { readonly kind: 'stop' } = { kind: 'stop', by, isNow: false };
export const start: ControlRequest = { kind: 'start', by };
export const pause: ControlRequest = { kind: 'pause', by, forMs: null };
export const resume: ControlRequest = { kind: 'resume', by };
export const release: ControlRequest = { kind: 'release', by, pid: 77 };

/** Begins to keep a chain on a host in memory. */
export async function keep(
  host: MemoryHost,
  definition: ChainDefinition = chain('mail'),
): Promise<{ readonly keeper: ChainKeeper; readonly kept: Promise<void> }> {
  const keeper = new ChainKeeper(definition, host);
  const kept = keeper.keep();
  kept.catch(() => undefined);
  await settled();
  return { keeper, kept };
}

/** What a wish came to: the state of the chain then, or why it was refused. */
export async function ask(keeper: ChainKeeper, request: ControlRequest): Promise<string> {
  const asked: Asked = await keeper.ask(request);
  await settled();
  if (asked.kind === 'done') return asked.status.state;
  return asked.kind === 'refused' ? asked.reason : asked.kind;
}
