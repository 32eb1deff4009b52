import type { Channel } from './core/channel.ts';
import type { ChainDefinition } from './core/definition.ts';
import type { IncidentSummary } from './core/incident-summary.ts';
import type { ListenAddress } from './core/listen-address.ts';
import type { PlannedChange } from './core/reload-plan.ts';
import type { ChainStatus } from './core/status.ts';
import type { DurationMs, EpochMs } from './core/units.ts';

/** What may be asked of a runner that is up; its control API and its signals are two ways to ask it. */
export interface RunnerControl {
  status(): RunnerStatus;
  /** Asks something of one chain; what comes back is stored. */
  ask(chain: string, request: ControlRequest): Promise<Asked>;
  /** Loads the configuration anew, and carries it out unless something is wrong with it. */
  reload(asked: { readonly by: string; readonly isDryRun: boolean }): Promise<Reloaded>;
  /** Starts this program anew, as it is installed now; the new runner takes chain by chain over. */
  upgrade(by: string): Promise<Upgraded>;
  /** Ends the runner: after the runs in progress, however long they take; or as a stop does, or at once. */
  end(how: 'drain' | 'stop' | 'stop now', by: string): void;
  /**
   * Gives all chains to the runner that asks, each after its run in progress; `released` is told each of them.
   * Resolves when all are given. If `signal` is aborted before, that runner is gone, and this one goes on.
   * `null` when yet another runner takes them over already.
   */
  handOver(
    to: { readonly pid: number },
    released: (chain: string) => void,
    signal: AbortSignal,
  ): Promise<'given' | 'taken back'> | null;
}

/** What may be asked of one chain. `by` is the name of whoever asks. */
export type ControlRequest = { readonly by: string } & (
  | { readonly kind: 'start' }
  | { readonly kind: 'poke' | 'resume' | 'unmute' | 'skip' | 'restart' }
  /** `forMs` is how long it lasts, `null` until somebody resumes it. */
  | { readonly kind: 'pause'; readonly forMs: DurationMs | null }
  /** Notices are kept back for so long. */
  | { readonly kind: 'mute'; readonly forMs: DurationMs }
  | { readonly kind: 'stop' | 'kill-run'; readonly isNow: boolean }
  /** Another process wants to run the chain: it is let go after its run, and not taken again for a while. */
  | { readonly kind: 'release'; readonly pid: number }
);

/** What came of asking something of a chain. */
export type Asked =
  | { readonly kind: 'done'; readonly status: ChainStatus }
  | { readonly kind: 'no such chain'; readonly known: readonly string[] }
  /** It makes no sense now; `reason` says why, and what to do instead. */
  | { readonly kind: 'refused'; readonly reason: string };

/** A runner and all its chains. */
export interface RunnerStatus {
  readonly runner: RunnerFigures;
  readonly chains: readonly ChainStatus[];
}

/** What is said of a runner to those who look at it. */
export interface StatusAnswer extends RunnerStatus {
  /** The incidents that are open, the newest last; at most 1 000. */
  readonly incidents: readonly IncidentSummary[];
}

/** What a runner says of itself. */
export interface RunnerFigures {
  readonly pid: number;
  readonly version: string;
  readonly host: string;
  /** The project root. */
  readonly directory: string;
  readonly since: EpochMs;
  readonly memoryBytes: number;
  /** Whether it ends after the runs in progress. */
  readonly isEnding: boolean;
  /** The process that takes its chains over, or `null`. */
  readonly successor: number | null;
}

/** What came of a reload. */
export type Reloaded =
  | {
      readonly kind: 'planned' | 'carried out';
      readonly plan: readonly PlannedChange[];
      /** What else is different, by the names that it has in the configuration: `alerts.channels`, `metrics`. */
      readonly settings: readonly string[];
    }
  | { readonly kind: 'rejected'; readonly problems: readonly ConfigProblem[] }
  /** The runner ends, or hands its chains over, or cannot listen for metrics where it should. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Where monitoring may look over TCP. */
export interface WatchPlace {
  readonly address: ListenAddress;
  /** Names under which this host may be asked, besides its addresses and `localhost`. */
  readonly names: readonly string[];
}

/** What the configuration says to a runner. */
export interface Configuration {
  readonly definitions: readonly ChainDefinition[];
  readonly channels: readonly Channel[];
  /** `null` for nowhere. */
  readonly metrics: WatchPlace | null;
}

/** What came of loading the configuration. */
export type Loaded =
  | ({ readonly kind: 'loaded' } & Configuration)
  | { readonly kind: 'rejected'; readonly problems: readonly ConfigProblem[] };

/** Something in the configuration that has to be put right. */
export interface ConfigProblem {
  /** `runner.config.yaml:12:9`, a variable or a file. */
  readonly at: string;
  readonly path: string | null;
  readonly message: string;
}

/** What came of an upgrade. */
export type Upgraded =
  | { readonly kind: 'taking over'; readonly pid: number }
  /** The new runner refuses to start, for what it printed; this one goes on. */
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: string };
