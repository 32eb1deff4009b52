import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { isAlive, parentOf, processesIn } from '../test/support/processes.ts';
import { fixture } from '../test/support/runner-process.ts';
import { goneAt } from './record.ts';
import type { SupervisedByRunner } from './runner-contender.ts';
import type { Plan } from './situation.ts';
import type { Supervised } from './supervised.ts';

/** A fault, and how it is made. */
export interface TortureCase {
  /** As on the command line. */
  readonly key: string;
  readonly title: string;
  /** How often the fault is made to the runner and to a peer. */
  readonly rounds: { readonly runner: number; readonly peer: number };
  /** To whom it cannot be done, and why: by key, or `peers` for all of them. */
  readonly without: Readonly<Record<string, string>>;
  readonly plan: Omit<Plan, 'rounds' | 'random'>;
}

/** Every second run of the runner ends with status 7; others do not number their runs. */
const sometimesSeven = '$((${RUNNER_RUN:-0} % 2 * 7))';
const wholeDisk = 8;
const gigabyte = 'perl -e "\\$x = (q(x) x 99 . qq(\\n)) x 10000; print \\$x for 1 .. 1000"';

const killed: TortureCase = {
  key: 'kill',
  title: '`kill -9` of the supervisor in mid-run, started again at once',
  rounds: { runner: 50, peer: 3 },
  without: {},
  plan: {
    // Of four runs of the runner one is still in progress when it is back, and so is each one of a peer.
    program: (place) =>
      `[ $((\${RUNNER_RUN:-0} % 4)) = 0 ] && exec ${place.witness(place.longSeconds, sometimesSeven)}\nexec ${place.witness(0.3, sometimesSeven)}`,
    async strike({ supervised, random }) {
      await after(random() * 400);
      await supervised.kill();
      await supervised.startAgain();
      // Now and then once more, while it starts.
      if (random() < 0.7) return;
      await after(random() * 600);
      await supervised.kill();
      await supervised.startAgain();
    },
  },
};

const twice: TortureCase = {
  key: 'twice',
  title: '`kill -9` in mid-run, then started twice at the same instant',
  rounds: { runner: 5, peer: 2 },
  without: {},
  plan: {
    program: (place) => `exec ${place.witness(place.longSeconds, sometimesSeven)}`,
    async strike({ supervised }) {
      await supervised.kill();
      await Promise.all([supervised.startAgain(), supervised.startSecond()]);
    },
  },
};

const stopped: TortureCase = {
  key: 'stopped',
  title: 'SIGSTOP of the supervisor for longer than a timeout, then SIGCONT',
  rounds: { runner: 4, peer: 2 },
  without: {},
  plan: {
    // With the runner, every second run is one that its timeout must end.
    program: (place) =>
      `exec ${place.witness(0, sometimesSeven)} sleep $((\${RUNNER_RUN:-1} % 2 ? 0 : 30)).4`,
    chain: { timeout: '1s' },
    async strike({ supervised, hit }) {
      const pid = supervised.supervisorPid();
      process.kill(pid, 'SIGSTOP');
      hit('timed out');
      await after(2_500);
      process.kill(pid, 'SIGCONT');
    },
  },
};

const deadParent: TortureCase = {
  key: 'dead-parent',
  title: "`kill -9` of the run's parent, its child lives on",
  rounds: { runner: 4, peer: 2 },
  without: {},
  plan: {
    program: (place) => `${place.witness(3, 0)} &\nwait`,
    strike({ run, round, supervised, hit }) {
      const parent = parentOf(run.pid);
      // For the runner, every second time the worker as well: the parent of the parent.
      const worker = parentOf(parent);
      const dead = round % 2 === 1 && isRunner(supervised) ? [worker, parent] : [parent];
      for (const pid of dead) process.kill(pid, 'SIGKILL');
      hit('killed', 'interrupted');
      return Promise.resolve();
    },
  },
};

const escaped: TortureCase = {
  key: 'escaped',
  title: 'Double fork and setsid, with and without open descriptors; every second time with `kill -9`',
  rounds: { runner: 8, peer: 4 },
  without: {},
  plan: {
    program(place) {
      const handOver = fixture('tasks/hand-over.py');
      const own = place.script('own', `exec ${place.witness(3, 0)}`);
      return [
        // Both ways of it in turn, whether runs have numbers or not.
        `echo >> ${place.folder}/count`,
        `case $(($(wc -l < ${place.folder}/count) / 2 % 2)) in`,
        `  0) exec /usr/bin/python3 ${handOver} setsid ${own} ;;`,
        `  1) (setsid ${own} >/dev/null 2>&1 &) ;;`,
        'esac',
      ].join('\n');
    },
    async strike({ supervised, round }) {
      if (round % 2 === 0) return;
      await supervised.kill();
      await supervised.startAgain();
    },
  },
};

const flooded: TortureCase = {
  key: 'flood',
  title: '1 GB of output; every second time with `kill -9` in the middle',
  rounds: { runner: 2, peer: 2 },
  without: {},
  plan: {
    program: (place) => `exec ${place.witness(0.2, sometimesSeven)} ${gigabyte}`,
    chain: { log: { size: '10MB' } },
    async strike({ place, supervised, run, round, find }) {
      if (round % 2 === 1) {
        await after(500);
        await supervised.kill();
        await supervised.startAgain();
      }
      await goneAt(run.pid);
      const kilobytes = Number(
        spawnSync('du', ['-sk', place.stateFolder], { encoding: 'utf8' }).stdout.split('\t')[0],
      );
      if (kilobytes > 200_000) find(`the state takes ${kilobytes} KiB`);
    },
  },
};

