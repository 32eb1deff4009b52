import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { apiSchema } from '../support/api-schema.ts';
import { errorOf, serveInFolder, type Answered, type ControlSocket } from '../support/control-socket.ts';
import { gate, holderNamed } from '../support/memory-host.ts';
import { chain, RunnerStory } from '../support/runner-story.ts';
import { settled } from '../support/settled.ts';
import { backOff } from '../support/chain-definition.ts';

interface Told {
  readonly state?: string;
  readonly cooldown?: { readonly remainingMs: number } | null;
  readonly pause?: { readonly by: { readonly name?: string }; readonly remainingMs: number | null } | null;
  readonly mute?: { readonly by: string; readonly remainingMs: number } | null;
  readonly streaks?: Readonly<Record<string, number>>;
  readonly isPoked?: boolean;
}

const schema = apiSchema();

/** A test with a real runner of one chain, "mail", behind a real socket. Its cooldown is 10 s, after failures 60 s. */
function commandTest(name: string, body: (socket: ControlSocket, story: RunnerStory) => Promise<void>): void {
  test(name, async () => {
    const story = new RunnerStory();
    const socket = await serveInFolder(story.runner);
    try {
      const tasks = chain('mail', { successMs: 10_000, failure: backOff(60_000) });
      await story.begin(tasks);
      await body(socket, story);
      assert.deepEqual(socket.bugs, []);
    } finally {
      socket.close();
    }
  });
}

/** Asks something of the chain; what it does then, which is as the document says. */
async function ask(socket: ControlSocket, command: string, body: object = { by: 'ada' }): Promise<Told> {
  const answer = await socket.post(`/v1/chains/mail/${command}`, body);
  await settled();
  assert.equal(answer.status, 200, answer.text);
  return checked(`POST /v1/chains/{chain}/${command}`, answer);
}

function checked(operation: string, answer: Answered): Told {
  assert.equal(schema.problemWith(operation, answer), null, `${operation}: ${answer.text}`);
  return isTold(answer.body) ? answer.body : {};
}

function isTold(value: unknown): value is Told {
  return typeof value === 'object' && value !== null;
}

async function refused(
  socket: ControlSocket,
  command: string,
  body: object = { by: 'ada' },
): Promise<string> {
  const answer = await socket.post(`/v1/chains/mail/${command}`, body);
  assert.equal(answer.status, 409, answer.text);
  checked(`POST /v1/chains/{chain}/${command}`, answer);
  return errorOf(answer);
}

describe('poke', () => {
  commandTest('ends a cooldown; the streak of failures stays', async (socket, story) => {
    await story.host.when('mail', (workers) => workers.exits(1));
    await story.host.advance(1_000);
    const told = await ask(socket, 'poke');
    assert.deepEqual(told.streaks, { task1: 1 });
    assert.equal(story.host.chain('mail').started, 2);
  });

  commandTest('during a run leaves out the cooldown after it, once', async (socket, story) => {
    const told = await ask(socket, 'poke');
    await ask(socket, 'poke');
    assert.deepEqual([told.state, told.isPoked], ['running', true]);
    await story.host.when('mail', (workers) => workers.succeeds());
    assert.equal(story.host.chain('mail').started, 2);
    await story.host.when('mail', (workers) => workers.succeeds());
    assert.equal(story.chain('mail').state, 'cooling down');
  });
});

describe('pause and resume', () => {
  commandTest('let a run go on, and the cooldown, and begin nothing', async (socket, story) => {
    const told = await ask(socket, 'pause');
    assert.deepEqual([told.state, told.pause?.by.name, told.pause?.remainingMs], ['running', 'ada', null]);
    await story.host.when('mail', (workers) => workers.succeeds());
    await story.host.advance(4_000);
    const resumed = await ask(socket, 'resume');
    assert.deepEqual([resumed.state, resumed.cooldown?.remainingMs], ['cooling down', 6_000]);
    assert.equal(story.host.chain('mail').workers.started, 1);
  });

  commandTest('for a time end by themselves', async (socket, story) => {
    const told = await ask(socket, 'pause', { for: '1m' });
    assert.equal(told.pause?.remainingMs, 60_000);
    await story.host.when('mail', (workers) => workers.succeeds());
    await story.host.advance(60_000);
    assert.equal(story.chain('mail').state, 'running');
  });
});

