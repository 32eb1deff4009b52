import { lstatSync, statSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { getRequestListener, type Http2Bindings, type HttpBindings } from '@hono/node-server';
import { closeServer, createLimitedServer } from './limited-server.ts';

/** The kernel takes no longer path for a socket (`sun_path` in unix(7), its end mark left out). */
const longestPath = 107;

/** The runner cannot listen; `message` says what to do about it. */
export class ControlSocketError extends Error {
  override readonly name = 'ControlSocketError';
}

/** A control socket at which an API answers. */
export interface ControlServer {
  /** Takes no new connection and removes the socket at once; answers that are on their way still go out. */
  close(): void;
}

/** Something that answers requests as the `fetch` of browsers does. */
export interface Answerer {
  readonly fetch: (request: Request, env: HttpBindings | Http2Bindings) => Response | Promise<Response>;
}

/** Whether `path` is short enough for a socket. @throws ControlSocketError */
export function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= longestPath) return;
  throw new ControlSocketError(
    `Cannot make the control socket "${path}": its path has ${bytes} bytes, of which the system takes ${longestPath}; ` +
      'name a shorter folder with --state-dir',
  );
}

/**
 * Listens at `path`, which only this user can reach. The caller must be the one runner of the project: a socket that
 * is there already is one of a runner that died.
 * @throws ControlSocketError when something else is there, or belongs to somebody else, or others can enter the folder.
 */
export async function serveControl(path: string, api: Answerer): Promise<ControlServer> {
  checkSocketPath(path);
  removeStale(path);
  requireClosed(dirname(path));
  const server = createLimitedServer(getRequestListener(api.fetch));
  await listen(server, path);
  return {
    close: () => closeServer(server),
  };
}

// The mode is right from the first moment on: it is the one thing that keeps others out.
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new ControlSocketError(`Cannot make the control socket "${path}": ${error.message}`, {
          cause: error,
        }),
      ),
    );
    server.once('listening', resolve);
    const before = process.umask(0o177);
    try {
      // A path is bound within this call; only the event comes later.
      server.listen(path);
    } finally {
      process.umask(before);
    }
  });
}

// Not closed by itself: the folder may be one that others need, such as /tmp.
function requireClosed(folder: string): void {
  if ((statSync(folder).mode & 0o077) === 0) return;
  throw new ControlSocketError(
    `Cannot make the control socket in "${folder}": others can enter it; run "chmod 700 ${folder}", or name another --state-dir`,
  );
}

function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new ControlSocketError(
      `Cannot make the control socket "${path}": there is something else; move it away`,
    );
  }
  if (found.uid !== process.getuid?.()) {
    throw new ControlSocketError(
      `Cannot make the control socket "${path}": there is one of user ${found.uid}; remove it, or name another --state-dir`,
    );
  }
  unlinkSync(path);
}
