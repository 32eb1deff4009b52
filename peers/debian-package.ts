import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

const policyFile = '/usr/sbin/policy-rc.d';

/**
 * Why a program of a Debian package cannot be used here; `null` when it can. Installs the package where that is allowed;
 * Debian's scripts start no service of it.
 * @param program a command line that succeeds when the program is here
 */
export function missingDebianProgram(
  program: readonly [string, ...string[]],
  debianPackage: string,
): string | null {
  const [file, ...args] = program;
  const isThere = (): boolean => spawnSync(file, args, { stdio: 'ignore' }).error === undefined;
  if (isThere()) return null;
  if (process.getuid?.() === 0) install(debianPackage);
  return isThere() ? null : `no ${file} here`;
}

function install(debianPackage: string): void {
  const isOurs = !existsSync(policyFile);
  // What this says to each script that would start a service: you may not.
  if (isOurs) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const line = `apt-get update -q && apt-get install -q -y --no-install-recommends ${debianPackage}`;
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('sh', ['-c', line], { stdio: 'ignore', env });
  } finally {
    if (isOurs) rmSync(policyFile);
  }
}
