import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi, type ApiSources } from '../../src/control/api.ts';
import { serveControl } from '../../src/control/serve.ts';
import type { RunnerControl } from '../../src/control-port.ts';

/** What the API answered. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

/** A control API at a real socket, in a temporary folder. */
export interface ControlSocket {
  readonly folder: string;
  readonly path: string;
  readonly bugs: readonly Error[];
  get(path: string): Promise<Answered>;
  post(path: string, body?: unknown): Promise<Answered>;
  /** With a body as it is, JSON or not. */
  send(method: string, path: string, body: string): Promise<Answered>;
  /** A connection that says what the test says. */
  connect(): Promise<Socket>;
  close(): void;
}

/** Serves the API in front of `control`. */
export async function serveInFolder(
  control: RunnerControl,
  sources: Partial<ApiSources> = {},
): Promise<ControlSocket> {
  const folder = mkdtempSync(join(tmpdir(), 'runner-control-'));
  const path = join(folder, 'runner.sock');
  const bugs: Error[] = [];
  const api = createApi(control, {
    version: '0.1.0',
    history: () => [],
    metrics: () => Promise.resolve(''),
    incidents: () => [],
    incident: () => null,
    logTail: () => Promise.resolve(Buffer.alloc(0)),
    bug: (error) => void bugs.push(error),
    ...sources,
  });
  const server = await serveControl(path, api);
  const opened: Socket[] = [];
  const send = (method: string, target: string, body: string): Promise<Answered> =>
    askSocket({ path, method, target, body });
  return {
    folder,
    path,
    bugs,
    get: (target) => send('GET', target, ''),
    post: (target, body = {}) => send('POST', target, JSON.stringify(body)),
    send,
    async connect() {
      const socket = await connected(path);
      opened.push(socket);
      return socket;
    },
    close() {
      for (const socket of opened) socket.destroy();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Asking {
  readonly path: string;
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

function askSocket({ path, method, target, body }: Asking): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request({
      socketPath: path,
      method,
      path: target,
      agent: false,
      headers: { host: 'runner' },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(text), text }));
      response.on('error', reject);
    });
    asked.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A log is no JSON.
    return null;
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    // A connection may be ended by the other side at any time.
    socket.on('error', (error) => reject(error));
  });
}

/** The error in an answer, as `code: message`; the status where there is none. */
export function errorOf({ status, body }: Answered): string {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : null;
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) {
    return String(status);
  }
  return `${status} ${String(error.code)}: ${String(error.message)}`;
}
