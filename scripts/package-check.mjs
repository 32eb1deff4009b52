// Packs the package, installs the tarball into the folder RUNNER_PACKAGE (a temporary one when unset) and
// tries it as a user would. Needs dist/. End-to-end tests then use the same folder.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run, tool } from './command.mjs';

const folder = process.env.RUNNER_PACKAGE ?? (await mkdtemp(join(tmpdir(), 'runner-package-')));
const { name, version } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
try {
  const tarball = await pack();
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  await must('npm', ['i', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', tarball]);
  await Promise.all([
    must(tool('publint'), ['--strict', tarball]),
    must(tool('attw'), [tarball, '--profile', 'esm-only', '--exclude-entrypoints', 'schema.json']),
    tryProgram(),
    tryLibrary(),
    tryTypes(),
  ]);
} catch (error) {
  console.log(`The package is not right: ${error.message}`);
  process.exitCode = 1;
} finally {
  if (process.env.RUNNER_PACKAGE === undefined) await rm(folder, { recursive: true, force: true });
}

/** Makes the tarball and looks at what is in it. */
async function pack() {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [{ filename, files }] = JSON.parse(await must('npm', args, root));
  for (const { path, mode } of files) {
    if ((mode & 0o022) !== 0) fail(`${path} may be written by others (mode ${mode.toString(8)})`);
    if (!/^(dist|docs)\/|^[A-Z]+(\.md)?$|^package\.json$/.test(path)) fail(`${path} should not be in it`);
    if (/\.(test\.|map$|tsbuildinfo)/.test(path)) fail(`${path} should not be in it`);
  }
  const program = files.find(({ path }) => path === 'dist/runner.cjs');
  if (program === undefined || (program.mode & 0o111) !== 0o111) fail('dist/runner.cjs is not executable');
  const text = await readFile(`${root}dist/runner.cjs`, 'utf8');
  if (!text.startsWith('#!/usr/bin/env node\n'))
    fail('dist/runner.cjs does not start with "#!/usr/bin/env node"');
  return join(folder, filename);
}

async function tryProgram() {
  const printed = (await must('npx', ['--no-install', 'runner', '--version'])).trim();
  if (printed !== version) fail(`"runner --version" printed "${printed}" instead of "${version}"`);
}

async function tryLibrary() {
  const code = `import { defineConfig } from '${name}';
    import schema from '${name}/schema.json' with { type: 'json' };
    if (typeof defineConfig !== 'function' || typeof schema !== 'object') process.exit(1);`;
  await must(process.execPath, ['--input-type=module', '-e', code]);
}

/** The declarations may not lean on a package that a user does not have. */
async function tryTypes() {
  await writeFile(
    join(folder, 'types.ts'),
    `import { defineConfig } from '${name}';\nexport type Found = typeof defineConfig;\n`,
  );
  const types = ['--types', 'node', '--typeRoots', `${root}node_modules/@types`];
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', 'false', ...types];
  await must(tool('tsc'), [...options, 'types.ts']);
}

async function must(program, args, cwd = folder) {
  const { exitCode, stdout, output } = await run(program, args, { cwd });
  if (exitCode !== 0) fail(`${program} ${args.join(' ')} ended with ${exitCode}\n${output}`);
  return stdout;
}

function fail(what) {
  throw new Error(what);
}
