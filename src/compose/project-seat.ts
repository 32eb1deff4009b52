import { serveControl, type Answerer, type ControlServer } from '../control/serve.ts';
import { serveWatch, warningOf, type WatchPlace, type WatchServer } from '../control/serve-watch.ts';
import type { Taken } from '../ports.ts';
import type { Seat } from '../runner/project-runner.ts';
import type { Host } from './host.ts';

/** The seat of the one runner of a project: its lock, the control socket, and where monitoring looks. */
export interface ProjectSeat extends Seat {
  tryTake(): Promise<Taken>;
  /** Takes it back, whether or not the metrics can be served again. */
  takeBack(): Promise<boolean>;
}

interface SeatOptions {
  readonly metrics: WatchPlace | null;
  readonly note: (text: string) => void;
}

/** What answers there; made when it is needed. */
export interface Sites {
  readonly api: () => Answerer;
  readonly site: () => Answerer;
}

/** Nobody sits in it yet. @param metrics where monitoring looks besides the socket; `null` for nowhere */
export function createSeat(
  { coordinator, folder }: Host,
  { metrics, note }: SeatOptions,
  { api, site }: Sites,
): ProjectSeat {
  let server: ControlServer | null = null;
  let watch: WatchServer | null = null;
  let release: (() => void) | null = null;
  async function takeSocket(): Promise<Taken> {
    const taken = await coordinator.takeProject();
    if (taken.kind === 'held elsewhere') return taken;
    ({ release } = taken);
    server = await serveControl(folder.socket, api());
    return taken;
  }
  async function beginWatch(): Promise<void> {
    if (metrics !== null) watch = await watchAt(metrics, site(), note);
  }
  async function tryTake(): Promise<Taken> {
    const taken = await takeSocket();
    if (taken.kind === 'taken') await beginWatch();
    return taken;
  }
  return {
    tryTake,
    take: async () => (await tryTake()).kind === 'taken',
    async takeBack() {
      if ((await takeSocket()).kind !== 'taken') return false;
      await beginWatch().catch((error: unknown) =>
        note(error instanceof Error ? error.message : String(error)),
      );
      return true;
    },
    leave() {
      watch?.close();
      server?.close();
      release?.();
      watch = null;
      server = null;
      release = null;
    },
  };
}

async function watchAt(place: WatchPlace, site: Answerer, note: SeatOptions['note']): Promise<WatchServer> {
  const watch = await serveWatch(place, site);
  note(`metrics are at http://${watch.at}/metrics`);
  const warning = warningOf(place);
  if (warning !== null) note(warning);
  return watch;
}
