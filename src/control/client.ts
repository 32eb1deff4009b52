import { lstatSync, type Stats } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { hasErrorCode } from '../core/error-code.ts';

/** How long a runner may take to answer: it does so within 100 ms unless something is wrong. */
const answerLimitMs = 5_000;

/** No runner answers at the socket; `message` says what to do. */
export class RunnerNotUp extends Error {
  override readonly name = 'RunnerNotUp';
}

/** A runner is there and does not answer, or was gone before it did. */
export class RunnerSilent extends Error {
  override readonly name = 'RunnerSilent';
}

/** An answer of the control API. */
export interface ControlAnswer {
  readonly status: number;
  /** What the body holds as JSON; `null` for an empty one. */
  readonly body: unknown;
}

/** Asks the runner whose state is in `directory`. */
export interface ControlClient {
  /** @throws RunnerNotUp or RunnerSilent */
  get(path: string): Promise<ControlAnswer>;
  /** @throws RunnerNotUp or RunnerSilent. @param limitMs how long an answer may take; default 5 000 */
  post(path: string, body: object, limitMs?: number): Promise<ControlAnswer>;
  /** Asks, and hands over each line of JSON of the answer as it comes; resolves at the end of the connection. */
  lines(path: string, body: object, take: (line: unknown) => void): Promise<ControlAnswer>;
}

/** @param socket the path of the control socket */
export function createControlClient(socket: string): ControlClient {
  async function ask(sending: Omit<Sending, 'socket'>, body: object): Promise<ControlAnswer> {
    const response = await send({ socket, ...sending }, body);
    return { status: response.statusCode ?? 0, body: parseBody(await textOf(response)) };
  }
  return {
    get: (path) => ask({ method: 'GET', path, limitMs: answerLimitMs }, {}),
    post: (path, body, limitMs = answerLimitMs) => ask({ method: 'POST', path, limitMs }, body),
    async lines(path, body, take) {
      const response = await send({ socket, method: 'POST', path, limitMs: answerLimitMs }, body);
      const status = response.statusCode ?? 0;
      if (status !== 200) return { status, body: parseBody(await textOf(response)) };
      await takeLines(response, take);
      return { status, body: null };
    },
  };
}

interface Sending {
  readonly socket: string;
  readonly method: string;
  readonly path: string;
  readonly limitMs: number;
}

function send({ socket, method, path, limitMs }: Sending, body: object): Promise<IncomingMessage> {
  checkSocket(socket);
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      host: 'runner',
    };
    // Loaded only by who asks: most of a runner does not.
    const { request } = process.getBuiltinModule('node:http');
    const asked = request({ socketPath: socket, method, path, headers, agent: false }, resolve);
    const timer = setTimeout(() => {
      reject(
        new RunnerSilent(
          `The runner does not answer within ${limitMs / 1_000} s: look whether it is stopped or the host is overloaded; ` +
            '"runner up --force" replaces it, and runs in progress go on',
        ),
      );
      asked.destroy();
    }, limitMs);
    asked.on('response', () => clearTimeout(timer));
    asked.on('error', (error) => {
      clearTimeout(timer);
      reject(explained(error, socket));
    });
    asked.end(text);
  });
}

function explained(error: Error, socket: string): Error {
  if (hasErrorCode(error, 'ENOENT', 'ENOTDIR', 'ECONNREFUSED')) return notUp(socket);
  if (hasErrorCode(error, 'ECONNRESET', 'EPIPE')) {
    return new RunnerSilent(
      'The runner was gone before it answered: look with "runner status" what became of it',
      {
        cause: error,
      },
    );
  }
  // So many wait for it already that the system takes no more.
  if (hasErrorCode(error, 'EAGAIN'))
    return new RunnerSilent('The runner takes no connection', { cause: error });
  if (!hasErrorCode(error, 'EACCES', 'EPERM')) return error;
  return new RunnerNotUp(
    `Cannot talk to the runner at "${socket}": only its own user may; ask as that user`,
    {
      cause: error,
    },
  );
}

// A socket of somebody else could be anybody's: nothing is said to it. Root may talk to everybody.
function checkSocket(path: string): void {
  const found = lookAt(path);
  if (found === undefined) throw notUp(path);
  const user = process.getuid?.();
  if (user === 0 || found.uid === user) return;
  throw new RunnerNotUp(
    `Cannot talk to the runner at "${path}": it belongs to user ${found.uid}, and this is user ${user}; ask as that user`,
  );
}

function notUp(socket: string): RunnerNotUp {
  return new RunnerNotUp(
    `No runner is up here: nothing answers at "${socket}"; start one with "runner up", or name its state with --state-dir`,
  );
}

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // The folder belongs to somebody else, or what should be one is a file.
    if (error instanceof Error && hasErrorCode(error, 'EACCES', 'ENOTDIR')) throw explained(error, path);
    throw error;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const piece of response.setEncoding('utf8')) text += String(piece);
  } catch (error) {
    throw error instanceof Error ? explained(error, '') : error;
  }
  return text;
}

async function takeLines(response: IncomingMessage, take: (line: unknown) => void): Promise<void> {
  let rest = '';
  try {
    for await (const piece of response.setEncoding('utf8')) {
      const lines = (rest + String(piece)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(parseBody(line));
    }
  } catch (error) {
    // The runner died: that is an end like any other.
    if (!hasErrorCode(error, 'ECONNRESET')) throw error;
  }
}

function parseBody(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    // Not everything is JSON, as a log is not.
    return text;
  }
}
