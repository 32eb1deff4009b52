import type { SmtpServer } from '../core/channel.ts';
import type { Isolation, LeftoversPolicy, OnFailure } from '../core/definition.ts';
import type { IoPriority } from '../core/identity.ts';
import type { Severity } from '../core/notice.ts';
import type { DurationMs } from '../core/units.ts';
import type { CheckedMetrics } from './metrics-options.ts';
import type { ConfigHeartbeat, ConfigSecret, ConfigUrl } from './runner-config.ts';

/** A configuration whose shape is checked and whose texts are read; nothing is looked up yet. */
export interface CheckedConfig {
  readonly chains: Readonly<Record<string, CheckedChain>>;
  readonly hosts?: Readonly<Record<string, CheckedHost>> | undefined;
  readonly metrics?: CheckedMetrics | undefined;
  readonly logs?: { readonly total?: number | 'none' | undefined } | undefined;
  readonly alerts?: { readonly channels?: Readonly<Record<string, CheckedChannel>> | undefined } | undefined;
}

/** A way to people: exactly one of its four kinds is given. */
export interface CheckedChannel {
  readonly email?: CheckedEmail | undefined;
  readonly webhook?: CheckedWebhook | undefined;
  readonly slack?: CheckedAddress | undefined;
  readonly command?: string | readonly string[] | undefined;
  readonly chains?: readonly string[] | undefined;
  readonly severity?: Severity | undefined;
  readonly rate?: { readonly count: number; readonly per: DurationMs } | undefined;
  readonly expire?: DurationMs | undefined;
}

/** A channel by mail. */
export interface CheckedEmail {
  readonly to: readonly string[];
  readonly from: string;
  readonly smtp: CheckedSmtp;
}

/** A server that takes mails. */
export interface CheckedSmtp {
  readonly host: string;
  readonly port?: number | undefined;
  readonly tls?: SmtpServer['tls'] | undefined;
  readonly ca?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: ConfigSecret | undefined;
}

/** Where something is posted. */
interface CheckedAddress {
  readonly url: ConfigUrl;
}

/** A channel by HTTP. */
interface CheckedWebhook extends CheckedAddress {
  readonly secret?: ConfigSecret | undefined;
}

/** When people are told of a chain. */
export interface CheckedAlerts {
  readonly alertAfterFailures?: number | undefined;
  readonly alertAfter?: DurationMs | undefined;
  readonly freshness?: DurationMs | 'none' | undefined;
  readonly blockedAfter?: DurationMs | 'none' | undefined;
  readonly lateFactor?: number | 'none' | undefined;
  readonly breaker?: { readonly failures: number; readonly probe: DurationMs } | undefined;
}

/** What hosts with a certain name do differently. */
export interface CheckedHost {
  readonly chains: Readonly<Record<string, CheckedHostChain>>;
}

/** What a task, a chain, a function and a host may all set. */
export interface CheckedSettings {
  readonly cooldown?: CheckedCooldown | undefined;
  readonly timeout?: DurationMs | 'none' | undefined;
  readonly onFailure?: OnFailure | undefined;
}

/** A cooldown of which a part may be left to a weaker source. */
interface CheckedCooldown {
  readonly success?: DurationMs | undefined;
  readonly failure?: CheckedFailureCooldown | undefined;
}

/** A failure cooldown; of a back-off each part may be left to a weaker source. */
export type CheckedFailureCooldown =
  | { readonly kind: 'fixed'; readonly lengthMs: DurationMs }
  | ({ readonly kind: 'back-off' } & CheckedBackOff);

/** The parts of a back-off. */
export interface CheckedBackOff {
  readonly first?: DurationMs | undefined;
  readonly factor?: number | undefined;
  readonly max?: DurationMs | undefined;
  readonly jitter?: number | undefined;
}

/** One task; `run` is the text of a task or the argv of a command. */
export interface CheckedTask extends CheckedSettings {
  readonly run: string | readonly string[];
  readonly name?: string | undefined;
}

/** The part of an identity that a host may set as well. */
interface CheckedHostIdentity {
  readonly nice?: number | undefined;
  readonly ionice?: IoPriority | undefined;
  /** A sound list, which may name processors that this host does not have. */
  readonly cpus?: string | undefined;
  readonly limits?: CheckedLimits | undefined;
}

/** Limits by the names of their options; of `memory` the bytes, of `cpu` the seconds. */
export interface CheckedLimits {
  readonly files?: number | undefined;
  readonly memory?: number | undefined;
  readonly processes?: number | undefined;
  readonly cpu?: number | undefined;
}

/** What a host may set for a chain. */
export interface CheckedHostChain extends CheckedSettings, CheckedHostIdentity, CheckedAlerts {
  readonly stopGrace?: DurationMs | undefined;
  readonly killGrace?: DurationMs | undefined;
  readonly leftovers?: LeftoversPolicy | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** What the log of a chain may take. */
interface CheckedLog {
  readonly size?: number | undefined;
  readonly age?: DurationMs | 'none' | undefined;
  readonly keep?: number | undefined;
  readonly compress?: boolean | undefined;
}

/** What is remembered of a chain's runs. */
interface CheckedHistory {
  readonly runs?: number | undefined;
  readonly failedRuns?: number | undefined;
  readonly age?: DurationMs | 'none' | undefined;
}

/** When a chain's worker is replaced. */
interface CheckedRecycle {
  readonly runs?: number | undefined;
  /** In bytes. */
  readonly memory?: number | 'none' | undefined;
  readonly age?: DurationMs | undefined;
}

/** A chain as configured. */
export interface CheckedChain extends CheckedHostChain {
  readonly tasks: readonly CheckedTask[];
  readonly cwd?: string | undefined;
  readonly envFile?: string | undefined;
  readonly inheritEnv?: readonly string[] | undefined;
  /** A name or a number. */
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly noNewPrivileges?: boolean | undefined;
  readonly umask?: number | undefined;
  readonly log?: CheckedLog | undefined;
  readonly history?: CheckedHistory | undefined;
  readonly heartbeat?: ConfigHeartbeat | undefined;
  readonly isolation?: Isolation | undefined;
  readonly recycle?: CheckedRecycle | undefined;
}
