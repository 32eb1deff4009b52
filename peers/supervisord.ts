import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingDebianProgram } from './debian-package.ts';
import type { PeerProgram, Programs, SupervisingPeer } from './peer.ts';
import { processWith, runCommand, startDaemon, until, type Daemon } from './process.ts';

/** supervisord, from Debian. */
export const supervisord: PeerProgram = {
  name: 'supervisord',
  missing: () => missingDebianProgram(['supervisord', '--version'], 'supervisor'),
  start,
};

async function start(programs: Programs): Promise<SupervisingPeer> {
  const { folder, env = process.env } = programs;
  const file = join(folder, 'conf');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, configuration(programs));
  const say = (...words: string[]): Promise<number> =>
    runCommand('supervisorctl', ['-c', file, ...words], { cwd: folder });
  // In the foreground, as a service manager starts it.
  const begin = (): Daemon => startDaemon('supervisord', ['-n', '-c', file], { cwd: folder, env });
  let daemon = begin();
  await until(() => existsSync(join(folder, 'pid')), 'supervisord');
  return {
    pid: daemon.pid,
    // Of two that were started at once either may have stayed.
    supervisorPid: () => processWith(`supervisord -n -c ${file}`),
    startAgain() {
      daemon = begin();
      return Promise.resolve();
    },
    startSecond() {
      begin();
      return Promise.resolve();
    },
    async restartProgram() {
      await say('restart', 'p0');
    },
    async edit(command) {
      writeFileSync(file, configuration({ ...programs, command: () => command }));
      await say('update');
    },
    async upgrade() {
      await say('shutdown');
      await daemon.ended;
      daemon = begin();
    },
    async stop() {
      daemon.signal('SIGTERM');
      await daemon.ended;
    },
  };
}

function configuration({ folder, count, command, output }: Programs): string {
  const logs = output === 'kept' ? [] : ['stdout_logfile=NONE', 'stderr_logfile=NONE'];
  const programs = Array.from({ length: count }, (_, index) => [
    `[program:p${index}]`,
    `command=${command(index).join(' ')}`,
    'autorestart=true',
    'startsecs=0',
    'startretries=1000000000',
    'stopasgroup=true',
    'killasgroup=true',
    'stopwaitsecs=1',
    ...logs,
    '',
  ]);
  const socket = join(folder, 'socket');
  const own = [
    '[supervisord]',
    `logfile=${folder}/log`,
    `pidfile=${folder}/pid`,
    `childlogdir=${folder}`,
    'user=root',
    '[unix_http_server]',
    `file=${socket}`,
    '[rpcinterface:supervisor]',
    'supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface',
    '[supervisorctl]',
    `serverurl=unix://${socket}`,
    '',
  ];
  return [...own, ...programs.flat()].join('\n');
}
