// node scripts/build.mjs [tests] [package]: without a word, both.
//   tests    all TypeScript but the examples as JavaScript in build/, for node:test, the benchmarks, torture and soak
//   package  the bundles, the declarations and the JSON Schema in dist/
import { chmod, copyFile, rm, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build as bundle } from 'rolldown';
import bundles from '../rolldown.config.mjs';
import { root, run, tool } from './command.mjs';

const asked = process.argv.slice(2);
const parts = asked.length === 0 ? ['tests', 'package'] : asked;

// The JSON Schema is made by the compiled source, so `package` needs build/ as well.
await rm(`${root}build`, { recursive: true, force: true });
if (parts.includes('package')) await rm(`${root}dist`, { recursive: true, force: true });

const work = [build(tool('tsc'), ['-p', 'tsconfig.build.json'])];
if (parts.includes('package')) {
  work.push(build(tool('tsc'), ['-p', 'tsconfig.types.json']));
  work.push(bundle(bundles));
}
await Promise.all(work);

if (parts.includes('package')) {
  await chmod(`${root}dist/runner.cjs`, 0o755);
  await copyFile(`${root}src/worker/worker.pl`, `${root}dist/worker.pl`);
  await copyFile(`${root}src/system/init.pl`, `${root}dist/init.pl`);
  const { configJsonSchema } = await import(pathToFileURL(`${root}build/src/config/json-schema.js`).href);
  const text = `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
  await writeFile(`${root}dist/runner.config.schema.json`, text);
}

async function build(program, args) {
  const { exitCode, output } = await run(program, args);
  if (output.trim() !== '') console.log(output.trimEnd());
  if (exitCode !== 0) process.exit(exitCode);
}
