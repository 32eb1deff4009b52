import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';

/** What a web server of a test was asked. */
interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A web server of a test, on this host only. */
export interface WebServer {
  readonly url: string;
  readonly asked: Asked[];
  /** Resolves at the next request. */
  next(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server at a port that the system chooses; it answers once it has read a request. */
export async function startWebServer(answer: RequestListener): Promise<WebServer> {
  const asked: Asked[] = [];
  let wake = (): void => undefined;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      asked.push({ url: request.url ?? '', headers: request.headers, body });
      wake();
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    asked,
    next: () => new Promise((resolve) => (wake = resolve)),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
