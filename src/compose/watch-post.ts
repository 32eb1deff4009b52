import { isDeepStrictEqual } from 'node:util';
import type { WatchPlace } from '../control-port.ts';
import type { Answerer } from '../control/serve.ts';
import { serveWatch, warningOf, type WatchServer } from '../control/serve-watch.ts';

/** Where monitoring looks besides the control socket. */
export class WatchPost {
  #place: WatchPlace | null;
  readonly #site: () => Answerer;
  readonly #note: (text: string) => void;
  #server: WatchServer | null = null;
  /** Changes when it is left: what is still being begun then is over at once. */
  #visit = Symbol('visit');

  /** Nobody can look yet. @param place `null` for nowhere @param site what answers; made when it is needed */
  constructor(place: WatchPlace | null, site: () => Answerer, note: (text: string) => void) {
    this.#place = place;
    this.#site = site;
    this.#note = note;
  }

  /** @throws ControlSocketError when it cannot listen there */
  async begin(): Promise<void> {
    if (this.#place === null) return;
    const visit = this.#visit;
    const server = await serveWatch(this.#place, this.#site());
    if (visit !== this.#visit) {
      server.close();
      return;
    }
    this.#server = server;
    this.#note(`metrics are at http://${server.at}/metrics`);
    const warning = warningOf(this.#place);
    if (warning !== null) this.#note(warning);
  }

  /** The same, but for that it answers why it cannot, for people, or `null`. */
  async tryBegin(): Promise<string | null> {
    try {
      await this.begin();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Goes on at another place; where that cannot be, it goes on as it was, and the answer is why, for people. */
  async move(place: WatchPlace | null): Promise<string | null> {
    const before = this.#place;
    const isThere = (this.#server !== null) === (place !== null);
    if (isThere && isDeepStrictEqual(place, before)) return null;
    // Left first: the same port may be wanted for more, or for fewer, of this host's addresses.
    this.leave();
    const visit = this.#visit;
    this.#place = place;
    const problem = await this.tryBegin();
    if (problem === null) return null;
    this.#place = before;
    if (visit === this.#visit) await this.tryBegin();
    return problem;
  }

  leave(): void {
    this.#visit = Symbol('visit');
    this.#server?.close();
    this.#server = null;
  }
}
