import { readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { chainsOf } from './chains.ts';
import type { Comparison, Contender } from './comparison.ts';
import type { Peer } from '../peers/peer.ts';
import { secondsOf, sizeOf, until } from './process-figures.ts';
import { wholeCommandMs } from './runner-figures.ts';
import { supervisorContenders } from './supervisors.ts';
import { startUp } from './up-figures.ts';
import type { Workshop } from './workshop.ts';

const emptyNode = 'node -e 0';

/** What a start costs, of a whole command and of a supervisor. */
export function startComparisons(workshop: Workshop): readonly Comparison[] {
  return [wholeCommand(workshop), firstRun(workshop)];
}

function wholeCommand(workshop: Workshop): Comparison {
  const command = 'runner run /bin/true --passes 1';
  const functionTask = 'runner run tasks.nothing --passes 1';
  return {
    title: 'A whole command, from its start to its end',
    unit: 'ms',
    digits: 0,
    rounds: 7,
    floor: emptyNode,
    note: 'In a project without a state, so the database is made as well; `tasks.nothing` is a function of an `.mjs` file, and a configuration loader and a worker are one more Node each. "Its modules" are those that `runner run` imports; "and SQLite" opens a new database beside them, with one table, and closes it. Perl is started twice by a command: for the lock of the runner, and as the worker.',
    goals: [
      { contender: command, of: 'ratio', atMost: 3 },
      { contender: functionTask, of: 'ratio', atMost: 3 },
    ],
    contenders: [
      nodeStart(workshop),
      nodeProgram(workshop, 'runner --version'),
      nodeProgram(workshop, 'and its modules'),
      nodeProgram(workshop, 'and SQLite'),
      {
        name: 'perl -e 0, twice',
        async measure() {
          const perl = (): Promise<number> => secondsOf('perl', ['-e', '0'], workshop.folder);
          return ((await perl()) + (await perl())) * 1_000;
        },
      },
      { name: command, measure: () => wholeCommandMs(workshop, '/bin/true') },
      { name: functionTask, measure: () => wholeCommandMs(workshop, 'tasks.nothing') },
    ],
  };
}

function firstRun(workshop: Workshop): Comparison {
  async function untilFirst(begin: (bytes: string) => Promise<Peer>): Promise<number> {
    const bytes = workshop.fresh();
    const startedMs = performance.now();
    const peer = await begin(bytes);
    try {
      await until(() => sizeOf(bytes) > 0, 'the first run');
      return performance.now() - startedMs;
    } finally {
      await peer.stop();
    }
  }
  return {
    title: 'From the command to the first run of one program',
    unit: 'ms',
    digits: 0,
    rounds: 5,
    floor: emptyNode,
    note: 'Cold: no daemon, no state. The runner reads a configuration of JSON in a process of its own.',
    goals: [],
    contenders: [
      nodeStart(workshop),
      {
        name: 'runner up',
        measure: () =>
          untilFirst((bytes) => startUp(workshop, chainsOf(1, [workshop.append.path, bytes], '1h'))),
      },
      ...supervisorContenders(workshop, (start) =>
        untilFirst((bytes) => start(1, [workshop.append.path, bytes])),
      ),
    ],
  };
}

function nodeStart(workshop: Workshop): Contender {
  return {
    name: emptyNode,
    measure: async () => (await secondsOf(process.execPath, ['-e', '0'], workshop.folder)) * 1_000,
  };
}

/** A Node that does so much of what the runner does at its start, and ends. */
function nodeProgram(
  workshop: Workshop,
  name: 'runner --version' | 'and its modules' | 'and SQLite',
): Contender {
  return {
    name,
    async measure() {
      const file = `${workshop.fresh()}.cjs`;
      const lines = [requireOf(workshop.runner)];
      if (name !== 'runner --version') lines.push(requireOf(runModule(workshop)));
      if (name === 'and SQLite') lines.push(sqliteLines(workshop));
      writeFileSync(file, lines.join('\n'));
      return (await secondsOf(process.execPath, [file, '--version'], workshop.folder)) * 1_000;
    },
  };
}

/** The part of the package that `runner run` loads. */
function runModule(workshop: Workshop): string {
  const folder = join(dirname(workshop.runner), 'chunks');
  const found = readdirSync(folder).find((name) => /^run-.*\.cjs$/.test(name));
  if (found === undefined) throw new Error('The package has no module of "runner run"');
  return join(folder, found);
}

function sqliteLines(workshop: Workshop): string {
  const [major = 0] = process.versions.node.split('.').map(Number);
  const own = createRequire(workshop.runner);
  return [
    `const sqlite = ${requireOf(major >= 22 ? 'node:sqlite' : own.resolve('@photostructure/sqlite'))}`,
    `const database = new sqlite.DatabaseSync(${JSON.stringify(workshop.fresh())});`,
    "database.exec('PRAGMA journal_mode = WAL; CREATE TABLE chain (name TEXT PRIMARY KEY, state TEXT) STRICT');",
    'database.close();',
  ].join('\n');
}

function requireOf(module: string): string {
  return `require(${JSON.stringify(module)});`;
}
