import { Hono } from 'hono';
import type { RunnerControl, RunnerStatus } from '../control-port.ts';
import type { ChainStatus } from '../core/status.ts';

/** So many reasons are given at most: one is enough not to be ready. */
const mostReasons = 20;

/** What monitoring reads beside what the runner says. */
export interface WatchSources {
  /** The metrics, in the text format of Prometheus. */
  readonly metrics: () => Promise<string>;
}

/** `/metrics`, `/healthz` and `/readyz`: for programs that watch the runner. GET changes nothing. */
export function createWatchApi(control: Pick<RunnerControl, 'status'>, sources: WatchSources): Hono {
  const api = new Hono();
  api.get('/metrics', async (c) =>
    c.body(await sources.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
  // Whoever gets this answer knows that the event loop turns.
  api.get('/healthz', (c) => c.json({ status: 'ok' }));
  api.get('/readyz', (c) => {
    const reasons = reasonsAgainst(control.status());
    return c.json({ isReady: reasons.length === 0, reasons }, reasons.length === 0 ? 200 : 503);
  });
  return api;
}

/** The same as a site of its own, which says nothing else. */
export function createWatchSite(
  control: Pick<RunnerControl, 'status'>,
  sources: WatchSources & { readonly bug: (error: Error) => void },
): Hono {
  const site = createWatchApi(control, sources);
  site.notFound((c) => c.text('There are /metrics, /healthz and /readyz\n', 404));
  site.onError((error, c) => {
    sources.bug(error);
    return c.text('This is a bug of runner, whose log has more\n', 500);
  });
  return site;
}

/** Why a runner is not ready; nothing when each chain is taken, or there is a reason why it is not. */
function reasonsAgainst({ runner, chains }: RunnerStatus): readonly string[] {
  const reasons = chains.flatMap((chain) => reasonAgainst(chain) ?? []);
  const more = reasons.length - mostReasons;
  return [
    ...(runner.isEnding ? ['the runner is ending'] : []),
    ...reasons.slice(0, mostReasons),
    ...(more > 0 ? [`and ${more} more chains`] : []),
  ];
}

function reasonAgainst({ chain, state, reason, fence }: ChainStatus): string | null {
  if (state === 'store fails') return `chain ${chain}: its state cannot be stored: ${reason ?? ''}`;
  if (state === 'cannot begin') return `chain ${chain}: it cannot begin: ${reason ?? ''}`;
  // It has not been taken yet, and nobody else has it.
  if (state === 'waiting' && fence === null) return `chain ${chain}: it is being taken`;
  return null;
}
