import { isAtLeast, type NoticeKind, type Severity } from './notice.ts';
import { fitsPattern } from './patterns.ts';
import type { DurationMs } from './units.ts';

/** A way to people, as it is in force on this host: everything is checked, resolved and absolute, no secret is in it. */
export interface Channel {
  /** As the name of a chain: it is shown, and stored. */
  readonly name: string;
  /** Patterns of chain names with `*` and `?`; one of them has to fit. */
  readonly chains: readonly string[];
  /** The least severity that is told. */
  readonly severity: Severity;
  readonly rate: Rate;
  /** What could not be told for so long is given up. */
  readonly expireMs: DurationMs;
  readonly target: ChannelTarget;
}

/** At most so many messages in each stretch of time of that length. */
interface Rate {
  readonly count: number;
  readonly perMs: DurationMs;
}

/** Where a channel leads. */
export type ChannelTarget =
  | {
      readonly kind: 'email';
      readonly to: readonly string[];
      readonly from: string;
      readonly smtp: SmtpServer;
    }
  | { readonly kind: 'webhook'; readonly url: PlacedText; readonly secret: SecretPlace | null }
  | { readonly kind: 'slack'; readonly url: PlacedText }
  | {
      readonly kind: 'command';
      readonly argv: readonly string[];
      /** Absolute. */
      readonly directory: string;
      readonly environment: Readonly<Record<string, string>>;
    };

/** A server that takes mails. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte, after a STARTTLS without which no mail is sent, after one if it is offered, or never. */
  readonly tls: 'implicit' | 'starttls' | 'optional' | 'none';
  /** A file of certificates in PEM that are trusted besides, absolute; or `null`. */
  readonly caFile: string | null;
  readonly login: { readonly user: string; readonly password: SecretPlace } | null;
}

/** Where a secret is; it is read when it is needed. Paths are absolute. */
export type SecretPlace =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string };

/** A text, or where it is. */
export type PlacedText = { readonly kind: 'text'; readonly text: string } | SecretPlace;

/** Whether a channel tells of that chain, and of what matters so much. */
export function isForChannel(
  channel: Pick<Channel, 'chains' | 'severity'>,
  { chain, severity }: { readonly chain: string; readonly severity: Severity },
): boolean {
  return (
    isAtLeast(severity, channel.severity) && channel.chains.some((pattern) => fitsPattern(pattern, chain))
  );
}

/** Whether a notice says that what others of its subject told of is over. */
export function isEnd(kind: string): boolean {
  return endKinds.some((one) => one === kind);
}

const endKinds: readonly NoticeKind[] = [
  'incident healed',
  'flapping over',
  'fresh again',
  'unblocked',
  'late run ended',
];
