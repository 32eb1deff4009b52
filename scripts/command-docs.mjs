// node scripts/command-docs.mjs [--check]: writes what `--help` prints into docs/command-line.md, and looks whether
// its table of exit statuses has the statuses of src/cli/exit-status.ts. Needs build/. With --check it writes
// nothing, and ends with 1 when the page is out of date; a test does that.
import { readFile, writeFile } from 'node:fs/promises';
import { root, run } from './command.mjs';

const path = `${root}docs/command-line.md`;
const marks = /(?<=<!-- help of runner ?(?<command>[a-z -]*?) -->\n)[^]*?(?=<!-- end of help -->)/g;
const isCheck = process.argv.includes('--check');

const page = await readFile(path, 'utf8');
const fresh = await withHelp(page);
const problems = await problemsWithStatuses(fresh);
if (isCheck && fresh !== page)
  problems.push('docs/command-line.md is out of date: run "node scripts/command-docs.mjs"');
if (!isCheck) await writeFile(path, fresh);
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Puts the help of each command between its marks. */
async function withHelp(text) {
  const helps = new Map();
  for (const { groups } of text.matchAll(marks)) helps.set(groups.command, await helpOf(groups.command));
  return text.replace(marks, (...found) => `\n\`\`\`text\n${helps.get(found.at(-1).command)}\n\`\`\`\n\n`);
}

/** Commander fits its help to the terminal; without one it takes 80 columns. */
async function helpOf(command) {
  const words = command === '' ? [] : command.split(' ');
  const program = `${root}build/src/cli/main.js`;
  const { exitCode, output } = await run(process.execPath, [program, ...words, '--help']);
  if (exitCode !== 0) throw new Error(`"runner ${command} --help" ended with ${exitCode}\n${output}`);
  return output.trim();
}

/** The meanings are written by hand; the numbers must be those of the source. */
async function problemsWithStatuses(text) {
  const source = await readFile(`${root}src/cli/exit-status.ts`, 'utf8');
  const inSource = [...source.matchAll(/^ {2}\w+: (\d+),$/gm)].map(([, status]) => status);
  const inPage = [...text.matchAll(/^\| `(\d+)` \|/gm)].map(([, status]) => status);
  const missing = inSource.filter((status) => !inPage.includes(status));
  const unknown = inPage.filter((status) => !inSource.includes(status));
  return [
    ...missing.map((status) => `docs/command-line.md does not explain the exit status ${status}`),
    ...unknown.map((status) => `docs/command-line.md explains ${status}, which is no exit status of runner`),
  ];
}
