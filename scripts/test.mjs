// node scripts/test.mjs [OPTION...] [PATH PART...]: runs the compiled tests whose path holds one of the parts; without a
// part, all of them.
//   --build            compiles them first
//   --core-coverage    fails unless all of src/core/ is covered
//   --without=PART     none whose path holds this part
//   --named=PATTERN    only tests whose name fits this regular expression, or another one that is given
//   --timeout=SECONDS  how long a file may take; 600
// The file list is expanded here because `node --test FOLDER` works on Node 20 only, and quoted globs only on later ones.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './command.mjs';

const args = process.argv.slice(2);
const filters = args.filter((arg) => !arg.startsWith('--')).map((arg) => arg.replace(/\.[jt]s$/, ''));
if (args.includes('--build')) await must('node', ['scripts/build.mjs', 'tests']);

const leftOut = valuesOf('--without=');
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

const [seconds = '600'] = valuesOf('--timeout=');

// With source maps on, Node 22 to 26 report no file at all, which looks like 100 %.
const coverage = ['--experimental-test-coverage', '--test-coverage-include=build/src/core/**'];
const extra = args.includes('--core-coverage') ? coverage : ['--enable-source-maps'];
const { exitCode } = await run(
  process.execPath,
  [
    '--test',
    `--test-concurrency=${availableParallelism() + 1}`,
    `--test-timeout=${Number(seconds) * 1_000}`,
    ...valuesOf('--named=').map((pattern) => `--test-name-pattern=${pattern}`),
    '--test-reporter=./scripts/test-reporter.mjs',
    '--test-reporter-destination=stdout',
    ...extra,
    ...files,
  ],
  { isShown: true },
);
if (ownPackage) await rm(process.env.RUNNER_PACKAGE, { recursive: true, force: true });
process.exit(exitCode);

function valuesOf(option) {
  return args.filter((arg) => arg.startsWith(option)).map((arg) => arg.slice(option.length));
}

/** The end-to-end tests come first: a long one that begins last is waited for by all. */
async function testFiles() {
  const names = await readdir(`${root}build`, { recursive: true });
  const files = names.filter((name) => name.endsWith('.test.js')).map((name) => `build/${name}`);
  const isLong = (file) => file.startsWith('build/test/e2e/');
  return files.toSorted((a, b) => Number(isLong(b)) - Number(isLong(a)) || a.localeCompare(b));
}

async function must(program, programArgs) {
  const { exitCode: code, output } = await run(program, programArgs);
  if (code === 0) return;
  console.log(output.trimEnd());
  process.exit(code);
}
