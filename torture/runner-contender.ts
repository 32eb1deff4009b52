import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runnerFile, startProcess, type RunnerProcess } from '../test/support/runner-process.ts';
import { createInstallation, type Installation } from '../test/support/two-versions.ts';
import { goneAt } from './record.ts';
import type { Contender, Setting, Supervised, Told } from './supervised.ts';

const cooldownMs = 100;
const versions = ['1.0.0', '1.1.0'];

/** The runner itself, as `runner up` with one chain. */
export const runnerContender: Contender = {
  key: 'runner',
  name: 'runner',
  longSeconds: 2,
  missing: () => null,
  begin,
};

/** A runner in a folder of its own, of which more is known than of a peer. */
export interface SupervisedByRunner extends Supervised {
  /** Starts it again with the id of another boot. */
  startAfterBoot(bootId: string): void;
}

// Resolves when it is up.
async function begin(setting: Setting): Promise<SupervisedByRunner> {
  const runner = new RunnerUp(setting);
  runner.configure(setting.script);
  await runner.launch().next('up');
  return runner;
}

class RunnerUp implements SupervisedByRunner {
  readonly cooldownMs = cooldownMs;
  readonly #setting: Setting;
  readonly #started: RunnerProcess[] = [];
  #installation: Installation | null = null;
  #program = runnerFile;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  configure(script: string): void {
    const chain = {
      tasks: [{ run: [script], name: 'task' }],
      cooldown: { success: `${cooldownMs}ms`, failure: `${cooldownMs}ms` },
      killGrace: '1s',
      // Longer than any program but those that are to be stopped: none ends at the instant of its stop.
      stopGrace: '8s',
      history: { runs: 100_000, failedRuns: 100_000 },
      ...this.#setting.chain,
    };
    const file = join(this.#setting.folder, 'runner.config.json');
    writeFileSync(file, JSON.stringify({ chains: { w: chain } }));
  }

  launch(): RunnerProcess {
    const { folder, env } = this.#setting;
    const one = startProcess(folder, this.#words(), { env });
    this.#started.push(one);
    return one;
  }

  supervisorPid(): number {
    return this.#started.at(-1)?.child.pid ?? 0;
  }

  async kill(): Promise<void> {
    for (const one of this.#started.splice(0)) {
      one.signal('SIGKILL');
      await one.ended;
    }
  }

  startAgain(): Promise<void> {
    this.launch();
    return Promise.resolve();
  }

  startSecond(): Promise<void> {
    return this.startAgain();
  }

  startAfterBoot(bootId: string): void {
    const { folder, env } = this.#setting;
    const file = join(folder, 'boot-id');
    writeFileSync(file, `${bootId}\n`);
    const line = `mount --bind ${file} /proc/sys/kernel/random/boot_id && exec "$@"`;
    const args = ['-m', 'sh', '-c', line, 'sh', process.execPath, ...this.#words()];
    this.#started.push(startProcess(folder, args, { program: 'unshare', env }));
  }

  restartProgram(): Promise<void> {
    this.#say('kill-run', 'w');
    return Promise.resolve();
  }

  edit(script: string): Promise<void> {
    this.configure(script);
    this.#say('reload');
    return Promise.resolve();
  }

  async upgrade(): Promise<void> {
    this.#installation ??= createInstallation();
    const before = this.#pidOfUp();
    versions.reverse();
    this.#installation.install(versions[0] ?? '');
    this.#program = this.#installation.program;
    this.#say('upgrade');
    // It ends by itself once its last run has.
    await goneAt(before);
  }

  async stop(): Promise<void> {
    // The one that an upgrade has started is no child of this process.
    if (this.#installation !== null) {
      const pid = this.#pidOfUp();
      this.#say('down');
      await goneAt(pid);
    }
    for (const one of this.#started) one.signal('SIGTERM');
    await Promise.all(this.#started.map((one) => one.ended));
    this.#installation?.remove();
    this.#program = runnerFile;
  }

  history(): readonly Told[] {
    return historyIn(this.#say('history', 'w', '--json', '--limit', '1000000'));
  }

  #words(): string[] {
    return [this.#program, 'up', '--json', '--state-dir', this.#setting.stateFolder];
  }

  #say(...command: string[]): string {
    const { folder, stateFolder } = this.#setting;
    const args = [this.#program, ...command, '--state-dir', stateFolder];
    const said = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (said.status !== 0) throw new Error(`runner ${command.join(' ')}: ${said.stdout}${said.stderr}`);
    return said.stdout;
  }

  #pidOfUp(): number {
    return Number(fieldOf(fieldOf(JSON.parse(this.#say('status', '--json')), 'runner'), 'pid'));
  }
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
