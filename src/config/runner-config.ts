import type { Isolation, LeftoversPolicy } from '../core/definition.ts';
import type { Severity } from '../core/notice.ts';
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
export interface ConfigHostChain extends TaskOptions, ConfigAlerts {
  readonly stopGrace?: string | undefined;
  readonly killGrace?: string | undefined;
  readonly leftovers?: LeftoversPolicy | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** -20 (first) to 19 (last); the value itself, whatever the runner has. */
  readonly nice?: number | undefined;
  /** "idle", "best-effort:0" (first) to "best-effort:7" (last), or "realtime:0" to "realtime:7". */
  readonly ionice?: string | undefined;
  /** Numbers of processors such as "0-3" or "0,2". */
  readonly cpus?: string | number | undefined;
  readonly limits?: ConfigLimits | undefined;
}

/** When people are told of a chain. */
export interface ConfigAlerts {
  /** So many failures of a task in a row open its incident to people. Default: 1. */
  readonly alertAfterFailures?: number | undefined;
  /** An incident that lasts is told again after this time, then at gaps that double, up to a week. Default: "12h". */
  readonly alertAfter?: string | undefined;
  /** A chain without a success for so long is told of. Default: "none". */
  readonly freshness?: string | undefined;
  /** A chain that waits for processes of an earlier run for so long is told of, or "none". Default: "30m". */
  readonly blockedAfter?: string | undefined;
  /** A run that takes so many times its usual length is told of, or "none". Default: 10. */
  readonly lateFactor?: number | 'none' | undefined;
  /** After so many failures of one kind in a row the chain only probes, so rarely, until a success. */
  readonly breaker?: { readonly failures: number; readonly probe: string } | undefined;
}

/** What each process of a chain may use. */
export interface ConfigLimits {
  /** Open files, at least 128. */
  readonly files?: number | undefined;
  /** Private memory that it can write to, such as "512MB". */
  readonly memory?: string | undefined;
  /** Processes and threads that the chain's user may have on the whole host. */
  readonly processes?: number | undefined;
  /** Time on a processor in whole seconds, such as "60s"; for commands only. */
  readonly cpu?: string | undefined;
}

/** What the log of a chain may take on disk. */
interface ConfigLog {
  /** The file size, such as "10MB", above which the log is set aside. */
  readonly size?: string | undefined;
  /** The time, such as "1d", after which the log is set aside whatever its size. Default: "none". */
  readonly age?: string | undefined;
  /** How many files that were set aside are kept. */
  readonly keep?: number | undefined;
  /** Whether they are compressed. */
  readonly compress?: boolean | undefined;
}

/** An address, or where it is to be read: it may be a secret. */
export type ConfigUrl = string | ConfigSecret;

/** Where a secret is to be read. */
export type ConfigSecret =
  /** A variable in the environment of the runner. */
  | { readonly env: string }
  /** A file, relative to the project root. */
  | { readonly file: string };

/** What is pinged when a run has ended: addresses of your own, or one of a service whose form is known. */
export interface ConfigHeartbeat {
  readonly success?: ConfigUrl | undefined;
  readonly failure?: ConfigUrl | undefined;
  /** A ping URL of healthchecks.io or of your own server, or a UUID; failures go to `/fail` below it. */
  readonly healthchecks?: ConfigUrl | undefined;
  /** A telemetry URL of Cronitor: `?state=complete` and `?state=fail` are added. */
  readonly cronitor?: ConfigUrl | undefined;
}

/** Metrics over TCP. */
export interface ConfigMetrics {
  /** An address and a port such as "127.0.0.1:9464". */
  readonly listen: string;
  /** Names besides its addresses under which this host may be asked. */
  readonly names?: readonly string[] | undefined;
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
  /** The name or number of the user as whom the tasks run. Default: as the runner. */
  readonly user?: string | number | undefined;
  /** The first group of the tasks. Default: that of the user. */
  readonly group?: string | number | undefined;
  /** Whether set-uid programs are powerless. Default: where `user` is not the user of the runner. */
  readonly noNewPrivileges?: boolean | undefined;
  /** Octal digits such as "027". Default: as the runner. */
  readonly umask?: string | undefined;
  readonly log?: ConfigLog | undefined;
  /** How many runs are remembered, how many of those that failed, and for how long, such as "90d". */
  readonly history?:
    | {
        readonly runs?: number | undefined;
        readonly failedRuns?: number | undefined;
        readonly age?: string | undefined;
      }
    | undefined;
  /** What is pinged when runs end, such as { healthchecks: { env: "MAIL_PING_URL" } }. */
  readonly heartbeat?: ConfigHeartbeat | undefined;
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

/** A way to people: one of `email`, `webhook`, `slack` and `command`. */
export interface ConfigChannel {
  readonly email?:
    | {
        readonly to: readonly string[];
        readonly from: string;
        readonly smtp: {
          readonly host: string;
          readonly port?: number | undefined;
          /** From the first byte, after STARTTLS (the default), after STARTTLS where it is offered, or never. */
          readonly tls?: 'implicit' | 'starttls' | 'optional' | 'none' | undefined;
          /** A file of certificates that are trusted besides those of Node. */
          readonly ca?: string | undefined;
          readonly user?: string | undefined;
          readonly password?: ConfigSecret | undefined;
        };
      }
    | undefined;
  /** Signed where there is a secret. */
  readonly webhook?: { readonly url: ConfigUrl; readonly secret?: ConfigSecret | undefined } | undefined;
  readonly slack?: { readonly url: ConfigUrl } | undefined;
  /** As a task: a text as in `sh -c`, or a program and its arguments. It gets JSON on its standard input. */
  readonly command?: string | readonly string[] | undefined;
  /** Patterns of chain names with `*` and `?`. Default: all. */
  readonly chains?: readonly string[] | undefined;
  /** The least that is told. Default: "warning". */
  readonly severity?: Severity | undefined;
  /** At most so many messages in each such time. Default: 20 in "1h". */
  readonly rate?: { readonly count: number; readonly per: string } | undefined;
  /** What could not be told for so long is given up. Default: "48h". */
  readonly expire?: string | undefined;
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
  /** Metrics over TCP, such as { listen: "127.0.0.1:9464" }. */
  readonly metrics?: ConfigMetrics | undefined;
  /** The size, such as "1GB", that all logs set aside may take together; or "none". */
  readonly logs?: { readonly total?: string | undefined } | undefined;
  /** How people are told of what goes wrong. */
  readonly alerts?: { readonly channels?: Readonly<Record<string, ConfigChannel>> | undefined } | undefined;
}

/** Gives editors the types of a configuration: `export default defineConfig({ chains: { ... } })`. */
export function defineConfig(config: RunnerConfig): RunnerConfig {
  return config;
}
