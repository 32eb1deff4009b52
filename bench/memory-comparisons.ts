import { spawn } from 'node:child_process';
import { chainsOf } from './chains.ts';
import { together, type Comparison } from './comparison.ts';
import { memoryMiBOf, sizeOf, until } from './process-figures.ts';
import { idleMemory } from './runner-figures.ts';
import { supervisorContenders } from './supervisors.ts';
import { memoryOf, startUp } from './up-figures.ts';
import { missing, type Workshop } from './workshop.ts';

const crowd = 20;
const many = 100;
const most = 1_000;

/** What a runner and its workers take of the memory. */
export function memoryComparisons(workshop: Workshop): readonly Comparison[] {
  return [memory(workshop), memoryOfMany(workshop)];
}

function memory(workshop: Workshop): Comparison {
  const alone = 'runner, one chain';
  const ofCrowd = `its command worker (one of ${crowd})`;
  const one = (task: string, count: number) => async (): Promise<readonly number[]> => {
    const { runner, worker } = await idleMemory(workshop, task, count);
    return [runner, worker];
  };
  return {
    title: 'Memory while a chain cools down',
    unit: 'MiB',
    digits: 1,
    rounds: 2,
    warmsUp: false,
    floor: 'idle Node',
    note: `PSS of one process: pages that several processes share count in parts. "One of ${crowd}" is the mean with ${crowd} runners at once.`,
    goals: [
      { contender: alone, of: 'median', atMost: 60 },
      { contender: ofCrowd, of: 'median', atMost: 1 },
    ],
    contenders: [
      {
        name: 'idle Node',
        measure: () => idleMiB(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']),
      },
      {
        name: 'idle dash',
        missing: () => missing('dash', ['-c', 'exit']),
        measure: () => idleMiB('dash', []),
      },
      ...together([alone, 'its command worker (alone)'], one('/bin/true', 1)),
      ...together([`runner, one of ${crowd}`, ofCrowd], one('/bin/true', crowd)),
      ...together(['runner, one function chain', 'its function worker'], one('tasks.nothing', 1)),
    ],
  };
}

function memoryOfMany(workshop: Workshop): Comparison {
  const up = (count: number) => async (): Promise<readonly number[]> => {
    const bytes = workshop.fresh();
    const chains = chainsOf(count, [workshop.append.path, bytes], '1h');
    const { own, each } = await memoryOf(async () => {
      const runner = await startUp(workshop, chains);
      await until(() => sizeOf(bytes) >= count, 'the first run of each chain');
      return runner;
    });
    return [own, each, own + count * each];
  };
  const runner = `runner up, ${many} chains`;
  const worker = `one of its ${many} workers`;
  const all = `runner up and its ${many} workers`;
  return {
    title: `Memory of one supervisor with 1, ${many} and ${most} programs`,
    unit: 'MiB',
    digits: 1,
    rounds: 2,
    warmsUp: false,
    floor: runner,
    note: `PSS. The chains cool down, with their workers ready, so that a run costs no start. The others have ${many} programs, which sleep, and count with all processes of their own, but without the programs.`,
    goals: [
      { contender: runner, of: 'median', atMost: 60 },
      { contender: worker, of: 'median', atMost: 1 },
    ],
    contenders: [
      ...together(['runner up, 1 chain', 'its worker', 'both'], up(1)),
      ...together([runner, worker, all], up(many)),
      ...together(
        [`runner up, ${most} chains`, `one of its ${most} workers`, `runner up and its ${most} workers`],
        up(most),
      ),
      ...supervisorContenders(workshop, async (start) => {
        const { own, others } = await memoryOf(() => start(many, ['/bin/sleep', '1000000']));
        return own + others;
      }),
    ],
  };
}

// Until something is written to its input, the program waits.
function idleMiB(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    setTimeout(() => {
      resolve(memoryMiBOf(child.pid ?? 0));
      child.kill('SIGKILL');
    }, 500);
  });
}
