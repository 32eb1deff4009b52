import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from './runner-process.ts';

/** Does the work with a folder of the project that is a disk of 8 MB of its own. Only root can make one: others do nothing. */
export async function onSmallDisk(
  project: TestProject,
  name: string,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const folder = join(project.folder, name);
  mkdirSync(folder);
  assert.equal(project.shell(`mount -t tmpfs -o size=8m,mode=700 none ${folder}`), 0);
  try {
    await work(folder);
  } finally {
    project.shell(`umount -l ${folder}`);
  }
}
