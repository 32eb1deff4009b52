import { spawnSync } from 'node:child_process';
import type { RunUser } from '../../core/identity.ts';
import { describeOutOfReach, outOfReach } from '../../processes/reach.ts';
import { userWords } from '../../processes/launch.ts';
import { readImportAnswer, type ImportAnswer, type ImportRequest } from './import-answer.ts';

/** The argument that makes the config loader import one module for another one. */
export const importMode = 'import';

const memoryLimitMegabytes = 1024;
const longestAnswerBytes = 1024 * 1024;
const answerDescriptor = 3;

/**
 * Imports a module in a process of that user: its code must not run as root. The process gets the request, a place
 * for its answer, and nothing else of this one; what it answers is read as data from a stranger.
 * @param loaderFile the config loader, which that process runs as well
 */
export async function importAsUser(
  user: RunUser,
  loaderFile: string,
  request: ImportRequest,
): Promise<ImportAnswer> {
  const reason = await reasonAgainst(user, loaderFile, request);
  if (reason !== null) return { kind: 'failed', message: reason, at: null };
  const [setpriv = '', ...words] = userWords(user);
  const node = [process.execPath, `--max-old-space-size=${memoryLimitMegabytes}`, loaderFile, importMode];
  const ended = spawnSync(setpriv, [...words, ...node], {
    cwd: '/',
    env: {},
    encoding: 'utf8',
    input: JSON.stringify({ ...request, cacheDirectory: null }),
    // It stays in the process group of this one, and is killed with it when it takes too long.
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    maxBuffer: longestAnswerBytes,
  });
  // Where no process could be started there is no list of outputs at all.
  const answer = ended.error === undefined ? readImportAnswer(ended.output[answerDescriptor] ?? '') : null;
  return answer ?? { kind: 'failed', message: explainEnd(ended), at: null };
}

async function reasonAgainst(
  user: RunUser,
  loaderFile: string,
  { file, directory }: ImportRequest,
): Promise<string | null> {
  try {
    const [missing] = await outOfReach(
      user,
      [
        { path: process.execPath, how: 'run' },
        { path: loaderFile, how: 'read' },
        { path: directory, how: 'enter' },
        { path: file, how: 'read' },
      ],
      null,
    );
    return missing === undefined ? null : describeOutOfReach(user, missing);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function explainEnd(ended: {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error | undefined;
}): string {
  if (ended.error !== undefined) return `its process had no answer (${ended.error.message})`;
  if (ended.signal === 'SIGABRT')
    return `it needed more than ${memoryLimitMegabytes} MB of memory, or aborted its process`;
  if (ended.signal !== null) return `its process was ended by ${ended.signal}`;
  return `it ended its process with status ${ended.status}, take "process.exit" out of what runs at import`;
}
