import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRunnerStatus } from '../../src/cli/read-status.ts';
import { createControlClient, RunnerNotUp, RunnerSilent } from '../../src/control/client.ts';
import type { RunnerStatus } from '../../src/control-port.ts';
import type { ChainStatus } from '../../src/core/status.ts';
import { endAllIn } from './processes.ts';
import {
  createProject,
  runnerFile,
  startProcess,
  type RunnerProcess,
  type TestProject,
} from './runner-process.ts';

/** What a command printed, and how it ended. */
interface Said {
  readonly exitCode: number | null;
  /** Both outputs. */
  readonly text: string;
}

/** A project whose chains are run by `runner up`. */
export interface UpProject extends TestProject {
  /** Writes the configuration: the chains, by name. */
  configure(chains: Readonly<Record<string, object>>): void;
  /** Starts `runner up` in the foreground; resolves when it is up. */
  up(...args: string[]): Promise<RunnerProcess>;
  /** Runs a command to its end, whatever that is. */
  say(line: string): Said;
  /** Runs a command that must succeed; gives what it printed. */
  done(line: string): string;
  status(): Promise<RunnerStatus>;
  /** The first status for which `check` holds, also after a time without a runner. */
  reached(check: (status: RunnerStatus) => boolean): Promise<RunnerStatus>;
  /** The same for one chain. */
  chainReached(name: string, check: (status: ChainStatus) => boolean): Promise<ChainStatus>;
}

/** A test with such a project, in which nothing lives on. */
export function upTest(name: string, body: (project: UpProject) => Promise<void>): void {
  test(name, async () => {
    const project = createUpProject();
    try {
      await body(project);
    } finally {
      await project.close();
    }
  });
}

/** @param program the file of the command; the installed one by default */
export function createUpProject(program: string = runnerFile): UpProject {
  const project = createProject();
  const { folder } = project;
  const client = createControlClient(join(folder, '.runner', 'runner.sock'));
  const started: RunnerProcess[] = [];

  async function status(): Promise<RunnerStatus> {
    return readRunnerStatus((await client.get('/v1/status')).body);
  }

  async function reached(check: (status: RunnerStatus) => boolean): Promise<RunnerStatus> {
    for (;;) {
      const found = await statusOrNull();
      if (found !== null && check(found)) return found;
      // There is no event for what a runner does that is not a child.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async function statusOrNull(): Promise<RunnerStatus | null> {
    try {
      return await status();
    } catch (error) {
      if (error instanceof RunnerNotUp || error instanceof RunnerSilent) return null;
      throw error;
    }
  }

  function say(line: string): Said {
    const { exitCode, stdout, stderr } = project.output(process.execPath, [program, ...line.split(' ')]);
    return { exitCode, text: stdout + stderr };
  }

  return {
    ...project,
    configure: (chains) =>
      writeFileSync(join(folder, 'runner.config.json'), JSON.stringify({ chains }, null, 2)),
    async up(...args) {
      const runner = startProcess(folder, [program, 'up', '--json', ...args]);
      started.push(runner);
      await runner.next('up');
      return runner;
    },
    say,
    done(line) {
      const { exitCode, text } = say(line);
      assert.equal(exitCode, 0, `runner ${line}: ${text}`);
      return text;
    },
    status,
    reached,
    async chainReached(name, check) {
      const found = await reached(({ chains }) => chains.some((one) => one.chain === name && check(one)));
      const chain = found.chains.find((one) => one.chain === name);
      if (chain === undefined) throw new Error(`There is no chain ${name}`);
      return chain;
    },
    async close() {
      await endAllIn(folder);
      await Promise.all(started.map((runner) => runner.ended));
      await project.close();
    },
  };
}
