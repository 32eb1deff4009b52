import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// It binds an abstract socket of its chain, which the kernel frees when it ends, however it ends: the witness of overlap.
const witnessSource = `use strict;
use Socket;
my ($status, $seconds) = @ARGV;
socket my $holder, AF_UNIX, SOCK_STREAM, 0 or die "cannot make a socket: $!\\n";
if (!bind $holder, pack_sockaddr_un("\\0$ENV{SOAK_FOLDER}/$ENV{RUNNER_CHAIN}")) {
  open my $file, '>>', "$ENV{SOAK_FOLDER}/overlaps";
  syswrite $file, "$ENV{RUNNER_CHAIN} $ENV{RUNNER_RUN}\\n";
  exit 99;
}
select undef, undef, undef, $seconds;
exit $status;
`;

const tasksSource = `import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

async function alone({ chain, run, signal }) {
  const holder = createServer();
  try {
    await new Promise((resolve, reject) => {
      holder.on('error', reject);
      holder.listen(\`\\0\${process.env.SOAK_FOLDER}/\${chain}\`, resolve);
    });
  } catch {
    appendFileSync(\`\${process.env.SOAK_FOLDER}/overlaps\`, \`\${chain} \${run}\\n\`);
    throw new Error('overlap');
  }
  try {
    await sleep(20, undefined, { signal });
  } finally {
    await new Promise((resolve) => holder.close(resolve));
  }
}

export async function good(context) {
  await alone(context);
}
export async function flapping(context) {
  await alone(context);
  context.log(\`run \${context.run} of \${context.chain}\`);
  if (context.run % 3 === 0) throw new RangeError(\`run \${context.run} is one of those\`);
}
`;

type Chain = Readonly<Record<string, unknown>>;

/** A project with fifty chains of all kinds, and small limits, so that all that is to be removed is removed soon. */
export interface SoakProject {
  readonly folder: string;
  readonly stateFolder: string;
  readonly chains: readonly string[];
  /** Writes the configuration anew, with something changed: the counts differ from one to the next. */
  configure(variant: number): void;
  /** The runs that have found another run of their chain in progress, such as `mail 7`. */
  overlaps(): readonly string[];
}

/** Writes such a project into a folder that is empty. */
export function createSoakProject(folder: string): SoakProject {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'witness.pl'), witnessSource);
  writeFileSync(join(folder, 'tasks.mjs'), tasksSource);
  const witness = (status: number, seconds = 0.02): string =>
    `perl ${folder}/witness.pl ${status} ${seconds}`;
  const kinds: readonly (readonly [name: string, count: number, chain: Chain])[] = [
    ['command', 10, { tasks: [witness(0)] }],
    ['two-tasks', 3, { tasks: [witness(0), witness(0)] }],
    ['function', 5, { tasks: ['tasks.good'], recycle: { runs: 50 } }],
    ['shared', 9, { tasks: ['tasks.good'], isolation: 'shared' }],
    ['each-run', 3, { tasks: ['tasks.good'], isolation: 'run' }],
    ['flapping', 4, { tasks: ['tasks.flapping'], isolation: 'shared' }],
    ['failing', 4, { tasks: [witness(7)] }],
    [
      'chatty',
      5,
      { tasks: [`sh: head -c 100000 /dev/urandom | base64; ${witness(0)}`], log: { size: '256KB', keep: 2 } },
    ],
    ['left-behind', 2, { tasks: [`sh: setsid sleep 0.5 & ${witness(0)}`] }],
    ['left-killed', 2, { tasks: [`sh: setsid sleep 60 & ${witness(0)}`], leftovers: 'kill' }],
    ['late', 3, { tasks: [witness(0, 60)], timeout: '1s', killGrace: '1s' }],
  ];
  const chains = kinds.flatMap(([name, count, chain]) =>
    Array.from({ length: count }, (_, index) => [`${name}-${index + 1}`, chain] as const),
  );
  return {
    folder,
    stateFolder: join(folder, '.runner'),
    chains: chains.map(([name]) => name),
    configure(variant) {
      const all: Record<string, Chain> = {};
      for (const [index, [name, chain]] of chains.entries()) {
        all[name] = { ...usual(folder, variant, index), ...chain };
      }
      const alerts = { channels: { heard: { command: 'cat >/dev/null', rate: { count: 20, per: '1m' } } } };
      const text = JSON.stringify({ chains: all, alerts, logs: { total: '20MB' } });
      writeFileSync(join(folder, 'runner.config.json'), text);
    },
    overlaps: () => linesOf(join(folder, 'overlaps')),
  };
}

// One chain in ten has another definition after each reload.
function usual(folder: string, variant: number, index: number): Chain {
  const isChanged = index % 10 === variant % 10;
  return {
    cooldown: { success: isChanged ? '1500ms' : '1s', failure: '1s' },
    env: { SOAK_FOLDER: folder, VARIANT: isChanged ? String(variant) : '0' },
    history: { runs: 20, failedRuns: 40 },
  };
}

function linesOf(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}
