import type {
  Asked,
  Configuration,
  ControlRequest,
  Loaded,
  Reloaded,
  RunnerControl,
  RunnerFigures,
  RunnerStatus,
  Upgraded,
  WatchPlace,
} from '../control-port.ts';
import type { Channel } from '../core/channel.ts';
import type { ChainDefinition } from '../core/definition.ts';
import { differentKeys, planReload, type PlannedChange } from '../core/reload-plan.ts';
import type { ChainStatus } from '../core/status.ts';
import { ChainKeeper, type KeeperParts } from './chain-keeper.ts';
import type { RunningChain } from './chain-loop.ts';

/** What a runner of many chains needs from the world. */
export interface RunnerParts extends KeeperParts {
  readonly figures: () => Omit<RunnerFigures, 'isEnding' | 'successor'>;
  /** Loads the configuration anew, in a process of its own. */
  readonly load: () => Promise<Loaded>;
  /** Goes on to tell people by these channels. */
  readonly tellBy: (channels: readonly Channel[]) => void;
  readonly seat: Seat;
  /** Starts this program anew; resolves when that runner has taken over the seat, or has refused. */
  readonly startSuccessor: () => Promise<Upgraded>;
  /** The runner from which the chains come, while it still has some; `null` when there is none. */
  readonly predecessor: () => Predecessor | null;
  /** Told in words for people, of what is not of one chain. */
  readonly note: (text: string) => void;
}

/** A runner that gives its chains to this one, each after its run. */
export interface Predecessor {
  readonly pid: number | null;
  /** Resolves when it has given all of them, or is gone. */
  readonly ended: Promise<void>;
  /** Stops it: what it still runs may go on for a while, or, now, not. */
  stop(isNow: boolean): void;
}

/** The place at which the one runner of a project is found: its lock, its socket, and where monitoring looks. */
export interface Seat {
  /** Takes it back after it was left; `false` when another runner has it by now. */
  take(): Promise<boolean>;
  leave(): void;
  /** Lets monitoring look there from now on, or nowhere; why it cannot, for people, or `null`. It goes on as it was then. */
  watchAt(place: WatchPlace | null): Promise<string | null>;
}

