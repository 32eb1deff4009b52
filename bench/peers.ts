import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endOf, start, until } from './process-figures.ts';

const pm2Version = '7.0.4';
/** Peers that npm installs are kept here, outside of the project's own packages. */
const peersFolder = fileURLToPath(new URL('../../.peers', import.meta.url));

/** A supervisor that is measured beside the runner, with programs under it. */
export interface Peer {
  /** The supervising process. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Programs that a supervisor keeps running: started again at once when they end. */
export interface Programs {
  /** A folder of its own. */
  readonly folder: string;
  readonly count: number;
  /** The program and its arguments for the one with this number. */
  readonly command: (index: number) => readonly string[];
}

/** Why PM2 cannot be measured here; `null` when it can. Installs it where npm can. */
export function missingPm2(): string | null {
  if (!existsSync(pm2File())) {
    mkdirSync(peersFolder, { recursive: true });
    const words = [
      'i',
      '--prefix',
      peersFolder,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `pm2@${pm2Version}`,
    ];
    spawnSync('npm', words, { stdio: 'ignore' });
  }
  return existsSync(pm2File()) ? null : 'npm cannot install pm2';
}

/** Why supervisord cannot be measured here; `null` when it can. Installs it where that is allowed. */
export function missingSupervisord(): string | null {
  const isThere = (): boolean => spawnSync('supervisord', ['--version'], { stdio: 'ignore' }).status === 0;
  if (isThere()) return null;
  if (process.getuid?.() === 0) {
    const install = 'apt-get update -q && apt-get install -q -y --no-install-recommends supervisor';
    spawnSync('sh', ['-c', install], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  return isThere() ? null : 'no supervisord here';
}

/** PM2 with these programs. */
export async function startPm2({ folder, count, command }: Programs): Promise<Peer> {
  mkdirSync(folder, { recursive: true });
  const apps = Array.from({ length: count }, (_, index) => {
    const [script = '', ...args] = command(index);
    const files = { out_file: '/dev/null', error_file: '/dev/null' };
    return {
      name: `p${index}`,
      script,
      args,
      interpreter: 'none',
      max_restarts: 1e9,
      min_uptime: 0,
      ...files,
    };
  });
  writeFileSync(join(folder, 'apps.json'), JSON.stringify({ apps }));
  const env = { ...process.env, PM2_HOME: join(folder, 'home'), PM2_DISCRETE_MODE: 'true' };
  spawnSync(process.execPath, [pm2File(), 'start', join(folder, 'apps.json')], { env, stdio: 'ignore' });
  const pid = Number(readFileSync(join(folder, 'home', 'pm2.pid'), 'utf8'));
  return {
    pid,
    async stop() {
      spawnSync(process.execPath, [pm2File(), 'kill'], { env, stdio: 'ignore' });
      await until(() => !existsSync(`/proc/${pid}`), 'the end of PM2');
    },
  };
}

/** supervisord with these programs. */
export async function startSupervisord({ folder, count, command }: Programs): Promise<Peer> {
  mkdirSync(folder, { recursive: true });
  const pidFile = join(folder, 'pid');
  const programs = Array.from({ length: count }, (_, index) =>
    [
      `[program:p${index}]`,
      `command=${command(index).join(' ')}`,
      'autorestart=true',
      'startsecs=0',
      'startretries=1000000000',
      'stdout_logfile=NONE',
      'stderr_logfile=NONE',
    ].join('\n'),
  );
  const own = [
    '[supervisord]',
    'nodaemon=true',
    `logfile=${folder}/log`,
    `pidfile=${pidFile}`,
    `childlogdir=${folder}`,
  ];
  writeFileSync(join(folder, 'conf'), `${own.join('\n')}\nuser=root\n\n${programs.join('\n\n')}\n`);
  const child = start('supervisord', ['-c', join(folder, 'conf')], folder);
  const ended = endOf(child, 'supervisord');
  await until(() => existsSync(pidFile), 'supervisord');
  return {
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function pm2File(): string {
  return join(peersFolder, 'node_modules', 'pm2', 'bin', 'pm2');
}
