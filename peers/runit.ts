import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { missingDebianProgram } from './debian-package.ts';
import type { PeerProgram } from './peer.ts';
import { runCommand } from './process.ts';
import { startServices, writeService, type ServiceSuite } from './scanned-services.ts';

const suite: ServiceSuite = {
  scanner: 'runsvdir',
  supervisor: 'runsv p0',
  prepare(service, output) {
    if (output !== 'kept') return;
    mkdirSync(join(service, 'log', 'main'), { recursive: true });
    writeService(join(service, 'log'), 'svlogd -tt ./main');
  },
  restart: (first, cwd) => runCommand('sv', ['-w', '1', 'force-restart', first], { cwd }),
  end(daemon) {
    // This ends each runsv as well, and each of those its program.
    daemon.signal('SIGHUP');
    return Promise.resolve();
  },
};

/** runit, from Debian: one runsv for each program, and runsvdir, which brings a runsv back that has died. */
export const runit: PeerProgram = {
  name: 'runit',
  // Without words it prints how it is used.
  missing: () => missingDebianProgram(['sv'], 'runit'),
  start: (programs) => startServices(suite, programs),
};
