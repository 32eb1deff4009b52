import type { ChainTold } from '../core/event.ts';

/** What is told, as `--json` prints it: one object for an event. */
export function toldAsJson({ chain, fence, told }: ChainTold): Record<string, unknown> {
  const { kind, ...rest } = told;
  if (!('run' in rest) || rest.run === null) return { event: kind, chain, fence, ...rest };
  const { number, pass, task } = rest.run;
  return { event: kind, chain, fence, ...rest, run: number, pass, task };
}
