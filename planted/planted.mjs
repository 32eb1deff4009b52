// npm run planted [-- NAME...]: plants one bug after another into a copy of this repository, and shows which test
// catches it. A bug that no test catches, or that the compiler does, is a failure.
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root, run, tool, totalsOf } from '../scripts/command.mjs';
import { bugs, mistakeIn } from './bugs.mjs';

const usage = `npm run planted [-- NAME...]   plants these bugs, or all of them, one at a time, in a copy of the repository

It prints for each bug the first test that failed, and the seconds it took. The exit status is 1 when a bug was not caught.
Tests of priorities fail below nice.
The bugs are:
`;
/** A test that hangs because of a bug is ended after so long. */
const testLimit = '--timeout=240';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(usage + bugs.map(({ name, why }) => `  ${name.padEnd(36)} ${why}`).join('\n'));
  process.exit(0);
}
const unknown = args.find((name) => !bugs.some((bug) => bug.name === name));
if (unknown !== undefined) {
  console.log(`No bug is called "${unknown}": see npm run planted -- --help`);
  process.exit(2);
}
const chosen = args.length === 0 ? bugs : bugs.filter(({ name }) => args.includes(name));

const folder = await mkdtemp(join(tmpdir(), 'runner-planted-'));
// Some tests start processes of other users, which have to get at what is in it.
await chmod(folder, 0o755);
const copy = join(folder, 'repository');
const installed = join(folder, 'package');
try {
  await copyRepository();
  process.exitCode = (await isSound()) && (await plantAll()) ? 0 : 1;
} finally {
  await endAllBelow(folder);
  await rm(folder, { recursive: true, force: true });
}

/** As it is here now, with what is not committed yet. */
async function copyRepository() {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  const present = await Promise.all(stdout.split('\0').map((file) => copyFile(file)));
  if (!present.includes(true)) throw new Error('git names no file to copy');
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
}

async function copyFile(file) {
  if (file === '') return false;
  await mkdir(dirname(join(copy, file)), { recursive: true });
  try {
    await cp(join(root, file), join(copy, file), { verbatimSymlinks: true });
  } catch (error) {
    // Removed here, and not committed yet.
    if (error.code !== 'ENOENT') throw error;
  }
  return true;
}

/** A test that fails without any bug would seem to catch each. */
async function isSound() {
  const words = [...new Set(chosen.flatMap(({ caughtBy }) => caughtBy))];
  if (usesPackage(words)) await mkdir(installed);
  // The types of the tests lean on those of the package.
  for (const step of ['build', ...(usesPackage(words) ? ['package-check'] : [])]) {
    const made = await inCopy([`scripts/${step}.mjs`]);
    if (made.exitCode !== 0) return refuse(`Without any bug scripts/${step}.mjs fails`, made.output);
  }
  // With a name among the words no other test runs, so that those without one run by themselves.
  const isNamed = (word) => word.startsWith('--named=');
  const [some, whole] = [true, false].map((named) =>
    chosen.filter(({ caughtBy }) => caughtBy.some(isNamed) === named).flatMap(({ caughtBy }) => caughtBy),
  );
  for (const group of [whole, some].filter(({ length }) => length > 0)) {
    const tested = await inCopy(['scripts/test.mjs', testLimit, ...new Set(group)]);
    if (tested.exitCode !== 0) return refuse('These tests fail without any bug', tested.output);
    console.log(`without a bug ${totalsOf(tested.output).passed} tests pass in ${seconds(tested.seconds)}`);
  }
  return true;
}

function refuse(what, output) {
  console.log(`${what}\n${output.trimEnd()}\n0 passed, 1 failed`);
  return false;
}

async function plantAll() {
  const width = Math.max(...chosen.map(({ name }) => name.length));
  let caught = 0;
  for (const bug of chosen) {
    const startedMs = performance.now();
    const answer = await plant(bug);
    if (answer.isCaught) caught += 1;
    const took = seconds((performance.now() - startedMs) / 1_000).padStart(8);
    const what = answer.isCaught ? answer.by : `NOT CAUGHT: ${answer.why}`;
    console.log(`${bug.name.padEnd(width)} ${took}  ${what}`);
  }
  console.log(`${caught} passed, ${chosen.length - caught} failed`);
  return caught === chosen.length;
}

/** Tries one bug, and takes it out again. */
async function plant(bug) {
  const path = join(copy, bug.file);
  const text = await readFile(path, 'utf8');
  const mistake = mistakeIn(bug, text);
  if (mistake !== null) return { isCaught: false, why: mistake };
  await writeFile(path, text.split(bug.find).join(bug.put));
  try {
    return await tryTests(bug);
  } finally {
    await endAllBelow(folder);
    await writeFile(path, text);
  }
}

async function tryTests({ caughtBy }) {
  const mistake = await buildMistake(usesPackage(caughtBy));
  if (mistake !== null) return { isCaught: false, why: `it is a mistake in the list, ${mistake}` };
  const { exitCode, output } = await inCopy(['scripts/test.mjs', testLimit, ...caughtBy]);
  if (exitCode === 0) return { isCaught: false, why: `${caughtBy.join(', ')} passed` };
  const by = /^failed: (.*?)(?: \([^()]*:[\d?]+\))?$/m.exec(output)?.[1];
  if (by === undefined || by.endsWith('.test.js') || by.endsWith('.test.ts'))
    return { isCaught: false, why: `no test failed, but a whole file did\n${output.trimEnd()}` };
  return { isCaught: true, by };
}

/** Builds what the tests run, and checks its types; what the compiler said, or `null`. */
async function buildMistake(withPackage) {
  const options = ['--noCheck', 'false', '--incremental', '--tsBuildInfoFile', join(folder, 'tsbuildinfo')];
  const compiled = await run(tool('tsc'), ['-p', 'tsconfig.build.json', ...options], { cwd: copy });
  if (compiled.exitCode !== 0) return `the compiler refuses it: ${compiled.output.trim()}`;
  if (withPackage) {
    const built = await inCopy(['scripts/build.mjs']);
    if (built.exitCode !== 0) return `it cannot be built: ${built.output.trim()}`;
    const target = join(installed, 'node_modules/yourlabs-runner/dist');
    await rm(target, { recursive: true });
    await cp(join(copy, 'dist'), target, { recursive: true });
  }
  return null;
}

function inCopy(words) {
  return run(process.execPath, words, { cwd: copy, env: { RUNNER_PACKAGE: installed, TMPDIR: folder } });
}

/** The same question as in scripts/test.mjs. */
function usesPackage(words) {
  return words.some((word) => /^test\/(e2e|package|scenarios)\//.test(word));
}

/** A test that fails because of a bug may leave processes behind: those in folders of this trial are its own. */
async function endAllBelow(place) {
  for (const pid of await readdir('/proc')) {
    if (/^\d+$/.test(pid) && (await folderOf(pid)).startsWith(`${place}/`)) endOne(Number(pid));
  }
}

async function folderOf(pid) {
  try {
    return await readlink(`/proc/${pid}/cwd`);
  } catch {
    // It ended in between.
    return '';
  }
}

function endOne(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function seconds(number) {
  return `${number.toFixed(1)} s`;
}
