import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createProject, fixture, type HistoryLine } from '../support/runner-process.ts';

// The others stop, continue or do nothing.
const deadlySignals = [...range(1, 16), ...range(24, 27), ...range(29, 31)];
const exitCodes = range(0, 255);

for (const worker of ['command', 'function'] as const) {
  test(`the ${worker} worker records every exit status and every deadly signal as it was`, async () => {
    const project = createProject();
    const commands = [
      ...exitCodes.map((code) => `exit ${code}`),
      ...deadlySignals.map((signal) => `ulimit -c 0; kill -${signal} $$`),
    ];
    const tasks = commands.map((text) => ({ run: ['/bin/sh', '-c', text], name: text }));
    // A chain with a function in it gets the worker that can run both.
    const first = worker === 'function' ? ['endless.nothing'] : [];
    cpSync(fixture('tasks/endless.mjs'), join(project.folder, 'endless.mjs'));
    const chain = { tasks: [...first, ...tasks], cooldown: { success: '0s', failure: '0s' } };
    writeFileSync(join(project.folder, 'runner.config.json'), JSON.stringify({ chains: { all: chain } }));
    const { exitCode } = await project.start('all', '--passes', '1').ended;
    assert.equal(exitCode, 1);
    const history = new Map(project.history('all').map((line) => [line.task, line]));
    for (const code of exitCodes) {
      const expected = code === 0 ? ['succeeded', undefined] : ['exited', code];
      assert.deepEqual(read(history.get(`exit ${code}`), 'exitCode'), expected, `exit ${code}`);
    }
    for (const signal of deadlySignals) {
      const names = namesOf(signal);
      const [outcome, name] = read(history.get(`ulimit -c 0; kill -${signal} $$`), 'signal');
      assert.equal(outcome, 'killed', `signal ${signal}`);
      assert.ok(names.includes(String(name)), `signal ${signal} was recorded as ${String(name)}`);
    }
    await project.close();
  });
}

function read(line: HistoryLine | undefined, field: 'exitCode' | 'signal'): [unknown, unknown] {
  return [line?.outcome, line?.detail?.[field]];
}

function namesOf(signal: number): readonly string[] {
  return Object.entries(constants.signals)
    .filter(([, number]) => number === signal)
    .map(([name]) => name);
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