const ignored: TortureCase = {
  key: 'ignored-term',
  title:
    'SIGTERM is ignored by the program, every second time by a child of it as well; it is to be restarted',
  rounds: { runner: 4, peer: 2 },
  without: {},
  plan: {
    program: (place) => {
      const witness = place.witness(20, 0);
      return `trap "" TERM\ncase $((\${RUNNER_RUN:-$$} % 2)) in 0) exec ${witness} ;; 1) ${witness} & wait ;; esac`;
    },
    async strike({ supervised, hit }) {
      await supervised.restartProgram();
      hit('stopped');
    },
  },
};

const edited: TortureCase = {
  key: 'edited',
  title: 'The configuration is edited in mid-run, and made known',
  rounds: { runner: 4, peer: 2 },
  without: {},
  plan: {
    program: (place) => `exec ${place.witness(3, 0)}`,
    async strike({ place, supervised, run, round, find }) {
      const status = round + 1;
      await supervised.edit(place.script(`task-${status}`, `exec ${place.witness(3, status)}`));
      await goneAt(run.pid);
      const next = await place.witnessed.nextStart(run.line + 1, 30_000);
      const isNew = next !== null && isCommandOf(next.pid, String(status));
      if (!isNew) find(`the run after ${run.run} was not of the new configuration`);
    },
  },
};

const upgraded: TortureCase = {
  key: 'upgrade',
  title: 'The supervisor is updated in mid-run',
  rounds: { runner: 3, peer: 2 },
  without: {
    runit: 'an update leaves its processes alone',
    s6: 'an update leaves its processes alone',
    's6-flock': 'an update leaves its processes alone',
  },
  plan: {
    program: (place) => `exec ${place.witness(3, sometimesSeven)}`,
    strike: ({ supervised }) => supervised.upgrade(),
  },
};

const rebooted: TortureCase = {
  key: 'other-boot',
  title: 'All dies at once in mid-run, and the state folder is found by another boot',
  rounds: { runner: 3, peer: 0 },
  without: { peers: 'keeps nothing of a run' },
  plan: {
    program: (place) => `exec ${place.witness(5, sometimesSeven)}`,
    async strike({ place, supervised, hit }) {
      if (!isRunner(supervised)) throw new Error('Only the runner keeps something of a run');
      for (const pid of processesIn(place.folder)) killIfThere(pid);
      await supervised.kill();
      hit('interrupted');
      supervised.startAfterBoot(randomUUID());
    },
  },
};

const clockSet: TortureCase = {
  key: 'clock',
  title: 'The clock is set a day on, a day back and right again in mid-run',
  rounds: { runner: 6, peer: 3 },
  without: {},
  plan: {
    program: (place) => `unset LD_PRELOAD\nexec ${place.witness(0.6, sometimesSeven)}`,
    env(place) {
      const file = join(place.folder, 'clock');
      writeFileSync(file, '+0\n');
      return {
        ...process.env,
        LD_PRELOAD: '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        // A semaphore that processes share is held for ever once one of them has ended with it.
        NODE_OPTIONS: '--import=data:text/javascript,delete%20process.env.FAKETIME_SHARED',
      };
    },
    prepare: () => forgetFakedClocks,
    async strike({ place, round }) {
      writeFileSync(join(place.folder, 'clock'), `${['+1d', '-1d', '+0'][round % 3]}\n`);
      await after(100);
    },
  },
};

const full: TortureCase = {
  key: 'full-disk',
  title: 'The disk of the state is full when a run ends; every second time with `kill -9` meanwhile',
  rounds: { runner: 4, peer: 2 },
  without: {},
  plan: {
    program: (place) => `exec ${place.witness(0.8, sometimesSeven)}`,
    prepare({ stateFolder }) {
      mustRun('mount', ['-t', 'tmpfs', '-o', `size=${wholeDisk}m,mode=700`, 'none', stateFolder]);
      return () => mustRun('umount', ['-l', stateFolder]);
    },
    async strike({ place, supervised, run, round }) {
      const ballast = join(place.stateFolder, 'ballast');
      spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4096'], { stdio: 'ignore' });
      if (round % 2 === 1) await supervised.kill();
      await goneAt(run.pid);
      await after(500);
      rmSync(ballast);
      if (round % 2 === 1) await supervised.startAgain();
    },
  },
};

/** The twelve. */
export const cases: readonly TortureCase[] = [
  killed,
  twice,
  stopped,
  deadParent,
  escaped,
  flooded,
  ignored,
  edited,
  upgraded,
  rebooted,
  clockSet,
  full,
];

/** Removes what libfaketime leaves in memory of processes that were killed. */
function forgetFakedClocks(): void {
  for (const name of readdirSync('/dev/shm')) {
    const pid = /^(?:sem\.)?faketime_(?:sem|shm)_(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join('/dev/shm', name), { force: true });
  }
}

function isRunner(supervised: Supervised): supervised is SupervisedByRunner {
  return 'startAfterBoot' in supervised;
}

function killIfThere(pid: number): void {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}

function isCommandOf(pid: number, lastWord: string): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trimEnd().endsWith(` ${lastWord}`);
}

function mustRun(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
