import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingDebianProgram } from './debian-package.ts';
import type { PeerProgram, Programs, SupervisingPeer } from './peer.ts';
import { childWith, runCommand, startDaemon, until, type Daemon } from './process.ts';

/** runit, from Debian: one runsv for each program, and runsvdir, which brings a runsv back that has died. */
export const runit: PeerProgram = {
  name: 'runit',
  // Without words it prints how it is used.
  missing: () => missingDebianProgram(['sv'], 'runit'),
  start,
};

async function start(programs: Programs): Promise<SupervisingPeer> {
  const { folder, count, command, output, env = process.env } = programs;
  const services = join(folder, 'services');
  for (let index = 0; index < count; index += 1) {
    const service = join(services, `p${index}`);
    writeScript(service, command(index).join(' '));
    if (output === 'kept') {
      mkdirSync(join(service, 'log', 'main'), { recursive: true });
      writeScript(join(service, 'log'), 'svlogd -tt ./main');
    }
  }
  const begin = (): Daemon => startDaemon('runsvdir', [services], { cwd: folder, env });
  const daemon = begin();
  const supervisorPid = (): number => childWith(daemon.pid, 'runsv p0');
  await until(() => supervisorPid() > 0, 'runsv');
  return {
    pid: daemon.pid,
    supervisorPid,
    // runsvdir does that by itself.
    startAgain: () => Promise.resolve(),
    startSecond() {
      begin();
      return Promise.resolve();
    },
    async restartProgram() {
      await runCommand('sv', ['-w', '1', 'force-restart', join(services, 'p0')], { cwd: folder });
    },
    edit(words) {
      // It is read whenever the program starts.
      writeScript(join(services, 'p0'), words.join(' '));
      return Promise.resolve();
    },
    upgrade: null,
    async stop() {
      // This ends each runsv as well, and each of those its program.
      daemon.signal('SIGHUP');
      await daemon.ended;
    },
  };
}

function writeScript(service: string, line: string): void {
  mkdirSync(service, { recursive: true });
  const file = join(service, 'run');
  writeFileSync(`${file}.new`, `#!/bin/sh\nexec ${line}\n`, { mode: 0o755 });
  renameSync(`${file}.new`, file);
}
