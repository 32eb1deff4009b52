// One system call after another fails: each time the outcome is right. `EVERY=1 npm test -- nth-operation --timeout=7200`
// plays all of them, which takes half an hour or more; otherwise a few of each kind are played, always the same ones.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { endAllIn } from '../support/processes.ts';
import { fixture, parseHistory, runnerFile } from '../support/runner-process.ts';
import {
  countCalls,
  describeFailure,
  runWithFailure,
  type CallCount,
  type FailingCall,
} from './failing-call.ts';
import { findWrong, readRecord } from './right-outcome.ts';

const isEvery = process.env['EVERY'] === '1';
/** Only cases in whose description all of these words are, such as `ONLY="state.db-wal ENOSPC"`. */
const only = (process.env['ONLY'] ?? '').split(' ');

/** Which calls fail, and how. `others` are for no file, so that they are those of the whole runner. */
const failures: readonly {
  readonly syscall: string;
  readonly errors: readonly string[];
  readonly isOther?: true;
}[] = [
  { syscall: 'pwrite64', errors: ['ENOSPC', 'EIO'] },
  { syscall: 'write', errors: ['ENOSPC', 'EIO'] },
  { syscall: 'fsync', errors: ['EIO'] },
  { syscall: 'fdatasync', errors: ['EIO'] },
  { syscall: 'openat', errors: ['EMFILE', 'ENOSPC'] },
  { syscall: 'mkdir', errors: ['EIO'] },
  { syscall: 'rename', errors: ['EIO'] },
  { syscall: 'unlink', errors: ['EIO'] },
  { syscall: 'ftruncate', errors: ['EIO'] },
  { syscall: 'flock', errors: ['ENOLCK'] },
  // A new process; `clone3` makes threads, without which Node itself gives up.
  { syscall: 'clone', errors: ['EAGAIN'], isOther: true },
  { syscall: 'socketpair', errors: ['EMFILE'], isOther: true },
];

interface Kind {
  readonly name: string;
  readonly task: (folder: string) => string;
  readonly outcomeOf: (status: number) => string;
  /** Whether the state is there before the first call fails. */
  readonly isAgain: boolean;
  /** One of so many calls is played, unless all are. */
  readonly stride: number;
  /** Cases that have found a bug are always played. */
  readonly found: readonly string[];
}

const command = {
  task: (folder: string) =>
    `sh: exec perl ${fixture('tasks/witness.pl')} ${folder} ${folder}/record 0.02 $((RUNNER_RUN % 2 * 7))`,
  outcomeOf: (status: number) => (status === 0 ? 'succeeded' : 'exited'),
};
const functions = {
  task: () => 'tasks.witness',
  outcomeOf: (status: number) => (status === 0 ? 'succeeded' : 'threw'),
};
const kinds: readonly Kind[] = [
  {
    name: 'a first start of a command',
    ...command,
    isAgain: false,
    stride: 97,
    found: [
      'clone EAGAIN 1',
      'socketpair EMFILE 1',
      'flock locks/w.runner ENOLCK 1',
      'pwrite64 locks/w.runner ENOSPC 1',
      'openat logs/w.generation EMFILE 2',
    ],
  },
  { name: 'a later start of a command', ...command, isAgain: true, stride: 97, found: [] },
  {
    name: 'a first start of a function',
    ...functions,
    isAgain: false,
    stride: 97,
    found: [
      'clone EAGAIN 2',
      'socketpair EMFILE 1',
      'openat logs/w.generation EMFILE 3',
      'openat logs/w.log EMFILE 3',
      'write journal/w EIO 4',
    ],
  },
];

