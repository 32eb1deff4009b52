// npm run check [-- --only STEP...]: every check that CI runs, stopping at the first step that fails.
// Prints a line a step and the whole output of a failing one. The last line counts tests; a failing
// step that is no test counts as one failure.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { report, run, tool, totalsOf } from './command.mjs';

// The package comes before the tests because those in test/e2e and test/package run against it.
const steps = {
  build: () => run('node', ['scripts/build.mjs']),
  format: () => run(tool('oxfmt'), ['--check']),
  lint: () => run(tool('oxlint'), []),
  conventions: () => run('node', ['scripts/conventions.mjs']),
  types: () => run(tool('tsc'), ['-p', 'tsconfig.json']),
  examples: () => run(tool('tsc'), ['-p', 'examples']),
  knip: () => run(tool('knip'), []),
  package: () => run('node', ['scripts/package-check.mjs']),
  tests: () => run('node', ['scripts/test.mjs']),
};

const chosen = chosenSteps(process.argv.slice(2));
const isOwnPackage = chosen.includes('package') && process.env.RUNNER_PACKAGE === undefined;
if (isOwnPackage) process.env.RUNNER_PACKAGE = await mkdtemp(join(tmpdir(), 'runner-package-'));
const totals = { passed: 0, failed: 0 };
for (const name of chosen) {
  const result = await steps[name]();
  const counted = totalsOf(result.output) ?? { passed: 0, failed: 0 };
  if (result.exitCode !== 0 && counted.failed === 0) counted.failed = 1;
  report(name, result);
  totals.passed += counted.passed;
  totals.failed += counted.failed;
  if (result.exitCode !== 0) break;
}
if (isOwnPackage) await rm(process.env.RUNNER_PACKAGE, { recursive: true, force: true });
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;

function chosenSteps(args) {
  const only = args.filter((arg) => arg !== '--only').map((arg) => arg.replace(/^--only=/, ''));
  const unknown = only.filter((name) => !Object.hasOwn(steps, name));
  if (unknown.length > 0) {
    console.log(`No step is called "${unknown[0]}": the steps are ${Object.keys(steps).join(', ')}`);
    process.exit(2);
  }
  return only.length === 0 ? Object.keys(steps) : only;
}
