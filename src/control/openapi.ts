import { flag, list, object, openApiSchemas, ref, text, whole } from './openapi-schemas.ts';
import { incidentSchemas } from './openapi-incidents.ts';
import { mostLines, longestBody } from './request-body.ts';

type Part = Readonly<Record<string, unknown>>;

/** The description of the control API, in the form of OpenAPI 3.1. */
export function openApiDocument(version: string): Part {
  return {
    openapi: '3.1.0',
    info: { title: 'Control API of yourlabs-runner', version, description: introduction },
    servers: [{ url: 'http://runner', description: 'On the socket `runner.sock` of the state folder.' }],
    paths: {
      ...readingPaths(),
      ...incidentPaths(),
      ...watchPaths(),
      ...chainCommandPaths(),
      ...runnerCommandPaths(),
    },
    components: { schemas: { ...openApiSchemas(), ...incidentSchemas() } },
  };
}

const introduction =
  'How to look at a runner that is up, and to ask something of it. GET changes nothing. What a POST answers with 200 ' +
  `is stored. A body is JSON, at most ${longestBody} bytes, or empty; a field that is not known is refused. Answers ` +
  'may get more fields in later versions: leave those aside that you do not know.';

function readingPaths(): Part {
  return {
    '/v1/openapi.json': {
      get: { summary: 'This document.', responses: { 200: json('It.', { type: 'object' }), ...always } },
    },
    '/v1/status': {
      get: {
        summary: 'What the runner and each of its chains do.',
        responses: { 200: json('That.', ref('StatusAnswer')), ...always },
      },
    },
    '/v1/chains/{chain}': {
      parameters: [chainParameter],
      get: {
        summary: 'What one chain does, and why it does not if it does not.',
        responses: { 200: json('That.', ref('ChainStatus')), 404: noSuchChain, ...always },
      },
    },
    '/v1/chains/{chain}/log': {
      parameters: [chainParameter],
      get: {
        summary: 'The last lines that the tasks of a chain have written.',
        parameters: [queryCount('lines', 'How many lines.', { default: 100, maximum: mostLines })],
        responses: {
          200: { description: 'They, as they were written.', content: { 'application/octet-stream': {} } },
          400: badRequest,
          404: noSuchChain,
          ...always,
        },
      },
    },
    '/v1/history': {
      get: {
        summary: 'The newest runs, the newest last.',
        parameters: [
          { name: 'chain', in: 'query', description: 'Only runs of this chain.', schema: { type: 'string' } },
          queryCount('run', 'Only the run with this number.', {}),
          queryCount('limit', 'How many runs.', { default: 20, maximum: mostLines }),
        ],
        responses: {
          200: json('They.', object('Runs.', { runs: list(ref('HistoryEntry')) })),
          400: badRequest,
          ...always,
        },
      },
    },
  };
}

function incidentPaths(): Part {
  return {
    '/v1/incidents': {
      get: {
        summary: 'The newest incidents, the newest last.',
        parameters: [
          {
            name: 'chain',
            in: 'query',
            description: 'Only incidents of this chain.',
            schema: { type: 'string' },
          },
          {
            name: 'open',
            in: 'query',
            description: 'Only open ones.',
            schema: { type: 'boolean', default: false },
          },
          queryCount('limit', 'How many incidents.', { default: 20, maximum: mostLines }),
        ],
        responses: {
          200: json('They.', object('Incidents.', { incidents: list(ref('IncidentSummary')) })),
          400: badRequest,
          ...always,
        },
      },
    },
    '/v1/incidents/{incident}': {
      parameters: [incidentParameter],
      get: {
        summary: 'Everything that is kept of one incident.',
        responses: {
          200: json('That.', ref('IncidentReport')),
          400: badRequest,
          404: problem('`NO_SUCH_INCIDENT`: there is none of this number, or it is not kept any more.'),
          ...always,
        },
      },
    },
  };
}