describe('mute and unmute', () => {
  commandTest('keep alerts back until then, and touch nothing else', async (socket, story) => {
    const told = await ask(socket, 'mute', { by: 'ada', for: '1h' });
    assert.deepEqual([told.state, told.mute?.by, told.mute?.remainingMs], ['running', 'ada', 3_600_000]);
    await story.host.when('mail', (workers) => workers.succeeds());
    await story.host.advance(10_000);
    assert.equal(story.chain('mail').mute?.remainingMs, 3_590_000);
    assert.equal((await ask(socket, 'unmute')).mute, null);
  });

  commandTest('end by themselves', async (socket, story) => {
    await ask(socket, 'mute', { by: 'ada', for: '1s' });
    await story.host.advance(1_000);
    assert.equal(story.chain('mail').mute, null);
  });

  commandTest('need an end', async (socket) => {
    const answer = await socket.post('/v1/chains/mail/mute', { by: 'ada' });
    assert.match(errorOf(answer), /400 BAD_REQUEST: Cannot mute without an end: write "for" such as "2h"/);
  });
});

describe('skip', () => {
  commandTest('leaves the next run out, and waits for its cooldown', async (socket, story) => {
    await story.host.when('mail', (workers) => workers.succeeds());
    await ask(socket, 'skip');
    await story.host.advance(10_000);
    assert.equal(story.host.chain('mail').started, 1);
    assert.equal(story.chain('mail').cooldown?.remainingMs, 10_000);
    await story.host.advance(10_000);
    assert.equal(story.host.chain('mail').started, 2);
  });
});

describe('stop and start', () => {
  commandTest('keep the rest of the cooldown and the streak; the lock is let go', async (socket, story) => {
    await story.host.when('mail', (workers) => workers.exits(1));
    assert.equal((await ask(socket, 'stop')).state, 'stopped');
    assert.equal(story.host.chain('mail').open, 0);
    await story.host.advance(20_000);
    await ask(socket, 'start');
    assert.deepEqual(story.chain('mail').cooldown?.remainingMs, 40_000);
    assert.deepEqual(story.chain('mail').streaks, { task1: 1 });
  });

  commandTest('refuse what makes no sense meanwhile', async (socket) => {
    await ask(socket, 'stop');
    assert.match(await refused(socket, 'start'), /still stopping/);
  });

  commandTest('now kills the run, which comes again after the start', async (socket, story) => {
    await ask(socket, 'stop', { by: 'ada', now: true });
    assert.deepEqual(story.host.chain('mail').workers.steps, ['killed 1']);
    await story.host.when('mail', (workers) => workers.isKilledBy('SIGKILL'));
    await ask(socket, 'start');
    await story.host.advance(10_000);
    assert.equal(story.host.chain('mail').started, 2);
  });
});

describe('restart', () => {
  commandTest('gives the chain a new worker after its run', async (socket, story) => {
    await ask(socket, 'restart');
    assert.equal(story.host.chain('mail').workers.started, 1);
    await story.host.when('mail', (workers) => workers.succeeds());
    await story.host.advance(10_000);
    assert.deepEqual([story.host.chain('mail').workers.started, story.host.chain('mail').started], [2, 2]);
  });
});

describe('kill-run', () => {
  commandTest('ends the run, which is no failure, and the same task comes again', async (socket, story) => {
    await ask(socket, 'kill-run');
    assert.deepEqual(story.host.chain('mail').workers.steps, ['cancelled 1']);
    await story.host.when('mail', (workers) => workers.isKilledBy('SIGTERM'));
    assert.deepEqual([story.chain('mail').last?.outcome.kind, story.chain('mail').streaks], ['stopped', {}]);
    assert.match(await refused(socket, 'kill-run'), /has no run in progress/);
  });
});

describe('release', () => {
  commandTest('lets another process have the chain', async (socket, story) => {
    await story.host.when('mail', (workers) => workers.succeeds());
    await ask(socket, 'release', { pid: 77 });
    assert.equal(story.chain('mail').heldBy?.pid, 77);
    assert.match(await refused(socket, 'poke'), /77/);
    checked('GET /v1/chains/{chain}', await socket.get('/v1/chains/mail'));
  });
});

