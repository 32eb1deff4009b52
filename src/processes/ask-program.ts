import { execFile } from 'node:child_process';

/** What a program of the system said. */
export interface ProgramAnswer {
  /** `null` when it was not started, or did not end by itself. */
  readonly status: number | null;
  readonly stdout: string;
  /** What people are told where the status is not that of an answer. */
  readonly problem: string;
}

/** A directory service that does not answer must not hold a chain up for ever. */
const answerLimitMs = 15_000;
/** Ten thousand chains that begin at once must not have ten thousand processes. */
const mostAtOnce = 16;

let asking = 0;
const waiting: (() => void)[] = [];

/**
 * Runs a short program to its end, beside everything else, and gives what it printed. It gets no environment: its
 * answer must not depend on who asks. An abort ends it.
 */
export async function askProgram(
  path: string,
  args: readonly string[],
  signal: AbortSignal | null,
): Promise<ProgramAnswer> {
  if (asking >= mostAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  else asking += 1;
  try {
    return await run(path, args, signal);
  } finally {
    // Whoever waits gets this place.
    const next = waiting.shift();
    if (next === undefined) asking -= 1;
    else next();
  }
}

function run(path: string, args: readonly string[], signal: AbortSignal | null): Promise<ProgramAnswer> {
  const options = { encoding: 'utf8', env: {}, cwd: '/', timeout: answerLimitMs } as const;
  const abortable = signal === null ? options : { ...options, signal };
  return new Promise((resolve) => {
    execFile(path, args, { ...abortable, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (error === null) resolve({ status: 0, stdout, problem: 'exit status 0' });
      else if (typeof error.code === 'number')
        resolve({ status: error.code, stdout, problem: `exit status ${error.code}: ${stderr.trim()}` });
      else if (error.killed === true)
        resolve({ status: null, stdout, problem: `no answer within ${answerLimitMs / 1_000} s` });
      else resolve({ status: null, stdout, problem: error.message });
    });
  });
}