function watchPaths(): Part {
  const ready = object('Whether the runner is ready.', {
    isReady: flag(
      'Whether each chain is taken, or there is a reason why it is not, and all state can be stored.',
    ),
    reasons: list(text('What is missing.')),
  });
  return {
    '/metrics': {
      get: {
        summary: 'Metrics in the text format of Prometheus; docs/metrics.md describes them.',
        responses: { 200: { description: 'They.', content: { 'text/plain': {} } }, ...always },
      },
    },
    '/healthz': {
      get: {
        summary: 'Whether the runner lives.',
        responses: { 200: json('It does.', object('That.', { status: text('`ok`.') })), ...always },
      },
    },
    '/readyz': {
      get: {
        summary: 'Whether the runner does all that it is to do.',
        responses: { 200: json('It does.', ready), 503: json('It does not.', ready), ...always },
      },
    },
  };
}

interface Command {
  readonly summary: string;
  readonly description: string;
  readonly fields?: Part;
  /** Of those, what must be given. */
  readonly required?: readonly string[];
}

const chainCommands: Readonly<Record<string, Command>> = {
  poke: {
    summary: 'Begin the next run now, without the rest of its cooldown.',
    description: 'During a run it leaves out the cooldown after it. Poked often, one cooldown is left out.',
  },
  pause: {
    summary: 'Begin no run until the chain is resumed.',
    description: 'A run in progress goes on to its end, and so does the cooldown.',
    fields: {
      for: text('Resume it by itself after this time, such as `2h`. Not together with `until`.'),
      until: text(
        'Resume it by itself then: a moment to come with its zone, such as `2026-12-24T18:30:00Z`.',
      ),
    },
  },
  resume: { summary: 'End the pause.', description: 'What is left of the cooldown is waited for.' },
  mute: {
    summary: 'Keep alerts of the chain back for a time.',
    description: 'Incidents are kept as ever. Afterwards it is told once what was kept back.',
    fields: {
      for: text('For this time, such as `2h`. This or `until` must be given.'),
      until: text('Until then: a moment to come with its zone, such as `2026-12-24T18:30:00Z`.'),
    },
  },
  unmute: { summary: 'End the mute.', description: 'It is told once what was kept back.' },
  skip: {
    summary: 'Leave out the next run.',
    description:
      'It counts as a success that took no time: its cooldown is waited for, then the next task comes.',
  },
  stop: {
    summary: 'Stop the chain until it is started.',
    description: 'A run in progress may end, for up to its stopGrace. The worker ends, the lock is let go.',
    fields: { now: flag('Kill the run in progress. Default false.') },
  },
  start: {
    summary: 'Start a chain that was stopped.',
    description: 'What is left of the cooldown is waited for. A chain that is not stopped stays as it is.',
  },
  restart: {
    summary: 'Give the chain a new worker after its run in progress.',
    description: 'It loads the code of functions anew. Neither cooldown nor streak change.',
  },
  'kill-run': {
    summary: 'End the run in progress, or what it left behind.',
    description:
      'SIGTERM, and SIGKILL after its killGrace. Its outcome is `stopped`; the same task comes again.',
    fields: { now: flag('SIGKILL at once. Default false.') },
  },
  release: {
    summary: 'Let another process have the chain.',
    description:
      'It is let go after its run, and not taken again for five seconds. For processes of this program.',
    fields: { pid: whole('The process that wants it.') },
    required: ['pid'],
  },
};

function chainCommandPaths(): Part {
  const paths: Record<string, Part> = {};
  const done = json('What the chain does then. It is stored.', ref('ChainStatus'));
  for (const [name, asked] of Object.entries(chainCommands)) {
    const responses = { 200: done, ...refusals, 404: noSuchChain };
    paths[`/v1/chains/{chain}/${name}`] = { parameters: [chainParameter], ...command(asked, responses) };
  }
  return paths;
}

