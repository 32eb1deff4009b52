import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Writable } from 'node:stream';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Http2Bindings, HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Asked, RunnerControl, StatusAnswer } from '../control-port.ts';
import type { IncidentSummary } from '../core/incident-summary.ts';
import { quoted, shownName } from '../core/quoted.ts';
import { hasErrorCode } from '../core/error-code.ts';
import {
  BadRequest,
  chainCommands,
  longestBody,
  mostLines,
  readBody,
  readChainRequest,
  readCount,
  readSwitch,
  type Body,
} from './request-body.ts';
import { createWatchApi, type WatchSources } from './watch-api.ts';
import { openApiDocument } from './openapi.ts';

type Bindings = HttpBindings | Http2Bindings;
type Api = Hono<{ Bindings: Bindings }>;

/** What the API reads beside what the runner says. */
export interface ApiSources extends WatchSources {
  /** The newest runs, the newest last; as `runner history --json` prints them. */
  readonly history: (query: {
    readonly chain: string | null;
    readonly run: number | null;
    readonly limit: number;
  }) => readonly unknown[];
  /** The newest incidents, the newest last. */
  readonly incidents: (query: {
    readonly chain: string | null;
    readonly isOpen: boolean;
    readonly limit: number;
  }) => readonly IncidentSummary[];
  /** Everything that is kept of one; `null` when there is none of this number. */
  readonly incident: (id: number) => object | null;
  /** The last lines of a chain's log; nothing when it has none. */
  readonly logTail: (chain: string, lines: number) => Promise<Buffer>;
  readonly version: string;
  /** Told of an error that is a bug. */
  readonly bug: (error: Error) => void;
}

/** The control API of a runner; docs/control-api.md and `GET /v1/openapi.json` describe it. GET changes nothing. */
export function createApi(control: RunnerControl, sources: ApiSources): Api {
  const api: Api = new Hono<{ Bindings: Bindings }>();
  api.route('/', createWatchApi(control, sources));
  api.use(
    bodyLimit({
      maxSize: longestBody,
      onError: (c) =>
        problem(c, 'TOO_LONG', `Cannot read the body: it is longer than ${longestBody} bytes, write less`),
    }),
  );
  api.get('/v1/openapi.json', (c) => c.json(openApiDocument(sources.version)));
  addReading(api, control, sources);
  addChainCommands(api, control);
  addRunnerCommands(api, control, sources);
  api.notFound((c) =>
    problem(c, 'NO_SUCH_PAGE', `There is no ${c.req.method} ${shownName(c.req.path)}: see /v1/openapi.json`),
  );
  api.onError((error, c) => {
    if (error instanceof BadRequest) return problem(c, 'BAD_REQUEST', error.message);
    // Whoever asked was gone before the end of the request.
    if (hasErrorCode(error, 'ECONNRESET'))
      return problem(c, 'BAD_REQUEST', 'Cannot read the body: it has no end, send all of it');
    // One request must not end the runner; what went wrong is of use to whoever asked, and to whoever looks later.
    sources.bug(error);
    return problem(c, 'BUG', error.stack ?? error.message);
  });
  return api;
}

function addReading(api: Api, control: RunnerControl, sources: ApiSources): void {
  api.get('/v1/status', (c) => c.json(statusAnswer(control, sources)));
  api.get('/v1/chains/:chain', (c) => {
    const { chains } = control.status();
    const found = chains.find(({ chain }) => chain === c.req.param('chain'));
    if (found !== undefined) return c.json(found);
    return noSuchChain(
      c,
      chains.map(({ chain }) => chain),
    );
  });
  api.get('/v1/history', (c) => {
    const run = c.req.query('run');
    return c.json({
      runs: sources.history({
        chain: c.req.query('chain') ?? null,
        run: run === undefined ? null : readCount(run, 'run'),
        limit: readCount(c.req.query('limit') ?? '20', 'limit', mostLines),
      }),
    });
  });
  api.get('/v1/incidents', (c) =>
    c.json({
      incidents: sources.incidents({
        chain: c.req.query('chain') ?? null,
        isOpen: readSwitch(c.req.query('open') ?? 'false', 'open'),
        limit: readCount(c.req.query('limit') ?? '20', 'limit', mostLines),
      }),
    }),
  );
  api.get('/v1/incidents/:incident', (c) => {
    const id = readCount(c.req.param('incident'), 'incident');
    const found = sources.incident(id);
    if (found !== null) return c.json(found);
    return problem(c, 'NO_SUCH_INCIDENT', `No incident ${id}: see /v1/incidents`);
  });
  api.get('/v1/chains/:chain/log', async (c) => {
    const chain = c.req.param('chain');
    const names = control.status().chains.map((status) => String(status.chain));
    if (!names.includes(chain)) return noSuchChain(c, names);
    const tail = await sources.logTail(chain, readCount(c.req.query('lines') ?? '100', 'lines', mostLines));
    return c.body(new Uint8Array(tail), 200, { 'content-type': 'application/octet-stream' });
  });
}

