// The rules of how we write code that oxlint cannot express: the layers (by resolved path, with types and
// dynamic imports), no re-export outside src/index.ts, a docstring on each export, the word `function` for
// top-level functions, no folder or file named after nothing, and that each planted bug still fits its file.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { bugs, mistakeIn } from '../planted/bugs.mjs';
import { root } from './command.mjs';

// What a part of src/ may import, besides itself. A part is a folder of src/ or a file right in it.
const adapter = ['core', 'ports.ts'];
const everyAdapter = [
  'system',
  'worker',
  'store',
  'coordinator',
  'log',
  'alert',
  'config',
  'control',
  'metrics',
  'heartbeat',
];
const mayImport = {
  core: [],
  'ports.ts': ['core'],
  // What may be asked of a runner that is up: the other side of its ports.
  'control-port.ts': ['core'],
  runner: ['core', 'ports.ts', 'control-port.ts'],
  ...Object.fromEntries(everyAdapter.map((name) => [name, adapter])),
  // Two rooms that adapters share: what the kernel says of processes, and the code of the user.
  processes: ['core'],
  'user-code': ['core', 'ports.ts'],
  worker: [...adapter, 'processes', 'user-code'],
  coordinator: [...adapter, 'processes'],
  system: [...adapter, 'processes'],
  config: [...adapter, 'processes', 'user-code'],
  control: [...adapter, 'control-port.ts'],
  metrics: [...adapter, 'control-port.ts'],
  compose: ['core', 'ports.ts', 'control-port.ts', 'runner', 'processes', ...everyAdapter],
  'index.ts': ['core', 'user-code', 'config'],
  // Commands run chains through compose/ alone; they read what adapters have loaded, stored and logged.
  cli: ['core', 'compose', 'ports.ts', 'control-port.ts', 'config', 'control', 'log', 'store', 'system'],
};
const emptyNames = /(^|\/)(utils?|helpers?|common|misc|shared|lib)(\/|\.ts$)/;
const importPattern = /(?:\bfrom\s*|\bimport\s*\(\s*|^import\s+)(['"])(\.{1,2}\/[^'"]+)\1/gm;

const problems = [];
const names = (await readdir(`${root}src`, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
for (const name of names.toSorted()) {
  const text = await readFile(`${root}src/${name}`, 'utf8');
  if (emptyNames.test(name)) tell(name, 'this name says nothing: name the idea');
  if (name.endsWith('.test.ts')) continue;
  checkImports(name, text);
  checkStyle(name, text);
}
await checkPlantedBugs();
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function checkImports(name, text) {
  const part = name.split('/')[0];
  const allowed = mayImport[part];
  if (allowed === undefined) {
    tell(name, `src/${part} has no layer: give it one in scripts/conventions.mjs`);
    return;
  }
  for (const found of text.matchAll(importPattern)) {
    const target = normalize(join(dirname(name), found[2])).split('/')[0];
    if (target !== part && !allowed.includes(target)) {
      tell(
        place(name, text, found),
        `src/${part} may not import ${found[2]}: only ${list([part, ...allowed])}`,
      );
    }
  }
}

function checkStyle(name, text) {
  const reExport = /^export\s+(?:type\s+)?(?:\*|\{[^}]*\})\s*(?:as \w+\s+)?from\b/gm;
  if (name !== 'index.ts') {
    for (const found of text.matchAll(reExport)) {
      tell(place(name, text, found), 'only src/index.ts re-exports: import from the file itself');
    }
  }
  const arrow = /^(?:export )?const \w+ = (?:async )?(?:<[^>]*>)?\([^()]*\)(?:: [^=]+)? =>/gm;
  for (const found of text.matchAll(arrow)) {
    tell(place(name, text, found), 'a top-level function uses the word "function"');
  }
  const declared =
    /(?<!\*\/\n)^export (?:default )?(?:abstract )?(?:async )?(?:function|const|let|class|interface|type)\b(?! \{)/gm;
  for (const found of text.matchAll(declared)) {
    tell(place(name, text, found), 'this export has no docstring');
  }
}

// A list of bugs that do not fit any more would be of no use to whoever runs it.
async function checkPlantedBugs() {
  for (const [index, bug] of bugs.entries()) {
    const isNamedTwice = bugs.findIndex(({ name }) => name === bug.name) !== index;
    const mistake = isNamedTwice
      ? 'it has the name of another one'
      : mistakeIn(bug, await readFile(`${root}${bug.file}`, 'utf8'));
    if (mistake !== null) problems.push(`planted/: the bug "${bug.name}": ${mistake}`);
  }
}

function tell(where, what) {
  problems.push(`src/${where}: ${what}`);
}

function place(name, text, found) {
  return `${name}:${text.slice(0, found.index).split('\n').length}`;
}

function list(parts) {
  return parts.map((part) => `src/${part}`).join(', ');
}
