import { quoted } from './quoted.ts';

/** Where to listen for TCP connections. */
export interface ListenAddress {
  /** An address of IPv4 or IPv6, without brackets. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

/** A text read as an address to listen at, or what is wrong with it. */
export type ParsedAddress =
  | { readonly kind: 'address'; readonly address: ListenAddress }
  | { readonly kind: 'problem'; readonly problem: string };

const loopback = '127.0.0.1';
const example = 'write an address and a port such as "127.0.0.1:9464"';

/**
 * Reads `127.0.0.1:9464`, `[::1]:9464`, `localhost:9464` or a port alone. Without an address it is loopback: that
 * others can connect has to be written down.
 */
export function parseListenAddress(text: string): ParsedAddress {
  const found = /^(?:(?<host>\[[\da-fA-F:.]+\]|[^:[\]]*):)?(?<port>\d{1,5})$/.exec(text.trim())?.groups;
  if (found === undefined) return problem(text, example);
  const port = Number(found['port']);
  if (port > 65_535) return problem(text, 'write a port from 1 to 65535');
  const host = found['host'] ?? '';
  if (host === '' || host === 'localhost') return { kind: 'address', address: { host: loopback, port } };
  if (host.startsWith('[')) return { kind: 'address', address: { host: host.slice(1, -1), port } };
  if (isIpv4(host)) return { kind: 'address', address: { host, port } };
  return problem(text, host === '*' ? `write "0.0.0.0:${port}" for all addresses of this host` : example);
}

/** Whether only this host itself can connect there. */
export function isLoopback(host: string): boolean {
  return (isIpv4(host) && host.startsWith('127.')) || /^(?:0*:)*0*1$/.test(host);
}

/** An address and port as people write it. */
export function formatAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function isIpv4(host: string): boolean {
  const parts = host.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

function problem(text: string, advice: string): ParsedAddress {
  return { kind: 'problem', problem: `found ${quoted(text)}, ${advice}` };
}