describe('what is asked of a chain', () => {
  for (const command of ['poke', 'pause', 'skip', 'stop']) {
    commandTest(`is stored before it is answered: ${command}`, async (socket, story) => {
      const { closed, open } = gate();
      const save = story.host.store.save.bind(story.host.store);
      story.host.store.save = (saving) => closed.then(() => save(saving));
      let isAnswered = false;
      const before = JSON.stringify(story.host.store.stateOf(chain('mail').name));
      const answer = ask(socket, command).then(() => (isAnswered = true));
      // The runner has heard it as soon as another request, sent after it, is answered.
      await socket.get('/v1/status');
      assert.deepEqual(
        [isAnswered, JSON.stringify(story.host.store.stateOf(chain('mail').name))],
        [false, before],
      );
      open();
      await answer;
      assert.notEqual(JSON.stringify(story.host.store.stateOf(chain('mail').name)), before);
    });
  }

  commandTest('is stored before it is answered: start', async (socket, story) => {
    await story.host.when('mail', (workers) => workers.succeeds());
    await ask(socket, 'stop');
    const { closed, open } = gate();
    const save = story.host.store.save.bind(story.host.store);
    story.host.store.save = (saving) => closed.then(() => save(saving));
    let isAnswered = false;
    const answer = ask(socket, 'start').then((told) => {
      isAnswered = true;
      return told.state;
    });
    while (story.chain('mail').state === 'stopped') await socket.get('/v1/status');
    await socket.get('/v1/status');
    assert.equal(isAnswered, false);
    open();
    assert.equal(await answer, 'cooling down');
    assert.equal(story.host.store.stateOf(chain('mail').name)?.stopped, null);
  });

  commandTest('is answered although nobody waits for the answer', async (socket, story) => {
    const client = await socket.connect();
    client.write('POST /v1/chains/mail/pause HTTP/1.1\r\nhost: runner\r\ncontent-length: 0\r\n\r\n');
    client.end();
    await new Promise((resolve) => client.on('close', resolve).resume());
    assert.notEqual(story.chain('mail').pause, null);
  });
});

