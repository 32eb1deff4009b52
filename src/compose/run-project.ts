import type { Origin } from '../alert/message.ts';
import type { Channel } from '../core/channel.ts';
import type { ChainDefinition } from '../core/definition.ts';
import type { LogPosition } from '../core/event.ts';
import { add, toDurationMs } from '../core/units.ts';
import { StoreError, type Opening, type RunnerHolder, type Tell } from '../ports.ts';
import { askForChain } from '../control/take-over.ts';
import { createHeartbeats } from '../heartbeat/heartbeats.ts';
import { ping } from '../heartbeat/ping.ts';
import { signalProcess } from '../processes/process-table.ts';
import { startChain, type ChainStart, type RunningChain } from '../runner/chain-loop.ts';
import { ownProcess } from '../system/own-process.ts';
import { openAlerts } from './alerts.ts';
import { openHost, type Host } from './host.ts';

/** What came of the wish to run a chain. */
type ChainAnswer =
  | {
      readonly kind: 'running';
      readonly chain: RunningChain;
      readonly logFile: string;
      readonly logFrom: LogPosition;
      /** Asks it to stop: the run in progress may go on for a while, or, now, not. */
      readonly stop: (isNow: boolean) => void;
      /** Asks it to end after the run in progress. */
      readonly drain: () => void;
    }
  | { readonly kind: 'held elsewhere'; readonly holder: RunnerHolder };

/** A project on this host, with its state open. */
export interface Project {
  /** Takes a chain and runs it, unless another runner has it. */
  run(definition: ChainDefinition, options: RunOptions): Promise<ChainAnswer>;
  /** Lets go of everything; the chains must have finished. What can be told to people at once still is, for seconds. */
  close(): Promise<void>;
}

/** How a chain is run in the foreground. */
interface RunOptions extends ChainStart {
  readonly tell: Tell;
  /** Told in words for people, of what is not of the chain. */
  readonly note: (text: string) => void;
  /**
   * Told when another runner has the chain; its run in progress is waited for, and then the chain taken over. `null`
   * to leave it to that runner.
   */
  readonly takeover: ((holder: RunnerHolder) => void) | null;
}

/** How often a chain that is to be given away is tried. */
const tryMs = toDurationMs(50);

/** Where a project is, and how people are told of it. */
export interface ProjectPlace {
  readonly stateDirectory: string;
  /** The program path in which perl is looked for beside the usual folders. */
  readonly path: string;
  readonly channels: readonly Channel[];
  readonly origin: Origin;
}

/** Opens a project for `runner run`. @throws as `openHost` */
export async function openProject(place: ProjectPlace): Promise<Project> {
  const { channels, origin } = place;
  const host = await openHost(place.stateDirectory, place.path);
  const closers: (() => unknown)[] = [() => host.close()];
  return {
    async run(definition, { tell: tellOne, note, takeover, ...start }) {
      const alerts = openAlerts(host, {
        origin,
        keepsRight: false,
        tell: tellOne,
        note,
        // Nobody counts where nobody can ask.
        attempted: () => undefined,
      });
      alerts.tellBy(channels);
      const heartbeats = createHeartbeats({ clock: host.clock, ping, note });
      closers.unshift(() => {
        heartbeats.close();
        return alerts.close();
      });
      const tell: Tell = (told) => {
        alerts.tell(told);
        heartbeats.tell(told, definition.heartbeat);
      };
      const first = await host.open(definition, tell);
      const isTakeover = first.kind === 'held elsewhere' && takeover !== null;
      if (isTakeover) takeover(first.holder);
      const opening = isTakeover ? await openAfter(first.holder, { host, definition, tell }) : first;
      if (opening.kind === 'held elsewhere') return opening;
      if (opening.kind === 'cannot open') throw new StoreError(opening.reason);
      const { chain: opened } = opening;
      closers.unshift(() => opened.close());
      const logFrom = opened.ports.output.position();
      const chain = await startChain(definition, opened.ports, start);
      const stop = (isNow: boolean): void =>
        void chain.ask({ kind: 'stop asked', at: host.clock.now().monotonic, isNow });
      const drain = (): void => void chain.ask({ kind: 'drain asked' });
      return { kind: 'running', chain, logFile: opened.logFile, logFrom, stop, drain };
    },
    async close() {
      for (const close of closers) await close();
    },
  };
}

interface Wanted {
  readonly host: Host;
  readonly definition: ChainDefinition;
  readonly tell: Tell;
}

// However long its run takes: nobody ends it. A runner that dies meanwhile leaves the chain as well.
async function openAfter(holder: RunnerHolder, { host, definition, tell }: Wanted): Promise<Opening> {
  const { clock, folder } = host;
  const isAsked = await askForChain(folder.socket, {
    chain: definition.name,
    from: holder.pid,
    to: ownProcess.pid,
  });
  // A runner of this one chain has no socket; this signal means the same to it.
  if (!isAsked && holder.identity !== null) signalProcess(holder.identity, clock.boot, 'SIGUSR2');
  for (;;) {
    await new Promise<void>((resolve) => clock.wakeAt(add(clock.now().monotonic, tryMs), resolve));
    const opening = await host.open(definition, tell);
    if (opening.kind !== 'held elsewhere') return opening;
  }
}
