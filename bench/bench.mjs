// npm run bench [WORD...]: measures what docs/performance.md describes, prints the tables and writes
// bench/results.md. With words, only the comparisons whose title holds one of them; nothing is written then.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { root, run } from '../scripts/command.mjs';

// Certificates that every Node process reads at its start would be measured with it.
delete process.env.NODE_EXTRA_CA_CERTS;

if (isStale()) {
  const built = await run(process.execPath, ['scripts/build.mjs']);
  if (built.exitCode !== 0) {
    console.log(built.output.trimEnd());
    process.exit(1);
  }
}
const { measureAll } = await import('../build/bench/comparisons.js');
process.exitCode = await measureAll(process.argv.slice(2));

function isStale() {
  const results = [
    'dist/runner.js',
    'dist/worker.pl',
    'dist/function-worker.js',
    'build/bench/comparisons.js',
  ];
  if (!results.every((name) => existsSync(`${root}${name}`))) return true;
  const oldestResult = Math.min(...results.map((name) => statSync(`${root}${name}`).mtimeMs));
  const sources = ['src', 'bench'].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true })
      .filter((name) => /\.(ts|pl)$/.test(name))
      .map((name) => `${root}${folder}/${name}`),
  );
  return sources.some((name) => statSync(name).mtimeMs > oldestResult);
}
