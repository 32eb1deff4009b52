import type { ChainDefinition } from '../core/definition.ts';
import { StoreError, type RunnerHolder, type Tell } from '../ports.ts';
import { startChain, type ChainStart, type RunningChain } from '../runner/chain-loop.ts';
import { openHost } from './host.ts';

/** What came of the wish to run a chain. */
type ChainAnswer =
  | {
      readonly kind: 'running';
      readonly chain: RunningChain;
      readonly logFile: string;
      readonly logFrom: number;
      /** Asks it to stop: the run in progress may go on for a while, or, now, not. */
      readonly stop: (isNow: boolean) => void;
      /** Asks it to end after the run in progress. */
      readonly drain: () => void;
    }
  | { readonly kind: 'held elsewhere'; readonly holder: RunnerHolder };

/** A project on this host, with its state open. */
export interface Project {
  /** Takes a chain and runs it, unless another runner has it. */
  run(definition: ChainDefinition, options: ChainStart & { readonly tell: Tell }): Promise<ChainAnswer>;
  /** Lets go of everything; the chains must have finished. */
  close(): void;
}

/** Opens a project for `runner run`. @throws as `openHost` */
export async function openProject(stateDirectory: string, path: string): Promise<Project> {
  const host = await openHost(stateDirectory, path);
  const closers: (() => void)[] = [() => host.close()];
  return {
    async run(definition, { tell, ...start }) {
      const opening = await host.open(definition, tell);
      if (opening.kind === 'held elsewhere') return opening;
      if (opening.kind === 'cannot open') throw new StoreError(opening.reason);
      const { chain: opened } = opening;
      closers.unshift(() => opened.close());
      const logFrom = opened.ports.output.position().offset;
      const chain = await startChain(definition, opened.ports, start);
      const stop = (isNow: boolean): void =>
        void chain.ask({ kind: 'stop asked', at: host.clock.now().monotonic, isNow });
      const drain = (): void => void chain.ask({ kind: 'drain asked' });
      return { kind: 'running', chain, logFile: opened.logFile, logFrom, stop, drain };
    },
    close() {
      for (const close of closers) close();
    },
  };
}
