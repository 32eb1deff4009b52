import type { WatchPlace } from '../control-port.ts';
import { serveControl, type Answerer, type ControlServer } from '../control/serve.ts';
import type { Taken } from '../ports.ts';
import type { Seat } from '../runner/project-runner.ts';
import type { Host } from './host.ts';
import { WatchPost } from './watch-post.ts';

/** The seat of the one runner of a project: its lock, the control socket, and where monitoring looks. */
export interface ProjectSeat extends Seat {
  tryTake(): Promise<Taken>;
  /** Takes it back, whether or not the metrics can be served again. */
  takeBack(): Promise<boolean>;
}

interface SeatOptions {
  /** Where monitoring looks besides the socket, at first; `null` for nowhere. */
  readonly metrics: WatchPlace | null;
  readonly note: (text: string) => void;
}

/** What answers there; made when it is needed. */
export interface Sites {
  readonly api: () => Answerer;
  readonly site: () => Answerer;
}

/** Nobody sits in it yet. */
export function createSeat(
  { coordinator, folder }: Host,
  { metrics, note }: SeatOptions,
  { api, site }: Sites,
): ProjectSeat {
  const post = new WatchPost(metrics, site, note);
  let server: ControlServer | null = null;
  let release: (() => void) | null = null;
  async function takeSocket(): Promise<Taken> {
    const taken = await coordinator.takeProject();
    if (taken.kind === 'held elsewhere') return taken;
    ({ release } = taken);
    server = await serveControl(folder.socket, api());
    return taken;
  }
  async function tryTake(): Promise<Taken> {
    const taken = await takeSocket();
    if (taken.kind === 'taken') await post.begin();
    return taken;
  }
  return {
    tryTake,
    take: async () => (await tryTake()).kind === 'taken',
    async takeBack() {
      if ((await takeSocket()).kind !== 'taken') return false;
      const problem = await post.tryBegin();
      if (problem !== null) note(problem);
      return true;
    },
    watchAt: (place) => post.move(place),
    leave() {
      post.leave();
      server?.close();
      release?.();
      server = null;
      release = null;
    },
  };
}
