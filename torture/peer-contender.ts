import { join } from 'node:path';
import type { PeerProgram } from '../peers/peer.ts';
import { until } from '../peers/process.ts';
import { pm2 } from '../peers/pm2.ts';
import { runit } from '../peers/runit.ts';
import { s6 } from '../peers/s6.ts';
import { supervisord } from '../peers/supervisord.ts';
import { endAllIn } from '../test/support/processes.ts';
import { goneAt } from './record.ts';
import type { Contender, Setting, Supervised } from './supervised.ts';

/** The supervisors beside the runner. The last one shows what `flock` in the program's own start script does. */
export const peerContenders: readonly Contender[] = [
  contenderOf(pm2, { key: 'pm2', cooldownMs: 0, isLocked: false }),
  contenderOf(supervisord, { key: 'supervisord', cooldownMs: 1_000, isLocked: false }),
  contenderOf(runit, { key: 'runit', cooldownMs: 1_000, isLocked: false }),
  contenderOf(s6, { key: 's6', cooldownMs: 1_000, isLocked: false }),
  contenderOf(s6, { key: 's6-flock', cooldownMs: 1_000, isLocked: true }),
];

/** How a peer is used. */
interface Use {
  readonly key: string;
  readonly cooldownMs: number;
  /** Whether its program is started by `flock -n`. */
  readonly isLocked: boolean;
}

function contenderOf(peer: PeerProgram, use: Use): Contender {
  return {
    key: use.key,
    name: use.isLocked ? `${peer.name} with flock -n` : peer.name,
    longSeconds: 12,
    missing: () => peer.missing(),
    begin: (setting) => begin(peer, use, setting),
  };
}

async function begin(peer: PeerProgram, use: Use, setting: Setting): Promise<Supervised> {
  const { folder, stateFolder } = setting;
  const command = (script: string): readonly string[] =>
    use.isLocked ? ['/usr/bin/flock', '-n', join(folder, 'lock'), script] : [script];
  const programs = { folder: stateFolder, count: 1, command: () => command(setting.script) };
  const supervising = await peer.start({ ...programs, output: 'kept', env: setting.env });
  return {
    cooldownMs: use.cooldownMs,
    supervisorPid: () => supervising.supervisorPid(),
    async kill() {
      // Another process may be about to bring it back.
      await until(() => supervising.supervisorPid() > 1, peer.name);
      const pid = supervising.supervisorPid();
      process.kill(pid, 'SIGKILL');
      await goneAt(pid);
    },
    startAgain: () => supervising.startAgain(),
    startSecond: () => supervising.startSecond(),
    restartProgram: () => supervising.restartProgram(),
    edit: (script) => supervising.edit(command(script)),
    async upgrade() {
      if (supervising.upgrade === null) throw new Error(`An update leaves ${peer.name} alone`);
      await supervising.upgrade();
    },
    async stop() {
      await endAllIn(folder);
    },
    history: () => null,
  };
}
