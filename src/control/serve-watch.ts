import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { WatchPlace } from '../control-port.ts';
import { formatAddress, isLoopback, type ListenAddress } from '../core/listen-address.ts';
import { hasErrorCode } from '../core/error-code.ts';
import { closeServer, createLimitedServer } from './limited-server.ts';
import { ControlSocketError, type Answerer, type ControlServer } from './serve.ts';

/** A server of TCP connections. */
export interface WatchServer extends ControlServer {
  /** Where it listens, such as `127.0.0.1:9464`. */
  readonly at: string;
}

/**
 * Listens for TCP connections. A page of another site, whose name was made to point here, is refused: a request must
 * name this host by an address or a known name.
 * @throws ControlSocketError where that is not possible
 */
export async function serveWatch({ address, names }: WatchPlace, api: Answerer): Promise<WatchServer> {
  const answer = getRequestListener(api.fetch);
  const known = new Set(['localhost', ...names].map((name) => name.toLowerCase()));
  const server = createLimitedServer((request: IncomingMessage, response: ServerResponse) => {
    if (isForUs(request, known)) return answer(request, response);
    return response.writeHead(421, { connection: 'close' }).end();
  });
  await listen(server, address);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return { at: formatAddress({ ...address, port }), close: () => closeServer(server) };
}

/** What to say to people of a place that others can reach; `null` for one that they cannot. */
export function warningOf({ address }: WatchPlace): string | null {
  if (isLoopback(address.host)) return null;
  return `the metrics at ${formatAddress(address)} can be read by all who reach this host: they have the names of chains and tasks`;
}

// Exactly one Host, and a path: with an absolute URL, two or no names it is not clear who is meant.
function isForUs(request: IncomingMessage, known: ReadonlySet<string>): boolean {
  const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length !== 1 || request.url?.startsWith('/') !== true) return false;
  const name = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:]+))(?::\d+)?$/.exec(request.headers.host ?? '')?.groups;
  if (name === undefined) return false;
  const host = (name['v6'] ?? name['name'] ?? '').toLowerCase();
  return isIP(host) !== 0 || known.has(host);
}

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const advice = hasErrorCode(error, 'EADDRINUSE')
        ? 'another program listens there; stop it, or choose another port, with --metrics or in the configuration'
        : 'choose another address, with --metrics or in the configuration';
      reject(
        new ControlSocketError(
          `Cannot listen for metrics at ${formatAddress(address)}: ${error.message}; ${advice}`,
          {
            cause: error,
          },
        ),
      );
    });
    server.listen({ ...address, exclusive: true }, resolve);
  });
}