function runnerCommandPaths(): Part {
  const status = json('What the runner and its chains do then.', ref('StatusAnswer'));
  const plan = object('What changes.', {
    dryRun: flag('Whether nothing was done.'),
    plan: list(ref('PlannedChange')),
    settings: list(
      text('Its name in the configuration.'),
      'What else is different, and in force at once: `alerts.channels`, `metrics`.',
    ),
  });
  const rejected = object('All that is wrong with it.', {
    error: ref('Problem/properties/error'),
    problems: list(ref('ConfigProblem')),
  });
  const takingOver = object('The new runner.', {
    pid: whole('Its process id.'),
    chains: list(ref('ChainStatus'), 'What they do in the old runner, which gives each away after its run.'),
  });
  const accepted =
    'Lines of JSON: `accepted` with `pid`, `released` with `chain` for each chain, at last `given`.';
  return {
    '/v1/reload': command(reloadCommand, {
      200: json('What changes.', plan),
      ...refusals,
      422: json('The configuration has problems; the old one stays in force.', rejected),
    }),
    '/v1/upgrade': command(upgradeCommand, {
      200: json('The new runner is up.', takingOver),
      ...refusals,
      422: problem('The new runner refuses to start, for what `message` says; this one goes on.'),
    }),
    '/v1/drain': command(drainCommand, { 200: status, 400: badRequest }),
    '/v1/down': command(downCommand, { 200: status, 400: badRequest }),
    '/v1/handover': command(handOverCommand, {
      200: { description: accepted, content: { 'application/x-ndjson': {} } },
      ...refusals,
    }),
  };
}

const reloadCommand: Command = {
  summary: 'Load the configuration anew, and carry it out unless something is wrong with it.',
  description: 'A chain that changed goes on by the new one after its run; a removed one ends after it.',
  fields: { dryRun: flag('Only say what would change. Default false.') },
};
const upgradeCommand: Command = {
  summary: 'Replace the runner by a new one, of the version that is installed now.',
  description: 'Answers when the new runner is up. It then takes each chain over at the end of its run.',
};
const drainCommand: Command = {
  summary: 'End the runner after the runs in progress, however long they take.',
  description: 'Answers at once.',
};
const downCommand: Command = {
  summary: 'Stop the runner: runs in progress may end, for up to the stopGrace of their chain.',
  description: 'Answers at once.',
  fields: { now: flag('Kill the runs in progress. Default false.') },
};
const handOverCommand: Command = {
  summary: 'Give all chains to another process, each after its run in progress.',
  description: 'For a new runner. If the connection ends before `given`, this runner takes the chains back.',
  fields: { pid: whole('The process that takes them.') },
  required: ['pid'],
};

function command(asked: Command, responses: Part): Part {
  return { post: { ...operation(asked), responses: { ...responses, ...always } } };
}

function operation({ summary, description, fields = {}, required = [] }: Command): Part {
  const properties = { by: text('Who asks, at most 100 characters. Default `somebody`.'), ...fields };
  const schema = { type: 'object', properties, required, additionalProperties: false };
  const requestBody = { required: required.length > 0, content: { 'application/json': { schema } } };
  return { summary, description, requestBody };
}

function json(description: string, schema: Part): Part {
  return { description, content: { 'application/json': { schema } } };
}

function problem(description: string): Part {
  return json(description, ref('Problem'));
}

function queryCount(name: string, description: string, limits: Part): Part {
  return { name, in: 'query', description, schema: { type: 'integer', minimum: 1, ...limits } };
}

const chainParameter = {
  name: 'chain',
  in: 'path',
  required: true,
  description: 'The name of a chain.',
  schema: { type: 'string' },
};
const incidentParameter = {
  name: 'incident',
  in: 'path',
  required: true,
  description: 'The number of an incident.',
  schema: { type: 'integer', minimum: 1 },
};
const badRequest = problem('`BAD_REQUEST`: it makes no sense, for what `message` says.');
const noSuchChain = problem('`NO_SUCH_CHAIN`: the runner has no chain of this name.');
const refusals = {
  400: badRequest,
  409: problem('`REFUSED`: it makes no sense now, for what `message` says.'),
};
const always = {
  413: problem(`\`TOO_LONG\`: the body is longer than ${longestBody} bytes.`),
  500: problem('`BUG`: a bug of the runner, which goes on.'),
};
