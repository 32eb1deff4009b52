import { access } from 'node:fs/promises';
import { root, run } from './command.mjs';

/** The major versions that every change is tested on. */
export const nodeMajors = [20, 22, 24, 26];

/** The path of a Node that `installNode` put into .nodes/; `null` when it is not there. */
export async function nodeProgram(major) {
  const path = `${root}.nodes/${major}/node_modules/${packageName()}/bin/node`;
  try {
    await access(path);
    return path;
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Installs the newest Node of a major version from the npm registry, unless it is there. It is no
 * dependency of the project: its `.bin/node` would take over every npm script.
 */
export async function installNode(major) {
  if ((await nodeProgram(major)) !== null) return { exitCode: 0, output: '', seconds: 0 };
  const folder = `${root}.nodes/${major}`;
  return run('npm', ['i', '--prefix', folder, '--ignore-scripts', `${packageName()}@${major}`]);
}

function packageName() {
  return `node-${process.platform}-${process.arch}`;
}
