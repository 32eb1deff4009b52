import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ScriptedControl } from '../support/scripted-control.ts';
import { errorOf, serveInFolder, type Answered, type ControlSocket } from '../support/control-socket.ts';

/** A test with a scripted runner behind a real socket. */
function socketTest(
  name: string,
  body: (socket: ControlSocket, control: ScriptedControl) => Promise<void>,
): void {
  test(name, async () => {
    const control = new ScriptedControl();
    const socket = await serveInFolder(control);
    try {
      await body(socket, control);
    } finally {
      socket.close();
    }
  });
}

describe('what a request asks of a chain', () => {
  const by = 'ada';
  for (const [path, body, asked] of [
    ['poke', { by }, { kind: 'poke', by }],
    ['resume', { by }, { kind: 'resume', by }],
    ['skip', { by }, { kind: 'skip', by }],
    ['restart', { by }, { kind: 'restart', by }],
    ['start', { by }, { kind: 'start', by }],
    ['stop', { by }, { kind: 'stop', by, isNow: false }],
    ['stop', { by, now: true }, { kind: 'stop', by, isNow: true }],
    ['kill-run', { by }, { kind: 'kill-run', by, isNow: false }],
    ['kill-run', { by, now: true }, { kind: 'kill-run', by, isNow: true }],
    ['pause', { by }, { kind: 'pause', by, forMs: null }],
    ['pause', { by, for: '2h' }, { kind: 'pause', by, forMs: 7_200_000 }],
    ['pause', { by, for: null }, { kind: 'pause', by, forMs: null }],
    ['mute', { by, for: '2h' }, { kind: 'mute', by, forMs: 7_200_000 }],
    ['unmute', { by }, { kind: 'unmute', by }],
    ['release', { by, pid: 77 }, { kind: 'release', by, pid: 77 }],
    ['poke', {}, { kind: 'poke', by: 'somebody' }],
  ] as const) {
    socketTest(`${path} with ${JSON.stringify(body)}`, async (socket, control) => {
      assert.equal((await socket.post(`/v1/chains/mail/${path}`, body)).status, 200);
      assert.deepEqual(control.asked, [['mail', asked]]);
    });
  }

  socketTest('may come without a body', async (socket, control) => {
    assert.equal((await socket.send('POST', '/v1/chains/mail/poke', '')).status, 200);
    assert.deepEqual(control.asked, [['mail', { kind: 'poke', by: 'somebody' }]]);
  });

  socketTest('is a pause until a moment, whatever its zone', async (socket, control) => {
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    await socket.post('/v1/chains/mail/pause', { until: inAnHour });
    await socket.post('/v1/chains/mail/pause', { until: inAnHour.replace('Z', '+00:00') });
    for (const asked of control.asked) {
      const length = Number(/"forMs":(\d+)/.exec(JSON.stringify(asked))?.[1]);
      assert.ok(length > 3_590_000 && length <= 3_600_000, JSON.stringify(asked));
    }
  });

  socketTest('names the chain in whatever way it is written', async (socket, control) => {
    await socket.post('/v1/chains/m%61il/poke');
    assert.deepEqual(control.asked, [['mail', { kind: 'poke', by: 'somebody' }]]);
  });
});

describe('what a request asks of the runner', () => {
  for (const [path, body, asked] of [
    ['reload', { by: 'ada' }, ['reload', { by: 'ada', isDryRun: false }]],
    ['reload', { by: 'ada', dryRun: true }, ['reload', { by: 'ada', isDryRun: true }]],
    ['upgrade', { by: 'ada' }, ['upgrade', 'ada']],
    ['drain', { by: 'ada' }, ['drain', 'ada']],
    ['down', { by: 'ada' }, ['stop', 'ada']],
    ['down', { by: 'ada', now: true }, ['stop now', 'ada']],
  ] as const) {
    socketTest(`${path} with ${JSON.stringify(body)}`, async (socket, control) => {
      assert.equal((await socket.post(`/v1/${path}`, body)).status, 200);
      assert.deepEqual(control.asked, [asked]);
    });
  }
});

