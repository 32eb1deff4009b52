import type { Channel } from '../core/channel.ts';
import type { ChainDefinition } from '../core/definition.ts';
import type { CheckedMetrics } from './checked-config.ts';
import type { Problem } from './problem.ts';

/** What is asked of the configuration. */
export interface LoadRequest {
  /** The project root, absolute: the configuration file and the modules of functions are below it. */
  readonly directory: string;
  /** What was typed after `runner run`: tasks, or one chain. Empty for all configured chains. */
  readonly arguments: readonly string[];
  /** Whether these words are chains of the configuration only, as after `runner up`. */
  readonly areChains: boolean;
  /** What was typed as options. */
  readonly options: TypedOptions;
  /** The name of this host. */
  readonly host: string;
  /** The runner's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where compiled TypeScript is kept between loads; `null` for nowhere. */
  readonly cacheDirectory: string | null;
}

/** Options of the command line as they were typed. */
export interface TypedOptions {
  readonly name?: string | undefined;
  readonly cooldown?: string | undefined;
  readonly failureCooldown?: string | undefined;
  readonly timeout?: string | undefined;
  readonly cwd?: string | undefined;
  readonly envFile?: string | undefined;
  /** Names and patterns with commas between them. */
  readonly inheritEnv?: string | undefined;
  readonly user?: string | undefined;
  readonly nice?: string | undefined;
}

/** The chains in force on this host, or everything that has to be put right first. */
export type LoadAnswer =
  | {
      readonly kind: 'loaded';
      readonly configFile: string | null;
      readonly chains: readonly LoadedChain[];
      /** How people are told, whatever chains were asked for. */
      readonly channels: readonly LoadedChannel[];
      /** Where monitoring may look, as the configuration says; `null` where it says nothing. */
      readonly metrics: CheckedMetrics | null;
    }
  | { readonly kind: 'rejected'; readonly problems: readonly Problem[] };

/** A chain and where its values come from. */
export interface LoadedChain {
  readonly definition: ChainDefinition;
  readonly values: readonly LoadedValue[];
  /** What of it only a runner that is root can do, such as `user www-data`. */
  readonly needsRoot: readonly string[];
}

/** A channel and where its values come from. */
export interface LoadedChannel {
  readonly channel: Channel;
  /** Of secrets only where they are. */
  readonly values: readonly LoadedValue[];
}

/** One value in force. */
export interface LoadedValue {
  /** `cooldown.success`, or `tasks[0].timeout` where the tasks of the chain differ. */
  readonly path: string;
  /** As people write it. Values of environment variables are not shown: they may be secret. */
  readonly shown: string;
  /** `runner.config.ts:12:9`, `default`, `beside the function, tasks.ts`, `RUNNER_COOLDOWN`, `--cooldown`. */
  readonly from: string;
}

/** A row of the table that `runner check` prints. */
export interface ValueRow extends LoadedValue {
  readonly chain: string;
}

/** The values of all chains as rows of a table. */
export function explainValues(chains: readonly LoadedChain[]): ValueRow[] {
  return chains.flatMap(({ definition, values }) =>
    values.map((value) => ({ chain: definition.name, ...value })),
  );
}
