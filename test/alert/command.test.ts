import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { documentOf } from '../../src/alert/document.ts';
import { createSend } from '../../src/alert/send.ts';
import type { Sent } from '../../src/alert/sending.ts';
import { mask } from '../../src/core/mask.ts';
import { toDurationMs } from '../../src/core/units.ts';
import { channelTo } from '../support/channels.ts';
import { messageAbout } from '../support/messages.ts';
import { processesIn } from '../support/processes.ts';

const message = messageAbout({ text: 'x'.repeat(100_000) });

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'runner-command-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function send(directory: string, script: string, limitMs = 10_000): Promise<Sent> {
  const argv = ['/bin/sh', '-c', script];
  const channel = channelTo({ kind: 'command', argv, directory, environment: { PATH: '/usr/bin:/bin' } });
  return createSend(mask, toDurationMs(limitMs))(channel, message, new AbortController().signal);
}

describe('a command', () => {
  test('gets the document on its standard input, and the environment of tasks', async (t) => {
    const folder = folderOf(t);
    assert.equal((await send(folder, 'cat > got; env > environment')).kind, 'sent');
    assert.equal(readFileSync(join(folder, 'got'), 'utf8'), documentOf(message));
    const names = readFileSync(join(folder, 'environment'), 'utf8')
      .split('\n')
      .map((line) => line.split('=')[0]);
    assert.ok(!names.includes('HOME'), names.join(' '));
  });

  test('need not read it', async (t) => {
    assert.deepEqual(await send(folderOf(t), 'exec <&-; echo told'), {
      kind: 'sent',
      answer: 'exit status 0: told',
    });
  });

  test('fails by its exit status or a signal, and may say why', async (t) => {
    const folder = folderOf(t);
    const errors = [await send(folder, 'echo no line >&2; exit 3'), await send(folder, 'kill -9 $$')];
    assert.deepEqual(
      errors.map((sent) => (sent.kind === 'failed' ? sent.error : '')),
      ['/bin/sh: exit status 3: no line', '/bin/sh: SIGKILL'],
    );
  });

  test('that is not there fails', async (t) => {
    const target = { kind: 'command', argv: ['/no/such'], directory: folderOf(t), environment: {} } as const;
    const sent = await createSend(mask, toDurationMs(10_000))(
      channelTo(target),
      message,
      new AbortController().signal,
    );
    assert.match(sent.kind === 'failed' ? sent.error : '', /ENOENT/);
  });

  test('that takes too long is killed, with all that it has started', async (t) => {
    const folder = folderOf(t);
    const sent = await send(folder, 'trap "" TERM; sleep 1000 & sleep 1000', 200);
    assert.match(sent.kind === 'failed' ? sent.error : '', /it took too long/);
    while (processesIn(folder).length > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test('that leaves its output open to a process of another session has told all the same', async (t) => {
    const folder = folderOf(t);
    const sent = await send(folder, 'setsid sh -c "sleep 2 & wait" & echo told', 300);
    assert.deepEqual(sent, { kind: 'sent', answer: 'exit status 0: told' });
  });

  test('that prints without end is not listened to without end', async (t) => {
    const sent = await send(folderOf(t), 'yes | head -c 3000000');
    assert.ok(sent.kind === 'sent' && sent.answer.length < 400);
  });
});