describe('an answer that is an error', () => {
  socketTest('tells a program by its code and people by its message', async (socket, control) => {
    control.answer = { kind: 'refused', reason: 'Not now' };
    assert.equal(errorOf(await socket.post('/v1/chains/mail/poke')), '409 REFUSED: Not now');
    control.reloaded = { kind: 'refused', reason: 'It ends' };
    assert.equal(errorOf(await socket.post('/v1/reload')), '409 REFUSED: It ends');
    control.upgraded = { kind: 'refused', reason: 'It ends' };
    assert.equal(errorOf(await socket.post('/v1/upgrade')), '409 REFUSED: It ends');
    control.upgraded = { kind: 'failed', text: 'No perl' };
    assert.equal(errorOf(await socket.post('/v1/upgrade')), '422 SUCCESSOR_FAILED: No perl');
    assert.match(errorOf(await socket.post('/v1/handover', { pid: 7 })), /^409 REFUSED: Another runner/);
    control.reloaded = { kind: 'rejected', problems: [{ at: 'a:1:1', path: null, message: 'No' }] };
    const rejected = await socket.post('/v1/reload');
    assert.match(errorOf(rejected), /^422 CONFIG_REJECTED/);
    assert.match(rejected.text, /"problems":\[\{"at":"a:1:1"/);
  });

  socketTest('names the chains that there are', async (socket, control) => {
    control.names = ['mail', 'bills'];
    for (const ask of [
      () => socket.post('/v1/chains/mial/poke'),
      () => socket.get('/v1/chains/mial'),
      () => socket.get('/v1/chains/mial/log'),
    ]) {
      assert.equal(errorOf(await ask()), '404 NO_SUCH_CHAIN: No such chain "mial": there are mail, bills');
    }
  });

  socketTest('of a bug is told to the runner, which goes on', async (socket, control) => {
    control.failure = new TypeError('a bug');
    assert.match(errorOf(await socket.get('/v1/status')), /^500 BUG: TypeError: a bug/);
    assert.match(errorOf(await socket.post('/v1/chains/mail/poke')), /^500 BUG/);
    control.failure = null;
    assert.equal((await socket.get('/v1/status')).status, 200);
    assert.equal(socket.bugs.length, 2);
  });
});

describe('a request that makes no sense', () => {
  const long = 'x'.repeat(101);
  const chain = '/v1/chains/mail';
  const cases: readonly (readonly [string, string, RegExp])[] = [
    // No such page, or no such chain.
    [`${chain}/fly`, '{}', /^404 NO_SUCH_PAGE: There is no POST \/v1\/chains\/mail\/fly/],
    ['/v1/chains/mail', '{}', /^404 NO_SUCH_PAGE/],
    ['/v1/status', '{}', /^404 NO_SUCH_PAGE/],
    ['/', '{}', /^404 NO_SUCH_PAGE/],
    ['//', '{}', /^404 NO_SUCH_PAGE/],
    ['/v2/reload', '{}', /^404 NO_SUCH_PAGE/],
    ['/v1/chains/%2e%2e/poke', '{}', /^404 NO_SUCH_(PAGE|CHAIN)/],
    ['/v1/chains/..%2f..%2fetc/poke', '{}', /^404 NO_SUCH_CHAIN/],
    ['/v1/chains/__proto__/poke', '{}', /^404 NO_SUCH_CHAIN/],
    [`${chain}/__proto__`, '{}', /^404 NO_SUCH_PAGE/],
    [`${chain}/constructor`, '{}', /^404 NO_SUCH_PAGE/],
    ['/v1/chains//poke', '{}', /^404/],
    ['/v1/chains/%00/poke', '{}', /^404 NO_SUCH_CHAIN/],
    ['/v1/chains/%zz/poke', '{}', /^4\d\d/],
    [`/v1/chains/${'x'.repeat(8_000)}/poke`, '{}', /^404 NO_SUCH_CHAIN/],
    // A body that is none.
    [`${chain}/poke`, '{', /^400 BAD_REQUEST: Cannot read the body/],
    [`${chain}/poke`, '\0\x01garbage', /^400 BAD_REQUEST/],
    [`${chain}/poke`, '[]', /^400 BAD_REQUEST: Cannot read the body: it is no object, write one/],
    [`${chain}/poke`, 'null', /^400 BAD_REQUEST/],
    [`${chain}/poke`, '"text"', /^400 BAD_REQUEST/],
    [`${chain}/poke`, '{"__proto__": {"by": "eve"}}', /^400 BAD_REQUEST: Cannot read "__proto__"/],
    [`${chain}/poke`, `{"by": "${'x'.repeat(70_000)}"}`, /^413 TOO_LONG/],
    // Fields that are wrong, or not known.
    [`${chain}/poke`, '{"by": 5}', /^400 BAD_REQUEST: Cannot read "by"/],
    [`${chain}/poke`, '{"by": ""}', /^400 BAD_REQUEST: Cannot read "by"/],
    [`${chain}/poke`, `{"by": "${long}"}`, /^400 BAD_REQUEST: Cannot read "by"/],
    [`${chain}/poke`, String.raw`{"by": "a\nb"}`, /^400 BAD_REQUEST: Cannot read "by"/],
    [`${chain}/poke`, '{"now": true}', /^400 BAD_REQUEST: Cannot read "now": the fields here are "by"/],
    [`${chain}/pause`, '{"fro": "2h"}', /^400 BAD_REQUEST: Cannot read "fro": .*"by", "for", "until"/],
    [`${chain}/stop`, '{"now": "yes"}', /^400 BAD_REQUEST: Cannot read "now": write true or false/],
    [`${chain}/kill-run`, '{"now": 1}', /^400 BAD_REQUEST: Cannot read "now"/],
    [`${chain}/pause`, '{"for": 5}', /^400 BAD_REQUEST: Cannot read "for"/],
    [`${chain}/pause`, '{"for": "0s"}', /^400 BAD_REQUEST: Cannot read "for"/],
    [`${chain}/pause`, '{"for": "-1h"}', /^400 BAD_REQUEST: Cannot read "for"/],
    [`${chain}/pause`, '{"for": "5"}', /^400 BAD_REQUEST: Cannot read "for"/],
    [`${chain}/pause`, '{"for": "1e400d"}', /^400 BAD_REQUEST: Cannot read "for"/],
    [`${chain}/pause`, '{"until": "2020-01-01T00:00:00Z"}', /^400 BAD_REQUEST: Cannot read "until"/],
    [`${chain}/pause`, '{"until": "2999-01-01T00:00:00"}', /^400 BAD_REQUEST: Cannot read "until"/],
    [`${chain}/pause`, '{"until": "tomorrow"}', /^400 BAD_REQUEST: Cannot read "until"/],
    [`${chain}/pause`, '{"for": "1h", "until": "2999-01-01T00:00:00Z"}', /^400 .*leave one out/],
    [`${chain}/release`, '{}', /^400 BAD_REQUEST: Cannot read "pid": write a whole number/],
    [`${chain}/release`, '{"pid": "7"}', /^400 BAD_REQUEST: Cannot read "pid"/],
    [`${chain}/release`, '{"pid": -7}', /^400 BAD_REQUEST: Cannot read "pid"/],
    ['/v1/reload', '{"dryRun": "no"}', /^400 BAD_REQUEST: Cannot read "dryRun"/],
    ['/v1/handover', '{"pid": 0}', /^400 BAD_REQUEST: Cannot read "pid"/],
  ];
  for (const [path, body, answer] of cases) {
    socketTest(
      `is told what is wrong with it: ${path.slice(0, 60)} ${body.slice(0, 40)}`,
      async (socket, control) => {
        assert.match(errorOf(await socket.send('POST', path, body)), answer);
        assert.deepEqual(
          control.asked.filter((one) => !JSON.stringify(one).includes('poke')),
          [],
        );
        assert.deepEqual(socket.bugs, []);
        assert.equal((await socket.get('/v1/status')).status, 200);
      },
    );
  }

  for (const [path, answer] of [
    ['/v1/history?limit=0', /^400 .*Cannot read "limit": found "0", write a whole number from 1 to 10000/],
    ['/v1/history?limit=10001', /^400/],
    ['/v1/history?run=x', /^400 .*Cannot read "run"/],
    ['/v1/chains/mail/log?lines=-1', /^400 .*Cannot read "lines"/],
    ['/v1/chains/mail/poke', /^404 NO_SUCH_PAGE: There is no GET/],
    ['/v1/chains/%2e%2e/log', /^404/],
    ['/v1/chains/..%2f..%2fetc%2fpasswd/log', /^404 NO_SUCH_CHAIN/],
  ] as const) {
    socketTest(`is told what is wrong with it: GET ${path}`, async (socket) => {
      assert.match(errorOf(await socket.get(path)), answer);
    });
  }

  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    socketTest(`is told what is wrong with it: ${method}`, async (socket) => {
      assert.match(errorOf(await socket.send(method, '/v1/status', '')), /^404 NO_SUCH_PAGE/);
    });
  }
});

test('a log and a history are handed out as they are', async () => {
  const queries: unknown[] = [];
  const socket = await serveInFolder(new ScriptedControl(), {
    history: (query) => [query],
    logTail: (chain, lines) => {
      queries.push([chain, lines]);
      return Promise.resolve(Buffer.from([0xff, 0x00, 0x0a]));
    },
  });
  try {
    const answer: Answered = await socket.get('/v1/history?chain=mail&run=3&limit=7');
    assert.deepEqual(answer.body, { runs: [{ chain: 'mail', run: 3, limit: 7 }] });
    assert.equal((await socket.get('/v1/chains/mail/log?lines=5')).status, 200);
    assert.deepEqual(queries, [['mail', 5]]);
  } finally {
    socket.close();
  }
});
