// npm run bench [-- WORD...]: measures what docs/performance.md describes, prints the tables and writes bench/results.md.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { root, run } from '../scripts/command.mjs';

const help = `Usage: npm run bench [-- OPTION... WORD...]

Measures the runner beside its floors and peers, prints a table for each comparison, and writes bench/results.md.
With words: only what has one of them in its title; nothing is written then.

  --list        print the titles, and measure nothing
  --rounds N    at most N rounds of each comparison; nothing is written then
  --profile     the same as the word "profile": where a run's time goes
  --help        print this

It builds first if the sources are newer than the last build. Peers that it lacks come from npm, into .peers/, and from
Debian's packages where it may install them; what cannot be had is in the tables with the reason.
Exit status: 0 all was measured, 1 something failed, 2 wrong usage.`;

// Certificates that every Node process reads at its start would be measured with it.
delete process.env.NODE_EXTRA_CA_CERTS;

const asked = readArguments(process.argv.slice(2));
if (asked === null) process.exitCode = 2;
else if (asked.isHelp) console.log(help);
else await bench(asked);

async function bench({ words, rounds, isList }) {
  if (isStale()) {
    const built = await run(process.execPath, ['scripts/build.mjs']);
    if (built.exitCode !== 0) {
      console.log(built.output.trimEnd());
      process.exitCode = 1;
      return;
    }
  }
  const { measureAll } = await import('../build/bench/measure-all.js');
  process.exitCode = await measureAll({ words, rounds, isList });
}

function readArguments(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        list: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        profile: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.rounds !== undefined && !/^[1-9]\d*$/.test(values.rounds)) {
      throw new Error(`Cannot read --rounds: found "${values.rounds}", write a whole number from 1 on`);
    }
    return {
      words: values.profile ? [...positionals, 'profile'] : positionals,
      rounds: values.rounds === undefined ? null : Number(values.rounds),
      isList: values.list,
      isHelp: values.help,
    };
  } catch (error) {
    // Node explains at length how to write a word that begins like an option.
    const [reason] = error.message.split('. ');
    console.error(`${reason}; "npm run bench -- --help" says what there is`);
    return null;
  }
}

function isStale() {
  const results = [
    'dist/runner.cjs',
    'dist/worker.pl',
    'dist/function-worker.cjs',
    'build/bench/measure-all.js',
  ];
  if (!results.every((name) => existsSync(`${root}${name}`))) return true;
  const oldestResult = Math.min(...results.map((name) => statSync(`${root}${name}`).mtimeMs));
  const sources = ['src', 'bench', 'peers'].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true })
      .filter((name) => /\.(ts|pl)$/.test(name))
      .map((name) => `${root}${folder}/${name}`),
  );
  return sources.some((name) => statSync(name).mtimeMs > oldestResult);
}
