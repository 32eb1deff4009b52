import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingDebianProgram } from './debian-package.ts';
import type { PeerProgram } from './peer.ts';
import { runCommand } from './process.ts';
import { startServices, writeService, type ServiceSuite } from './scanned-services.ts';

const suite: ServiceSuite = {
  scanner: 's6-svscan',
  supervisor: 's6-supervise p0 ',
  prepare(service, output) {
    // What is not ended one second after it was asked to is killed.
    writeFileSync(join(service, 'timeout-kill'), '1000');
    if (output === 'kept') writeService(join(service, 'log'), 's6-log n10 s1000000 ./main');
  },
  restart: (first, cwd) => runCommand('s6-svc', ['-r', first], { cwd }),
  end: (_, services, cwd) => runCommand('s6-svscanctl', ['-t', services], { cwd }),
};

/** s6, from Debian: one s6-supervise for each program, and s6-svscan, which brings one back that has died. */
export const s6: PeerProgram = {
  name: 's6',
  // Without words it prints how it is used.
  missing: () => missingDebianProgram(['s6-svc'], 's6'),
  start: (programs) => startServices(suite, programs),
};
