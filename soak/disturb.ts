import { SeededRandom } from '../test/support/seeded-random.ts';
import { hasErrorCode } from '../src/core/error-code.ts';
import { createControlClient, RunnerNotUp, RunnerSilent } from '../src/control/client.ts';
import type { SoakProject } from './project.ts';
import { childrenOf } from './sample.ts';

/** What was done to the runner, by name. */
type Disturbances = Record<string, number>;

/** Disturbs a runner and its chains. */
export interface Disturber {
  readonly done: Disturbances;
  /** Does one thing, by chance. */
  disturb(runner: number): Promise<void>;
}

/** @param seed the same things are done in the same order for the same seed */
export function createDisturber(project: SoakProject, seed: number): Disturber {
  const random = new SeededRandom(seed);
  const client = createControlClient(`${project.stateFolder}/runner.sock`);
  const done: Disturbances = {};
  let variant = 0;

  function note(what: string): void {
    done[what] = (done[what] ?? 0) + 1;
  }

  async function ask(what: string, body: object = {}): Promise<void> {
    const [first = '', ...rest] = project.chains;
    const chain = random.pick([first, ...rest]);
    const { status } = await client.post(`/v1/chains/${chain}/${what}`, { by: 'soak', ...body });
    note(status < 400 ? what : `${what}, refused`);
  }

  function killOne(what: string, pids: readonly number[]): void {
    const [first, ...rest] = pids;
    if (first === undefined) return;
    try {
      process.kill(random.pick([first, ...rest]), 'SIGKILL');
      note(what);
    } catch (error) {
      // It ended by itself meanwhile.
      if (!hasErrorCode(error, 'ESRCH')) throw error;
    }
  }

  async function reload(): Promise<void> {
    variant += 1;
    project.configure(variant);
    const { status } = await client.post('/v1/reload', { by: 'soak' }, 60_000);
    note(status < 400 ? 'reload' : 'reload, refused');
  }

  const things: readonly [Thing, ...Thing[]] = [
    () => ask('poke'),
    () => ask('poke'),
    () => ask('skip'),
    () => ask('pause', { for: '3s' }),
    () => ask('resume'),
    () => ask('restart'),
    () => ask('kill-run'),
    reload,
    (runner) => killOne('kill -9 of a worker', childrenOf(runner)),
    (runner) => killOne('kill -9 of a run', childrenOf(runner).flatMap(childrenOf)),
  ];
  return {
    done,
    async disturb(runner) {
      try {
        await random.pick(things)(runner);
      } catch (error) {
        if (!(error instanceof RunnerNotUp || error instanceof RunnerSilent)) throw error;
        note('not answered');
      }
    },
  };
}

type Thing = (runner: number) => Promise<void> | void;
