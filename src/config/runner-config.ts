import type { Isolation, LeftoversPolicy } from '../core/definition.ts';
import type { TaskOptions } from '../user-code/task.ts';

/** One task of a chain: the text of a task, or that text or an argv list with options of its own. */
export type ConfigTask =
  | string
  | (TaskOptions & {
      /** `tasks.sendMail`, a command as in `sh -c`, or a program and its arguments without a shell. */
      readonly run: string | readonly string[];
      /** What people read. Default: the function's name or the text of the command. */
      readonly name?: string | undefined;
    });

/** What may be set for a chain on hosts with a certain name. */
export interface ConfigHostChain extends TaskOptions {
  readonly stopGrace?: string | undefined;
  readonly killGrace?: string | undefined;
  readonly leftovers?: LeftoversPolicy | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** A chain: tasks that run in this order, for ever. Times are texts such as "30s". */
export interface ConfigChain extends ConfigHostChain {
  readonly tasks: readonly ConfigTask[];
  /** The folder in which the tasks run, relative to the project root. Default: the project root. */
  readonly cwd?: string | undefined;
  /** A file of KEY=value lines, relative to the project root. */
  readonly envFile?: string | undefined;
  /** Names or patterns such as "AWS_*" of variables that the tasks inherit from the runner. */
  readonly inheritEnv?: readonly string[] | undefined;
  /** The file size, such as "10MB", above which the log is set aside, and how many such files are kept. */
  readonly log?: { readonly size?: string | undefined; readonly keep?: number | undefined } | undefined;
  /** How many runs are remembered. */
  readonly history?: { readonly runs?: number | undefined } | undefined;
  /** A worker of the chain's own (`chain`, the default), a new one for each run (`run`), or one for many (`shared`). */
  readonly isolation?: Isolation | undefined;
  /** When the chain's worker is replaced between runs: after so many, above so much memory, at such an age. */
  readonly recycle?:
    | {
        readonly runs?: number | undefined;
        readonly memory?: string | undefined;
        readonly age?: string | undefined;
      }
    | undefined;
}

/** What `runner.config.ts` exports by default, by means of `defineConfig`. */
export interface RunnerConfig {
  /** The address of the JSON Schema, for editors. */
  readonly $schema?: string | undefined;
  readonly chains: Readonly<Record<string, ConfigChain>>;
  /** By patterns of host names such as "web-*"; of several that fit, the later ones win. */
  readonly hosts?:
    | Readonly<Record<string, { readonly chains: Readonly<Record<string, ConfigHostChain>> }>>
    | undefined;
}

/** Gives editors the types of a configuration: `export default defineConfig({ chains: { ... } })`. */
export function defineConfig(config: RunnerConfig): RunnerConfig {
  return config;
}
