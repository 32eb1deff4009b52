import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PeerProgram, Programs, SupervisingPeer } from './peer.ts';
import { processWith, runCommand, untilGone } from './process.ts';

const version = '7.0.4';
/** Peers that npm installs are kept here, outside of the project's own packages. */
const peersFolder = fileURLToPath(new URL('../../.peers', import.meta.url));
const program = join(peersFolder, 'node_modules', 'pm2', 'bin', 'pm2');

/** PM2, from npm. */
export const pm2: PeerProgram = { name: `PM2 ${version}`, missing, start };

function missing(): string | null {
  if (!existsSync(program)) {
    mkdirSync(peersFolder, { recursive: true });
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
    spawnSync('npm', ['i', '--prefix', peersFolder, ...quiet, `pm2@${version}`], { stdio: 'ignore' });
  }
  return existsSync(program) ? null : 'npm cannot install pm2';
}

async function start(programs: Programs): Promise<SupervisingPeer> {
  const { folder } = programs;
  const file = join(folder, 'apps.json');
  const home = join(folder, 'home');
  mkdirSync(folder, { recursive: true });
  const env = { ...(programs.env ?? process.env), PM2_HOME: home, PM2_DISCRETE_MODE: 'true' };
  const say = (...words: string[]): Promise<number> =>
    runCommand(process.execPath, [program, ...words], { cwd: folder, env });
  // Its file `pm2.pid` may name one that is gone, after two commands at once. Its title is cut to the length of the command
  // line that it had, so that it may not name the folder.
  const pid = (): number => processWith('God Daemon (', `PM2_HOME=${home}`);
  writeFileSync(file, appsOf(programs));
  // As a script of a service manager does; "pm2 resurrect" does the same with what "pm2 save" wrote.
  async function startAgain(): Promise<void> {
    await say('start', file);
  }
  await startAgain();
  return {
    pid: pid(),
    supervisorPid: pid,
    startAgain,
    startSecond: startAgain,
    async restartProgram() {
      await say('restart', 'p0');
    },
    async edit(command) {
      writeFileSync(file, appsOf({ ...programs, command: () => command }));
      // A restart keeps the program and the arguments that the daemon knows.
      await say('delete', 'p0');
      await startAgain();
    },
    async upgrade() {
      await say('update');
    },
    async stop() {
      const last = pid();
      await say('kill');
      await untilGone(last, 'PM2');
    },
  };
}

function appsOf({ count, command, output }: Programs): string {
  const files = output === 'kept' ? {} : { out_file: '/dev/null', error_file: '/dev/null' };
  const apps = Array.from({ length: count }, (_, index) => {
    const [script = '', ...args] = command(index);
    const often = { interpreter: 'none', max_restarts: 1e9, min_uptime: 0 };
    return { name: `p${index}`, script, args, ...often, ...files };
  });
  return JSON.stringify({ apps });
}
