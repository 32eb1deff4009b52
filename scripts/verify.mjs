// npm run verify: everything, from a fresh clone, on a machine that has only Node and npm. Runs all checks and tests,
// then on every other supported Node those that it can make a difference to, then the coverage of src/core/, some of
// the torture and 100 000 simulated worlds. The last line counts over all. Uses nothing but Node's own modules: it
// runs before `npm ci`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { report, run, totalsOf } from './command.mjs';
import { installNode, nodeMajors, nodeProgram } from './nodes.mjs';

// What the tests start, and the Debian package it comes in.
const debianPrograms = {
  bash: 'bash',
  flock: 'util-linux',
  setpriv: 'util-linux',
  python3: 'python3',
  faketime: 'faketime',
  unshare: 'util-linux',
  'systemd-notify': 'systemd',
  useradd: 'passwd',
  openssl: 'openssl',
  exim4: 'exim4-daemon-light',
  promtool: 'prometheus',
  strace: 'strace',
  ps: 'procps',
  mount: 'mount',
};

const ourMajor = Number(process.versions.node.split('.')[0]);
const otherMajors = nodeMajors.filter((major) => major !== ourMajor);
/** What uses nothing of Node runs on ours alone, and so does what takes long and does not depend on the Node. */
const oursAlone = [
  'src/core/',
  'simulation/',
  'test/fuzz/',
  'test/faults/',
  'config/bad-projects',
  'e2e/demo',
];
const without = oursAlone.map((part) => `--without=${part}`);
/** The others are in the tests as well, or take long: `npm run torture` has all, and the peers. */
const tortures = ['twice', 'dead-parent', 'escaped', 'other-boot', 'clock', 'full-disk'];
const torture = [...tortures, '--only', 'runner', '--short'];
const worlds = process.env.WORLDS ?? '100000';
/** What runs between the oldest and the newest, where all the rest does: what meets a part of Node by itself. */
const between = [
  'contracts/',
  'config/',
  'store/',
  'worker/',
  'e2e/run',
  'e2e/next-runner',
  'e2e/cannot-run',
  'e2e/endings',
];
/** Kills on the other Nodes, unless somebody asks for more. */
const shorter = { KILLS: process.env.KILLS ?? '6' };
const isRoot = process.getuid?.() === 0;
const totals = { passed: 0, failed: 0 };
const folder = await mkdtemp(join(tmpdir(), 'runner-package-'));
try {
  await verify();
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;

async function verify() {
  if (!(await step('npm ci', () => run('npm', ['ci', '--ignore-scripts'])))) return;
  if (!(await step('debian', installDebianPackages))) return;
  for (const major of otherMajors) await step(`install node ${major}`, () => installNode(major));
  const env = { RUNNER_PACKAGE: folder };
  const check = await run('node', ['scripts/check.mjs'], { env, isShown: true });
  count(check);
  if (check.exitCode !== 0) return;
  for (const major of otherMajors) {
    const program = await nodeProgram(major);
    if (program !== null) await step(`tests, node ${major}`, () => testOn(program, major, env));
  }
  // Its tests were counted above, so that only its failures count here.
  const coverage = await run('node', ['scripts/coverage.mjs']);
  report('core coverage', coverage);
  if (coverage.exitCode !== 0) totals.failed += totalsOf(coverage.output)?.failed || 1;
  // It mounts a small disk and sets clocks.
  if (isRoot) await step('torture', () => run('node', ['torture/torture.mjs', ...torture]));
  await step(`${worlds} worlds`, () => run('node', ['scripts/simulate.mjs', '--worlds', worlds]));
}

async function step(name, act) {
  const result = await act();
  report(name, result);
  count(result);
  return result.exitCode === 0;
}

/** A step that fails without naming a failed test counts as one failure. */
function count({ exitCode, output }) {
  const counted = totalsOf(output) ?? { passed: 0, failed: 0 };
  totals.passed += counted.passed;
  totals.failed += exitCode !== 0 && counted.failed === 0 ? 1 : counted.failed;
}

/**
 * The folder of that Node comes first in PATH, so that whatever a test starts runs on it as well. What random tests find
 * does not depend on the Node: they ran at full length on ours.
 */
function testOn(program, major, env) {
  const isNewest = major === Math.max(...nodeMajors);
  const path = `${dirname(program)}${delimiter}${process.env.PATH}`;
  return run(program, ['scripts/test.mjs', ...without, ...(isNewest ? [] : between)], {
    env: { ...shorter, ...env, PATH: path },
  });
}

async function installDebianPackages() {
  const packages = new Set();
  for (const [program, debianPackage] of Object.entries(debianPrograms)) {
    const { exitCode } = await run('sh', ['-c', `command -v ${program}`]);
    if (exitCode !== 0) packages.add(debianPackage);
  }
  if (packages.size === 0) return { exitCode: 0, output: '', seconds: 0 };
  const install = `apt-get update -q && apt-get install -q -y --no-install-recommends ${[...packages].join(' ')}`;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  return isRoot ? run('sh', ['-c', install], { env }) : run('sudo', ['-n', 'sh', '-c', install], { env });
}
