// npm run torture -- [CASE...] [--only runner,pm2,...] [--kills N] [--seed N] [--json] [--help]: see torture/arguments.ts.
// Gives the torture an installed package of its own, as its users have it: a build meanwhile does not matter.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from '../scripts/command.mjs';

// Certificates that every Node process reads at its start only cost time here.
delete process.env.NODE_EXTRA_CA_CERTS;

if (isStale()) {
  const built = await run(process.execPath, ['scripts/build.mjs']);
  if (built.exitCode !== 0) {
    console.log(built.output.trimEnd());
    process.exit(1);
  }
}
const installed = mkdtempSync(join(tmpdir(), 'runner-tortured-'));
process.on('exit', () => rmSync(installed, { recursive: true, force: true }));
const modules = join(installed, 'node_modules');
mkdirSync(join(modules, 'yourlabs-runner'), { recursive: true });
cpSync(`${root}dist`, join(modules, 'yourlabs-runner', 'dist'), { recursive: true });
cpSync(`${root}package.json`, join(modules, 'yourlabs-runner', 'package.json'));
for (const name of readdirSync(`${root}node_modules`)) {
  if (!name.startsWith('.')) symlinkSync(`${root}node_modules/${name}`, join(modules, name));
}
process.env.RUNNER_PACKAGE = installed;
const { torture } = await import('../build/torture/torture.js');
process.exitCode = await torture(process.argv.slice(2));

function isStale() {
  const results = ['dist/runner.cjs', 'dist/worker.pl', 'build/torture/torture.js'];
  if (!results.every((name) => existsSync(`${root}${name}`))) return true;
  const oldestResult = Math.min(...results.map((name) => statSync(`${root}${name}`).mtimeMs));
  const sources = ['src', 'peers', 'torture', 'test/support'].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true })
      .filter((name) => /\.(ts|pl)$/.test(name))
      .map((name) => `${root}${folder}/${name}`),
  );
  return sources.some((name) => statSync(name).mtimeMs > oldestResult);
}
