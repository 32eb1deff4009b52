import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Beyond it the longest connected client goes that has nothing to wait for. */
const mostConnections = 256;
/** How long a client may take over a request. An answer may take as long as it takes. */
const requestLimitMs = 10_000;
const lookForSlowMs = 2_000;

/** A server that slow, idle and many clients cannot stop; it does not listen yet. */
export function createLimitedServer(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Server {
  const server = createServer({ requestTimeout: requestLimitMs, connectionsCheckingInterval: lookForSlowMs });
  const clients = keepClientsFew(server);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // What comes over an old connection once the server is closed finds nobody: what would answer it may be closed too.
    if (!server.listening) {
      request.socket.destroy();
      return;
    }
    clients.answers(request.socket, response);
    void answer(request, response);
  });
  return server;
}

/** Takes no new connection; answers that are on their way still go out. */
export function closeServer(server: Server): void {
  server.close();
  server.closeIdleConnections();
}

/**
 * A client that says nothing, or does not read, keeps its place only until somebody else needs it. One that waits for
 * an answer keeps it.
 */
function keepClientsFew(server: Server): {
  readonly answers: (client: Socket, response: ServerResponse) => void;
} {
  const clients = new Map<Socket, ServerResponse | null>();
  server.on('connection', (client: Socket) => {
    clients.set(client, null);
    client.on('close', () => clients.delete(client));
    if (clients.size <= mostConnections) return;
    const idle = [...clients].find(([, response]) => response === null || response.writableEnded);
    (idle?.[0] ?? client).destroy();
  });
  return { answers: (client, response) => void clients.set(client, response) };
}
