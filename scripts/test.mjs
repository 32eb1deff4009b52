// node scripts/test.mjs [--build] [--core-coverage] [--without=PATH PART]... [PATH PART...]: runs the compiled tests whose
// path holds one of the parts; without a part, all of them; but none whose path holds a part that is left out. The file list is expanded here because
// `node --test FOLDER` works on Node 20 only, and quoted globs only on later ones.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './command.mjs';

const args = process.argv.slice(2);
const filters = args.filter((arg) => !arg.startsWith('--')).map((arg) => arg.replace(/\.[jt]s$/, ''));
if (args.includes('--build')) await must('node', ['scripts/build.mjs', 'tests']);

const leftOut = args
  .filter((arg) => arg.startsWith('--without='))
  .map((arg) => arg.slice('--without='.length));
const files = (await testFiles())
  .filter(
    (file) => filters.length === 0 || filters.some((part) => file.slice('build/'.length).includes(part)),
  )
  .filter((file) => !leftOut.some((part) => file.slice('build/'.length).includes(part)));
if (files.length === 0) {
  console.log(`No test file in build/ has ${filters.map((part) => `"${part}"`).join(' or ')} in its path`);
  process.exit(1);
}

// Tests in these folders use the package as users get it, installed in the folder RUNNER_PACKAGE.
const needsPackage = files.some((file) => /^build\/test\/(e2e|faults|package|scenarios)\//.test(file));
const ownPackage = needsPackage && process.env.RUNNER_PACKAGE === undefined;
if (ownPackage) {
  process.env.RUNNER_PACKAGE = await mkdtemp(join(tmpdir(), 'runner-package-'));
  await must('node', ['scripts/build.mjs']);
  await must('node', ['scripts/package-check.mjs']);
}

// With source maps on, Node 22 to 26 report no file at all, which looks like 100 %.
const coverage = ['--experimental-test-coverage', '--test-coverage-include=build/src/core/**'];
const extra = args.includes('--core-coverage') ? coverage : ['--enable-source-maps'];
const { exitCode } = await run(
  process.execPath,
  [
    '--test',
    `--test-concurrency=${availableParallelism()}`,
    '--test-timeout=600000',
    '--test-reporter=./scripts/test-reporter.mjs',
    '--test-reporter-destination=stdout',
    ...extra,
    ...files,
  ],
  { isShown: true },
);
if (ownPackage) await rm(process.env.RUNNER_PACKAGE, { recursive: true, force: true });
process.exit(exitCode);

async function testFiles() {
  const names = await readdir(`${root}build`, { recursive: true });
  return names
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => `build/${name}`)
    .toSorted();
}

async function must(program, programArgs) {
  const { exitCode: code, output } = await run(program, programArgs);
  if (code === 0) return;
  console.log(output.trimEnd());
  process.exit(code);
}
