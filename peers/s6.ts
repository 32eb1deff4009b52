import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingDebianProgram } from './debian-package.ts';
import type { PeerProgram, Programs, SupervisingPeer } from './peer.ts';
import { childWith, runCommand, startDaemon, until, type Daemon } from './process.ts';

/** s6, from Debian: one s6-supervise for each program, and s6-svscan, which brings one back that has died. */
export const s6: PeerProgram = {
  name: 's6',
  // Without words it prints how it is used.
  missing: () => missingDebianProgram(['s6-svc'], 's6'),
  start,
};

async function start(programs: Programs): Promise<SupervisingPeer> {
  const { folder, count, command, output, env = process.env } = programs;
  const services = join(folder, 'services');
  for (let index = 0; index < count; index += 1) {
    const service = join(services, `p${index}`);
    writeScript(service, command(index).join(' '));
    // What is not ended one second after it was asked to is killed.
    writeFileSync(join(service, 'timeout-kill'), '1000');
    if (output === 'kept') writeScript(join(service, 'log'), 's6-log n10 s1000000 ./main');
  }
  const first = join(services, 'p0');
  const begin = (): Daemon => startDaemon('s6-svscan', [services], { cwd: folder, env });
  const daemon = begin();
  const supervisorPid = (): number => childWith(daemon.pid, 's6-supervise p0 ');
  await until(() => supervisorPid() > 0, 's6-supervise');
  return {
    pid: daemon.pid,
    supervisorPid,
    // s6-svscan does that by itself.
    startAgain: () => Promise.resolve(),
    startSecond() {
      begin();
      return Promise.resolve();
    },
    async restartProgram() {
      await runCommand('s6-svc', ['-r', first], { cwd: folder });
    },
    edit(words) {
      // It is read whenever the program starts.
      writeScript(first, words.join(' '));
      return Promise.resolve();
    },
    upgrade: null,
    async stop() {
      await runCommand('s6-svscanctl', ['-t', services], { cwd: folder });
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
