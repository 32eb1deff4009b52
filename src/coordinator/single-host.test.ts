import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createSystemClock } from '../system/clock.ts';
import { createSingleHostCoordinator } from './single-host.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'runner-test-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a lock that cannot be tried', () => {
  for (const [name, script] of [
    ['because perl does not start', null],
    ['because the file system has no locks', '#!/bin/sh\nprintf x\n'],
  ] as const) {
    test(`${name} is said, and the file is closed again`, async () => {
      const perl = join(folder, 'perl');
      if (script !== null) writeFileSync(perl, script, { mode: 0o700 });
      await assert.rejects(coordinator(perl).takeProject(), {
        name: 'LockError',
        message: /^Cannot lock ".*runner\.lock": .*; nothing was started\./,
      });
      assert.deepEqual(openBelow(folder), []);
    });
  }
});

function coordinator(perl: string): ReturnType<typeof createSingleHostCoordinator> {
  const paths = { folder, projectLock: join(folder, 'runner.lock'), alertsLock: join(folder, 'alerts') };
  return createSingleHostCoordinator(paths, perl, createSystemClock());
}

/** The files of that folder which this process has open. */
function openBelow(path: string): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map(targetOf)
    .filter((target) => target.startsWith(path));
}

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // The one with which the folder was read.
    return '';
  }
}