for (const kind of kinds) {
  test(`${kind.name}: whatever call fails, no overlap, no lost run, no wrong outcome, and it goes on`, async () => {
    const base = mkdtempSync(join(tmpdir(), 'runner-nth-'));
    try {
      const wrong = await playAll(kind, base);
      assert.deepEqual(wrong, []);
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  });
}

async function playAll(kind: Kind, base: string): Promise<readonly string[]> {
  const folder = join(base, 'project');
  if (kind.isAgain) keepFirstPass(kind, base);
  prepare(kind, base);
  const calls = countCalls(runWords(kind, folder), folder, {
    onFiles: failures.filter(({ isOther }) => isOther !== true).map(({ syscall }) => syscall),
    others: failures.filter(({ isOther }) => isOther === true).map(({ syscall }) => syscall),
  });
  const cases = calls
    .flatMap(casesOf)
    .filter((call, index) => isEvery || index % kind.stride === 0 || kind.found.includes(nameOf(call)));
  const wrong: string[] = [];
  let failed = 0;
  for (const call of cases) {
    const text = describeFailure(runWords(kind, folder), folder, call);
    if (!only.every((word) => text.includes(word))) continue;
    const played = await play(kind, base, call);
    failed += played.failed;
    if (played.wrong.length > 0) {
      wrong.push(`${nameOf(call)}: ${played.wrong.join('; ')}\n  ${text}`);
      if (isEvery) console.log(wrong.at(-1));
    }
  }
  assert.ok(failed > 0, 'no call has failed');
  if (isEvery) console.log(`${kind.name}: ${cases.length} cases, ${failed} calls failed`);
  return wrong;
}

function casesOf({ syscall, path, count }: CallCount): readonly FailingCall[] {
  const errors = failures.find((one) => one.syscall === syscall)?.errors ?? [];
  return errors.flatMap((error) =>
    Array.from({ length: count }, (_, index) => ({ syscall, error, path, nth: index + 1 })),
  );
}

function nameOf({ syscall, path, error, nth }: FailingCall): string {
  return [syscall, ...(path === null ? [] : [path]), error, nth].join(' ');
}

async function play(
  kind: Kind,
  base: string,
  call: FailingCall,
): Promise<{ readonly failed: number; readonly wrong: readonly string[] }> {
  const folder = join(base, 'project');
  prepare(kind, base);
  const failing = runWithFailure(runWords(kind, folder), folder, call);
  if (failing.exitCode === null) await endAllIn(folder);
  const recordBefore = readRecord(join(folder, 'record'));
  const next = run(folder, chainWords(kind, folder, 1));
  const wrong = findWrong({
    folder,
    failing,
    next,
    history: parseHistory(run(folder, ['history', 'w', '--json', '--limit', '1000']).text),
    recordBefore,
    record: readRecord(join(folder, 'record')),
    outcomeOf: kind.outcomeOf,
  });
  await endAllIn(folder);
  return { failed: failing.failed, wrong };
}

/** A project as it is before each case, always at the same place. */
function prepare({ isAgain }: Kind, base: string): void {
  const folder = join(base, 'project');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  cpSync(fixture('tasks/tasks.mjs'), join(folder, 'witness.mjs'));
  // TypeScript, so that what it is compiled to is kept.
  writeFileSync(join(folder, 'tasks.ts'), "export { witness } from './witness.mjs';\n");
  writeFileSync(
    join(folder, 'env'),
    `WITNESS_SECONDS=0.02\nWITNESS_NAME=${folder}\nWITNESS_RECORD=${join(folder, 'record')}\n`,
  );
  if (isAgain) cpSync(join(base, 'before'), folder, { recursive: true });
}

/** What there is after a first pass, for the cases of a later start. */
function keepFirstPass(kind: Kind, base: string): void {
  prepare({ ...kind, isAgain: false }, base);
  const folder = join(base, 'project');
  const { exitCode, text } = run(folder, chainWords(kind, folder, 1));
  assert.equal(exitCode, 1, text);
  cpSync(folder, join(base, 'before'), { recursive: true });
}

function chainWords({ task }: Kind, folder: string, passes: number): readonly string[] {
  const cooldowns = ['--cooldown', '0s', '--failure-cooldown', '0s'];
  return ['run', task(folder), '--name', 'w', '--passes', String(passes), '--env-file', 'env', ...cooldowns];
}

function runWords(kind: Kind, folder: string): readonly string[] {
  return [process.execPath, runnerFile, ...chainWords(kind, folder, 3)];
}

function run(
  folder: string,
  words: readonly string[],
): { readonly exitCode: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [runnerFile, ...words], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  return { exitCode: status, text: stdout + stderr };
}
