import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runnerFile, startProcess, type RunnerProcess } from '../test/support/runner-process.ts';
import { createInstallation, type Installation } from '../test/support/two-versions.ts';
import { endAllIn } from '../test/support/processes.ts';
import { goneAt } from './record.ts';
import type { Contender, Setting, Supervised, Told } from './supervised.ts';

const cooldownMs = 100;
const versions = ['1.0.0', '1.1.0'];

/** The runner itself, as `runner up` with one chain. */
export const runnerContender: Contender = { key: 'runner', name: 'runner', missing: () => null, begin };

/** A runner in a folder of its own, of which more is known than of a peer. */
export interface SupervisedByRunner extends Supervised {
  /** Starts it again with the id of another boot. */
  startAfterBoot(bootId: string): void;
}

/** Starts it; resolves when it is up. */
export async function begin(setting: Setting): Promise<SupervisedByRunner> {
  const { folder, env } = setting;
  const started: RunnerProcess[] = [];
  let installation: Installation | null = null;
  let program = runnerFile;
  const words = (): string[] => [program, 'up', '--json', '--state-dir', setting.stateFolder];
  const configure = (script: string): void => {
    const chain = {
      tasks: [{ run: [script], name: 'task' }],
      cooldown: { success: `${cooldownMs}ms`, failure: `${cooldownMs}ms` },
      killGrace: '1s',
      history: { runs: 100_000, failedRuns: 100_000 },
      ...setting.chain,
    };
    writeFileSync(join(folder, 'runner.config.json'), JSON.stringify({ chains: { w: chain } }));
  };
  const launch = (): RunnerProcess => {
    const one = startProcess(folder, words(), { env });
    started.push(one);
    return one;
  };
  const say = (...command: string[]): string => {
    const args = [program, ...command, '--state-dir', setting.stateFolder];
    const said = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (said.status !== 0) throw new Error(`runner ${command.join(' ')}: ${said.stdout}${said.stderr}`);
    return said.stdout;
  };
  const pidOfUp = (): number =>
    Number(fieldOf(fieldOf(JSON.parse(say('status', '--json')), 'runner'), 'pid'));

  configure(setting.script);
  await launch().next('up');
  return {
    cooldownMs,
    supervisorPid: () => started.at(-1)?.child.pid ?? 0,
    async kill() {
      for (const one of started.splice(0)) {
        one.signal('SIGKILL');
        await one.ended;
      }
    },
    startAgain() {
      launch();
      return Promise.resolve();
    },
    startSecond() {
      launch();
      return Promise.resolve();
    },
    startAfterBoot(bootId) {
      const file = join(folder, 'boot-id');
      writeFileSync(file, `${bootId}\n`);
      const line = `mount --bind ${file} /proc/sys/kernel/random/boot_id && exec "$@"`;
      const args = ['-m', 'sh', '-c', line, 'sh', process.execPath, ...words()];
      started.push(startProcess(folder, args, { program: 'unshare', env }));
    },
    restartProgram() {
      say('kill-run', 'w');
      return Promise.resolve();
    },
    edit(script) {
      configure(script);
      say('reload');
      return Promise.resolve();
    },
    async upgrade() {
      installation ??= createInstallation();
      const before = pidOfUp();
      versions.reverse();
      installation.install(versions[0] ?? '');
      program = installation.program;
      say('upgrade');
      // It ends by itself once its last run has.
      await goneAt(before);
    },
    async stop() {
      // The one that an upgrade has started is no child of this process.
      if (installation !== null) await endOf(pidOfUp(), () => say('down'));
      for (const one of started) one.signal('SIGTERM');
      await Promise.all(started.map((one) => one.ended));
      await endAllIn(folder);
      installation?.remove();
    },
    history: () => historyIn(say('history', 'w', '--json', '--limit', '1000000')),
  };
}

async function endOf(pid: number, ask: () => void): Promise<void> {
  ask();
  await goneAt(pid);
}

function historyIn(printed: string): readonly Told[] {
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Told => {
      const value: unknown = JSON.parse(line);
      const run = Number(fieldOf(value, 'run'));
      const outcome = fieldOf(value, 'outcome');
      const exitCode = fieldOf(fieldOf(value, 'detail'), 'exitCode');
      return {
        run,
        outcome: typeof outcome === 'string' ? outcome : null,
        exitCode: typeof exitCode === 'number' ? exitCode : undefined,
      };
    });
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
