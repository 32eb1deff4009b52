// A node:test reporter: prints failures, what failing files wrote, and the totals; nothing for a pass.
// With coverage on, files under src/core/ must be covered to 100 %: each gap is one failure.
import { readdir, readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { root } from './command.mjs';

export default async function* testReporter(events) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const written = new Map();
  const failingFiles = new Set();
  const note = (file, text) => written.set(sourceOf(file), (written.get(sourceOf(file)) ?? '') + text);
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      note(data.file, data.message);
    } else if (type === 'test:diagnostic' && /error|warning/i.test(data.message)) {
      note(data.file, `${data.message}\n`);
    } else if (type === 'test:pass') {
      countPass(data, totals);
    } else if (type === 'test:fail' && isOwnFailure(data)) {
      totals.failed += 1;
      failingFiles.add(sourceOf(data.file));
      yield describeFailure(data);
    } else if (type === 'test:coverage') {
      const gaps = await coverageGaps(data.summary.files);
      totals.failed += gaps.length;
      yield gaps.map((gap) => `not covered: ${gap}\n`).join('');
    }
  }
  // Node 20 does not say which file a late error came from.
  if (totals.failed > 0) failingFiles.add('');
  for (const file of failingFiles) {
    if (written.has(file)) yield `\n--- written by ${file || 'the test runner'}\n${written.get(file)}`;
  }
  if (totals.passed + totals.failed + totals.skipped === 0) {
    totals.failed = 1;
    yield 'There is no test in the chosen files\n';
  }
  if (totals.failed > 0) process.exitCode = 1;
  if (totals.skipped > 0) yield `${totals.skipped} skipped\n`;
  yield `${totals.passed} passed, ${totals.failed} failed\n`;
}

/** Events name a file in three ways: compiled, relative, or its source by way of the source map. */
function sourceOf(file = '') {
  return file
    .replace(root, '')
    .replace(/^build\//, '')
    .replace(/\.js$/, '.ts');
}

function countPass(data, totals) {
  // A file without a test passes as a test of its own.
  if (data.details.type === 'suite' || data.name.endsWith('.test.js')) return;
  if (data.skip !== undefined || data.todo !== undefined) totals.skipped += 1;
  else totals.passed += 1;
}

/** A suite that fails only because a test in it failed is no failure of its own. */
function isOwnFailure(data) {
  return data.details.error?.failureType !== 'subtestsFailed' && data.todo === undefined;
}

function describeFailure(data) {
  const { error } = data.details;
  const place = data.file === undefined ? '' : ` (${sourceOf(data.file)}:${data.line ?? '?'})`;
  const cause = error?.cause ?? error;
  const text = cause instanceof Error || typeof cause === 'object' ? inspect(cause) : String(cause);
  return `\nfailed: ${data.name}${place}\n${text}\n`;
}

async function coverageGaps(files) {
  const gaps = [];
  const seen = files.map((file) => file.path);
  for (const { path, branches, functions, lines } of files) {
    if (!/\/src\/core\//.test(path) || /\.test\.[jt]s$/.test(path)) continue;
    const where = (items) => [...new Set(items.filter((item) => item.count === 0).map((item) => item.line))];
    for (const [what, missing] of Object.entries({
      branches: where(branches),
      functions: where(functions),
      lines: where(lines),
    })) {
      if (missing.length > 0) gaps.push(`${path}: ${what} at line ${missing.join(', ')}`);
    }
  }
  return [...gaps, ...(await neverLoaded(seen))];
}

/** Node reports only files that some test loaded. */
async function neverLoaded(seen) {
  const missing = [];
  for (const name of await readdir(`${root}build/src/core`, { recursive: true })) {
    if (!name.endsWith('.js') || name.endsWith('.test.js')) continue;
    const path = name.replace(/\.js$/, '');
    if (seen.some((one) => one.replace(/\.[jt]s$/, '').endsWith(`/src/core/${path}`))) continue;
    const code = (await readFile(`${root}build/src/core/${name}`, 'utf8')).replace(/^\s*\/\/.*$/gm, '');
    const isTypesOnly = code.replace(/\/\*[\s\S]*?\*\//g, '').trim() === 'export {};';
    if (!isTypesOnly) missing.push(`src/core/${path}.ts: no test loads it`);
  }
  return missing;
}