/** All chains of a project under one runner. */
export class ProjectRunner implements RunnerControl {
  /** Resolves when all chains are let go; rejects on a bug. */
  readonly finished: Promise<void>;
  readonly #parts: RunnerParts;
  readonly #keepers = new Map<string, ChainKeeper>();
  #ending: 'drain' | 'stop' | 'stop now' | null = null;
  #successor: number | null = null;
  /** Resolves when all reloads that were asked for are done. */
  #reloading: Promise<unknown> = Promise.resolve();
  /** The reload that has not begun yet, if one is asked for. */
  #nextReload: { readonly isDryRun: boolean; readonly answer: Promise<Reloaded> } | null = null;
  /** What the configuration in force says besides its chains. */
  #settings: object = {};
  #finish: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
  }

  #isToEnd(): boolean {
    return this.#ending !== null || this.#successor !== null;
  }

  /** Begins to keep the chains of a configuration, whose channels and metrics are in force. */
  begin(configuration: Configuration): void {
    this.#settings = settingsOf(configuration);
    for (const definition of configuration.definitions) this.#add(definition);
  }

  status(): RunnerStatus {
    return {
      runner: {
        ...this.#parts.figures(),
        isEnding: this.#isToEnd(),
        successor: this.#successor,
      },
      chains: [...this.#keepers.values()].map((keeper) => this.#statusOf(keeper)),
    };
  }

  #statusOf(keeper: ChainKeeper): ChainStatus {
    const status = keeper.status();
    const { heldBy } = status;
    const isGiving = heldBy !== null && heldBy.pid === this.#parts.predecessor()?.pid;
    return isGiving ? { ...status, heldBy: { ...heldBy, isGiving } } : status;
  }

  async ask(chain: string, request: ControlRequest): Promise<Asked> {
    const keeper = this.#keepers.get(chain);
    if (keeper === undefined) return { kind: 'no such chain', known: [...this.#keepers.keys()] };
    if (this.#isToEnd() && request.kind === 'start') return { kind: 'refused', reason: endingReason };
    return keeper.ask(request);
  }

  /** The definition of a chain by its name; `null` where there is none. */
  definitionOf(chain: string): ChainDefinition | null {
    return this.#keepers.get(chain)?.definition ?? null;
  }

  /** A chain by its name while this runner runs it; `null` while it does not. */
  runningChain(chain: string): RunningChain | null {
    return this.#keepers.get(chain)?.running() ?? null;
  }

  /** Tries at once to take chains that another process may have let go: this one, or all. */
  tryNow(chain: string | null): void {
    for (const [name, keeper] of this.#keepers) if (chain === null || chain === name) keeper.tryNow();
  }

  reload(asked: { readonly by: string; readonly isDryRun: boolean }): Promise<Reloaded> {
    const { isDryRun } = asked;
    // However often it is asked meanwhile, the configuration is loaded once more.
    if (this.#nextReload?.isDryRun === isDryRun) return this.#nextReload.answer;
    const answer = this.#reloading.then(() => {
      if (this.#nextReload?.answer === answer) this.#nextReload = null;
      return this.#reload(asked);
    });
    this.#nextReload = { isDryRun, answer };
    this.#reloading = answer.catch(() => undefined);
    return answer;
  }

  async upgrade(by: string): Promise<Upgraded> {
    if (this.#isToEnd()) return { kind: 'refused', reason: endingReason };
    this.#parts.note(`${by} starts a new runner, which takes the chains over`);
    const answer = await this.#parts.startSuccessor();
    if (answer.kind !== 'taking over') this.#parts.note('the new runner refuses to start; this one goes on');
    return answer;
  }

  end(how: 'drain' | 'stop' | 'stop now', by: string): void {
    const order = [null, 'drain', 'stop', 'stop now'];
    if (order.indexOf(how) <= order.indexOf(this.#ending)) return;
    this.#parts.note(endNote[how](by));
    this.#ending = how;
    if (how !== 'drain') this.#parts.predecessor()?.stop(how === 'stop now');
    for (const keeper of this.#keepers.values()) {
      if (how === 'drain') keeper.drain();
      else keeper.stop(how === 'stop now');
    }
    if (this.#keepers.size === 0) this.#end();
  }

  handOver(
    to: { readonly pid: number },
    released: (chain: string) => void,
    signal: AbortSignal,
  ): Promise<'given' | 'taken back'> | null {
    if (this.#successor !== null) return null;
    this.#successor = to.pid;
    this.#parts.note(`process ${to.pid} takes the chains over, each after its run`);
    this.#parts.seat.leave();
    const given = this.#give(released, signal);
    given.catch((error: unknown) => this.#fail(error));
    return given;
  }

  async #give(released: (chain: string) => void, signal: AbortSignal): Promise<'given' | 'taken back'> {
    const given = [...this.#keepers].map(async ([name, keeper]) => {
      keeper.drain();
      await keeper.letGo();
      released(name);
    });
    const isGiven = await Promise.race([Promise.all(given).then(() => true), abortOf(signal)]);
    if (!isGiven && (await this.#takeBack())) return 'taken back';
    await Promise.all(given);
    this.#finish();
    return 'given';
  }

  // The successor is gone. If yet another one has the seat, or this runner was to end anyway, the chains are let go.
  async #takeBack(): Promise<boolean> {
    if (this.#ending !== null || !(await this.#parts.seat.take())) return false;
    this.#parts.note('the runner that was to take over is gone; this one goes on');
    this.#successor = null;
    for (const [name, keeper] of this.#keepers) this.#watch(name, keeper);
    return true;
  }

  async #reload({ by, isDryRun }: { readonly by: string; readonly isDryRun: boolean }): Promise<Reloaded> {
    if (this.#isToEnd()) return { kind: 'refused', reason: endingReason };
    const loaded = await this.#parts.load();
    if (this.#isToEnd()) return { kind: 'refused', reason: endingReason };
    if (loaded.kind === 'rejected') {
      this.#parts.note(`reload by ${by}: the new configuration is refused, the old one stays in force`);
      return loaded;
    }
    const kept = [...this.#keepers.values()].filter((keeper) => keeper.isKept());
    const present = kept.map((keeper) => keeper.definition);
    const plan = planReload(present, loaded.definitions);
    const settings = differentKeys(this.#settings, settingsOf(loaded));
    if (isDryRun) return { kind: 'planned', plan, settings };
    const problem = await this.#parts.seat.watchAt(loaded.metrics);
    if (this.#isToEnd()) return { kind: 'refused', reason: endingReason };
    if (problem !== null) {
      const reason = `${problem}; the old configuration stays in force`;
      this.#parts.note(`reload by ${by}: ${reason}`);
      return { kind: 'refused', reason };
    }
    this.#parts.note(
      `reload by ${by}: ${[countsOf(plan), ...settings.map((name) => `${name} changed`)].join(', ')}`,
    );
    const wanted = new Map(loaded.definitions.map((definition) => [String(definition.name), definition]));
    this.#parts.tellBy(loaded.channels);
    this.#settings = settingsOf(loaded);
    for (const { chain, what } of plan) this.#carryOut(what, chain, wanted.get(chain) ?? null);
    return { kind: 'carried out', plan, settings };
  }

  #carryOut(what: PlannedChange['what'], chain: string, definition: ChainDefinition | null): void {
    const keeper = this.#keepers.get(chain);
    if (definition === null) keeper?.drain();
    else if (keeper === undefined) this.#add(definition);
    else if (what === 'untouched') keeper.nameCode(definition.codeVersion);
    else {
      keeper.change(definition);
      // One that is still being let go since a reload before is kept after all.
      if (!keeper.isKept()) this.#watch(chain, keeper);
    }
  }

  #add(definition: ChainDefinition): void {
    const keeper = new ChainKeeper(definition, this.#parts);
    this.#keepers.set(definition.name, keeper);
    this.#watch(definition.name, keeper);
  }

  // What the runner before still runs ends first: without this one it would take its chains back.
  #end(): void {
    const before = this.#parts.predecessor()?.ended ?? Promise.resolve();
    void before.then(() => this.#finish());
  }

  // A chain that a reload took out is forgotten when it is let go.
  #watch(name: string, keeper: ChainKeeper): void {
    keeper.keep().then(
      () => {
        if (this.#successor === null && this.#keepers.get(name) === keeper) this.#keepers.delete(name);
        if (this.#isToEnd() && this.#successor === null && this.#keepers.size === 0) this.#end();
      },
      (error: unknown) => this.#fail(error),
    );
  }
}

const endingReason = 'The runner is ending, and takes nothing new';

const endNote = {
  drain: (by: string) => `${by} ends this runner after the runs in progress`,
  stop: (by: string) => `${by} stops this runner`,
  'stop now': (by: string) => `${by} stops this runner now`,
} as const;

function abortOf(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false);
    signal.addEventListener('abort', () => resolve(false), { once: true });
  });
}

function countsOf(plan: readonly PlannedChange[]): string {
  const words = ['new', 'changed', 'untouched', 'removed'] as const;
  return words.map((word) => `${plan.filter(({ what }) => what === word).length} ${word}`).join(', ');
}

/** By the names that they have in the configuration. */
function settingsOf({ channels, metrics }: Configuration): object {
  return { 'alerts.channels': channels, metrics };
}
