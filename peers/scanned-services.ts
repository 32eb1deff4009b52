import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Programs, SupervisingPeer } from './peer.ts';
import { childWith, startDaemon, until, type Daemon } from './process.ts';

/** What is different between the successors of daemontools. */
export interface ServiceSuite {
  /** The program that looks through a folder of services, and brings back the supervisor of each. */
  readonly scanner: string;
  /** How the command line of the supervisor of the first program begins. */
  readonly supervisor: string;
  /** Completes the folder of a service. */
  prepare(service: string, output: Programs['output']): void;
  /** Starts a program again. @param first the folder of its service */
  restart(first: string, cwd: string): Promise<unknown>;
  /** Ends the scanner, with each supervisor and its program. */
  end(daemon: Daemon, services: string, cwd: string): Promise<unknown>;
}

/** Starts a supervisor for each program, below one scanner, which brings a supervisor back that has died. */
export async function startServices(suite: ServiceSuite, programs: Programs): Promise<SupervisingPeer> {
  const { folder, count, command, output, env = process.env } = programs;
  const services = join(folder, 'services');
  for (let index = 0; index < count; index += 1) {
    const service = join(services, `p${index}`);
    writeService(service, command(index).join(' '));
    suite.prepare(service, output);
  }
  const first = join(services, 'p0');
  const begin = (): Daemon => startDaemon(suite.scanner, [services], { cwd: folder, env });
  const daemon = begin();
  const supervisorPid = (): number => childWith(daemon.pid, suite.supervisor);
  await until(() => supervisorPid() > 0, suite.supervisor);
  return {
    pid: daemon.pid,
    supervisorPid,
    // The scanner does that by itself.
    startAgain: () => Promise.resolve(),
    startSecond() {
      begin();
      return Promise.resolve();
    },
    async restartProgram() {
      await suite.restart(first, folder);
    },
    edit(words) {
      // It is read whenever the program starts.
      writeService(first, words.join(' '));
      return Promise.resolve();
    },
    upgrade: null,
    async stop() {
      await suite.end(daemon, services, folder);
      await daemon.ended;
    },
  };
}

/** Writes what a service runs, as a whole. */
export function writeService(service: string, line: string): void {
  mkdirSync(service, { recursive: true });
  const file = join(service, 'run');
  writeFileSync(`${file}.new`, `#!/bin/sh\nexec ${line}\n`, { mode: 0o755 });
  renameSync(`${file}.new`, file);
}