describe('the runner', () => {
  commandTest('answers a reload with its plan, and with what is wrong', async (socket, story) => {
    story.load = async () => ({
      kind: 'loaded',
      definitions: [chain('mail'), chain('bills')],
      channels: [],
      metrics: null,
    });
    const planned = await socket.post('/v1/reload', { dryRun: true });
    checked('POST /v1/reload', planned);
    assert.match(planned.text, /^\{"dryRun":true,/);
    assert.deepEqual(Object.keys(story.states()), ['mail']);
    checked('POST /v1/reload', await socket.post('/v1/reload'));
    assert.deepEqual(Object.keys(story.states()), ['mail', 'bills']);
    story.load = async () => ({
      kind: 'rejected',
      problems: [{ at: 'a:1:1', path: 'chains.a', message: 'No' }],
    });
    const rejected = await socket.post('/v1/reload');
    assert.equal(rejected.status, 422);
    checked('POST /v1/reload', rejected);
  });

  commandTest(
    'answers a drain and a stop at once, and refuses what begins something',
    async (socket, story) => {
      checked('POST /v1/drain', await socket.post('/v1/drain'));
      checked('POST /v1/down', await socket.post('/v1/down', { now: true }));
      for (const path of ['reload', 'upgrade']) {
        const answer = await socket.post(`/v1/${path}`);
        assert.match(errorOf(answer), /^409 REFUSED: The runner is ending/);
        checked(`POST /v1/${path}`, answer);
      }
      await story.host.when('mail', (workers) => workers.isKilledBy('SIGKILL'));
      assert.equal(story.end, 'finished');
    },
  );

  commandTest('answers an upgrade with the new runner, or why there is none', async (socket, story) => {
    checked('POST /v1/upgrade', await socket.post('/v1/upgrade'));
    story.successor = async () => ({ kind: 'failed', text: 'No perl' });
    const failed = await socket.post('/v1/upgrade');
    assert.equal(errorOf(failed), '422 SUCCESSOR_FAILED: No perl');
    checked('POST /v1/upgrade', failed);
  });

  commandTest('says of every state what the document says', async (socket, story) => {
    story.host.chain('elsewhere').holder = holderNamed(77);
    story.host.chain('broken').refusal = 'EMFILE: too many open files';
    story.host.chain('slow').workers.beginning = 'silent';
    const names = ['mail', 'elsewhere', 'broken', 'slow', 'failing', 'leaving', 'blocked', 'lost'];
    await story.reload(...names.map((name) => chain(name)));
    await story.host.when('failing', (workers) => workers.exits(3));
    await story.host.when('leaving', (workers) => workers.leavesBehind());
    await story.host.when('lost', (workers) => workers.lost('it was killed', 5_000));
    await story.host.when('blocked', (workers) => workers.lost('it was killed'));
    await story.host.when('blocked', (workers) => workers.blockedBy([{ pid: 7, command: 'sleep 60' }]));
    await ask(socket, 'pause');
    const answer = await socket.get('/v1/status');
    checked('GET /v1/status', answer);
    const states = new Set(Object.values(story.states()));
    for (const state of [
      'held elsewhere',
      'cannot begin',
      'worker starting',
      'cooling down',
      'left behind',
    ]) {
      assert.ok(states.has(state), `${state} is in ${[...states].join()}`);
    }
  });
});

describe('a hand-over', () => {
  async function taken(
    socket: ControlSocket,
  ): Promise<{ lines: () => string; leave: () => void; ended: Promise<unknown> }> {
    const client = await socket.connect();
    let text = '';
    client.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    const body = '{"pid": 77}';
    const accepted = new Promise<void>((resolve) => {
      client.on('data', () => {
        if (text.includes('accepted')) resolve();
      });
    });
    client.write(
      `POST /v1/handover HTTP/1.1\r\nhost: runner\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await accepted;
    const ended = new Promise((resolve) => client.on('close', resolve));
    return { lines: () => text, leave: () => client.destroy(), ended };
  }

  commandTest('tells each chain as it is given, and then that all are', async (socket, story) => {
    const successor = await taken(socket);
    assert.equal(story.isSeated, false);
    assert.doesNotMatch(successor.lines(), /released/);
    await story.host.when('mail', (workers) => workers.succeeds());
    await successor.ended;
    assert.match(successor.lines(), /"accepted".*\n[^]*"released","chain":"mail"[^]*"given"/);
    assert.equal(story.end, 'finished');
  });

  commandTest('to a process that is gone is taken back, and the runner goes on', async (socket, story) => {
    const successor = await taken(socket);
    assert.match(errorOf(await socket.post('/v1/handover', { pid: 78 })), /^409 REFUSED: Another runner/);
    successor.leave();
    await successor.ended;
    while (!story.isSeated) await socket.get('/v1/status');
    await story.host.when('mail', (workers) => workers.succeeds());
    await story.host.advance(10_000);
    assert.deepEqual([story.end, story.host.chain('mail').started], ['not yet', 2]);
  });

  commandTest(
    'asked by a process that is gone by the time it is heard gives nothing',
    async (socket, story) => {
      const client = await socket.connect();
      client.write('POST /v1/handover HTTP/1.1\r\nhost: runner\r\ncontent-length: 11\r\n\r\n{"pid": 77}');
      client.destroy();
      for (let count = 0; count < 5; count += 1) await socket.get('/v1/status');
      assert.deepEqual([story.isSeated, story.status().runner.successor], [true, null]);
      await story.host.when('mail', (workers) => workers.succeeds());
      await story.host.advance(10_000);
      assert.equal(story.host.chain('mail').started, 2);
    },
  );
});

test('the document describes each route of the API, and no other', async () => {
  const { createApi } = await import('../../src/control/api.ts');
  const nothing = {
    version: '0',
    history: () => [],
    metrics: () => Promise.resolve(''),
    incidents: () => [],
    incident: () => null,
    logTail: () => Promise.resolve(Buffer.alloc(0)),
    bug: () => undefined,
  };
  const api = createApi(new RunnerStory().runner, nothing);
  const routes = api.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
  assert.deepEqual(schema.operations.toSorted(), [...new Set(routes)].toSorted());
});

test('docs/control-api.md shows each path once at least', () => {
  const page = readFileSync(new URL('../../../docs/control-api.md', import.meta.url), 'utf8');
  for (const operation of schema.operations) {
    const path = operation.replace(/^\w+ /, '').replace('{chain}', 'mail').replace('{incident}', '17');
    assert.ok(page.includes(path), `${operation} is in the page`);
  }
});

test('the document can be had from the runner, and its history and logs are as it says', async () => {
  const entry = {
    chain: 'mail',
    run: 1,
    pass: 1,
    task: 'sendMail',
    fence: 1,
    startedAt: 1,
    endedAt: null,
    durationMs: null,
    cpuMs: 3,
    memoryKib: null,
    outcome: null,
    detail: null,
    log: { generation: 1, from: 0, to: null },
  };
  const socket = await serveInFolder(new RunnerStory().runner, { history: () => [entry] });
  try {
    const document = await socket.get('/v1/openapi.json');
    checked('GET /v1/openapi.json', document);
    assert.match(document.text, /"openapi":"3\.1\.0"/);
    checked('GET /v1/history', await socket.get('/v1/history'));
    checked('GET /v1/chains/{chain}/log', await socket.get('/v1/chains/mail/log'));
  } finally {
    socket.close();
  }
});