const mostOpen = 1_000;

function statusAnswer(control: RunnerControl, sources: ApiSources): StatusAnswer {
  const open = { chain: null, isOpen: true, limit: mostOpen };
  return { ...control.status(), incidents: sources.incidents(open) };
}

function addChainCommands(api: Api, control: RunnerControl): void {
  for (const command of chainCommands) {
    api.post(`/v1/chains/:chain/${command}`, async (c) => {
      const request = readChainRequest(command, await c.req.text());
      return answerOf(c, await control.ask(c.req.param('chain'), request));
    });
  }
}

function addRunnerCommands(api: Api, control: RunnerControl, sources: ApiSources): void {
  api.post('/v1/reload', async (c) => {
    const body = await bodyOf(c, 'dryRun');
    const answer = await control.reload({ by: body.by(), isDryRun: body.flag('dryRun') });
    switch (answer.kind) {
      case 'planned':
      case 'carried out':
        return c.json({
          dryRun: answer.kind === 'planned',
          plan: answer.plan,
          settings: answer.settings,
        });
      case 'rejected':
        return c.json(
          { ...errorBody('CONFIG_REJECTED', 'The configuration has problems'), problems: answer.problems },
          422,
        );
      case 'refused':
        return problem(c, 'REFUSED', answer.reason);
    }
  });
  api.post('/v1/upgrade', async (c) => {
    const answer = await control.upgrade((await bodyOf(c)).by());
    switch (answer.kind) {
      case 'taking over':
        return c.json({ pid: answer.pid, chains: control.status().chains });
      case 'failed':
        return problem(c, 'SUCCESSOR_FAILED', answer.text);
      case 'refused':
        return problem(c, 'REFUSED', answer.reason);
    }
  });
  api.post('/v1/drain', async (c) => {
    control.end('drain', (await bodyOf(c)).by());
    return c.json(statusAnswer(control, sources));
  });
  api.post('/v1/down', async (c) => {
    const body = await bodyOf(c, 'now');
    control.end(body.flag('now') ? 'stop now' : 'stop', body.by());
    return c.json(statusAnswer(control, sources));
  });
  api.post('/v1/handover', async (c) => handOver(c, control));
}

/** Lines of JSON as long as it takes: `accepted`, `released` for each chain, `given`; or the end of the connection. */
async function handOver(c: Context<{ Bindings: Bindings }>, control: RunnerControl): Promise<Response> {
  const pid = (await bodyOf(c, 'pid')).count('pid');
  const outgoing: ServerResponse | Http2ServerResponse = c.env.outgoing;
  const stream: Writable = outgoing;
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort());
  // Whoever asked while this process was held up may be gone by now: nothing is given to nobody.
  if (outgoing.destroyed) return RESPONSE_ALREADY_SENT;
  const tell = (line: object): unknown =>
    gone.signal.aborted ? null : stream.write(`${JSON.stringify(line)}\n`);
  const given = control.handOver({ pid }, (chain) => tell({ kind: 'released', chain }), gone.signal);
  if (given === null) return problem(c, 'REFUSED', 'Another runner takes the chains over already');
  outgoing.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' });
  tell({ kind: 'accepted', pid: process.pid });
  if ((await given) === 'given') tell({ kind: 'given' });
  outgoing.end();
  return RESPONSE_ALREADY_SENT;
}

async function bodyOf(c: Context, ...known: string[]): Promise<Body> {
  return readBody(await c.req.text(), known);
}

function answerOf(c: Context, asked: Asked): Response {
  switch (asked.kind) {
    case 'done':
      return c.json(asked.status);
    case 'no such chain':
      return noSuchChain(c, asked.known);
    case 'refused':
      return problem(c, 'REFUSED', asked.reason);
  }
}

function noSuchChain(c: Context, known: readonly string[]): Response {
  const names = known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`;
  return problem(c, 'NO_SUCH_CHAIN', `No such chain ${quoted(c.req.param('chain') ?? '')}: ${names}`);
}

function problem(c: Context, code: keyof typeof statusOf, message: string): Response {
  return c.json(errorBody(code, message), statusOf[code]);
}

const statusOf = {
  BAD_REQUEST: 400,
  TOO_LONG: 413,
  NO_SUCH_PAGE: 404,
  NO_SUCH_CHAIN: 404,
  NO_SUCH_INCIDENT: 404,
  REFUSED: 409,
  CONFIG_REJECTED: 422,
  SUCCESSOR_FAILED: 422,
  BUG: 500,
} as const;

function errorBody(
  code: string,
  message: string,
): { readonly error: { readonly code: string; readonly message: string } } {
  return { error: { code, message } };
}
