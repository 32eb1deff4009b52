import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

// The file is opened anew each time, as by a command that appends to a log of its own.
const appendSource = `#include <fcntl.h>
#include <unistd.h>
int main(int count, char **words) {
  int file = open(words[1], O_WRONLY | O_APPEND | O_CREAT, 0600);
  return count != 2 || write(file, "x", 1) != 1;
}
`;

// As quick as a worker for commands can be: a small process that starts a program for each line that it reads, without a
// copy of itself, waits for it, and answers; no journal, no proof, no environment of the run.
const spawnerSource = `#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
extern char **environ;
int main(int count, char **words) {
  char line[4096];
  while (count > 1 && fgets(line, sizeof line, stdin)) {
    pid_t child;
    int status = 0;
    if (posix_spawn(&child, words[1], 0, 0, words + 1, environ) || waitpid(child, &status, 0) != child) return 1;
    printf("ended %d\\n", status);
    fflush(stdout);
  }
  return 0;
}
`;

// The functions themselves note what is measured, so that nothing else is in the figure: `tick` when its first and its last
// counted run began, `rested` how long each chain has rested since its run before.
const tasksSource = `import { writeFileSync } from 'node:fs';
let count = 0;
let startedMs = 0;
export function nothing() {}
export function tick() {
  count += 1;
  if (count === Number(process.env.BENCH_FROM)) startedMs = performance.now();
  if (count !== Number(process.env.BENCH_TO)) return;
  const runsPerSecond = ((count - process.env.BENCH_FROM) * 1000) / (performance.now() - startedMs);
  writeFileSync(process.env.BENCH_ANSWER, JSON.stringify({ runsPerSecond, count }));
}
const ends = new Map();
const rests = [];
export function rested({ chain }) {
  if (ends.has(chain)) rests.push(performance.now() - ends.get(chain));
  if (rests.length > 0 && rests.length % 1000 === 0) writeFileSync('rests.json', JSON.stringify(rests));
  ends.set(chain, performance.now());
}
`;

/** Where the benchmarks work: a folder that is removed in the end, with a copy of the built package. */
export interface Workshop {
  readonly folder: string;
  /** The runner's program. It is a copy: a build meanwhile does not matter. */
  readonly runner: string;
  /** The runner's worker for commands. */
  readonly worker: string;
  readonly append: AppendProgram;
  /** A static program that starts another one for each line that it reads; `null` without a C compiler. */
  readonly spawner: string | null;
  /** A project with the functions `tasks.nothing`, `tasks.tick` and `tasks.rested`. */
  readonly project: string;
  /** A new path in the folder. */
  fresh(): string;
  remove(): void;
}

/** A program that appends one byte to the file it is given. */
export interface AppendProgram {
  readonly path: string;
  /** A static program, or without a C compiler a shell script, which takes longer by itself. */
  readonly kind: 'a static program' | 'a shell script';
}

/** Prepares all that the benchmarks need. */
export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'runner-bench-'));
  cpSync(`${root}dist`, `${folder}/package/dist`, { recursive: true });
  cpSync(`${root}package.json`, `${folder}/package/package.json`);
  symlinkSync(`${root}node_modules`, `${folder}/package/node_modules`);
  mkdirSync(`${folder}/project`);
  writeFileSync(`${folder}/project/tasks.mjs`, tasksSource);
  let count = 0;
  return {
    folder,
    runner: `${folder}/package/dist/runner.cjs`,
    worker: `${folder}/package/dist/worker.pl`,
    append: makeAppend(folder),
    spawner: compile(`${folder}/spawner`, spawnerSource),
    project: `${folder}/project`,
    fresh() {
      count += 1;
      return join(folder, `fresh-${count}`);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Why `program` cannot be used here; `null` when it can. */
export function missing(program: string, args: readonly string[]): string | null {
  const { error } = spawnSync(program, args, { stdio: 'ignore' });
  return error === undefined ? null : `no ${program} here`;
}

function makeAppend(folder: string): AppendProgram {
  const path = `${folder}/append`;
  if (compile(path, appendSource) !== null) return { path, kind: 'a static program' };
  writeFileSync(path, '#!/bin/sh\nprintf x >>"$1"\n', { mode: 0o700 });
  return { path, kind: 'a shell script' };
}

/** The path of the static program, or `null` where there is no compiler, or no static libc. */
function compile(path: string, source: string): string | null {
  writeFileSync(`${path}.c`, source);
  try {
    execFileSync(process.env['CC'] ?? 'cc', ['-O2', '-static', '-o', path, `${path}.c`], { stdio: 'ignore' });
    return path;
  } catch {
    // As above.
    return null;
  }
}
