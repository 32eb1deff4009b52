import type { ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { withOutputs } from '../processes/shared-output.ts';
import { startProcess, TooManyOpenFiles } from '../processes/start-process.ts';
import { readyVariable, type ReadyNews } from './ready.ts';

/** How this program is to be started in the background. */
export interface StartAgain {
  /** The words after the program's own name. */
  readonly args: readonly string[];
  /** Open files for its standard output and error: 1 and 2 of this process, or others. */
  readonly output: readonly [number, number];
}

/**
 * Starts this program anew, as it is installed now, in a session of its own, and waits for its news. Resolves to what
 * it says, or to `failed` when it ends without a word.
 */
export async function startAgain(how: StartAgain): Promise<ReadyNews> {
  try {
    return await newsOf(start(how));
  } catch (error) {
    if (!(error instanceof TooManyOpenFiles)) throw error;
    return { kind: 'failed', text: error.message, exitCode: 69 };
  }
}

function start({ args, output }: StartAgain): ChildProcess {
  return withOutputs(output, (own) =>
    startProcess(process.execPath, {
      args: [...process.execArgv, process.argv[1] ?? '', ...args],
      detached: true,
      stdio: ['ignore', ...own, 'pipe'],
      env: { ...process.env, [readyVariable]: '3' },
    }),
  );
}

function newsOf(child: ChildProcess): Promise<ReadyNews> {
  const news = child.stdio[3];
  return new Promise((resolve) => {
    let heard = '';
    function answer(): void {
      child.unref();
      if (news instanceof Readable) news.destroy();
      resolve(parseNews(heard));
    }
    child.on('error', (error) =>
      resolve({ kind: 'failed', text: `Cannot start it: ${error.message}`, exitCode: 70 }),
    );
    if (!(news instanceof Readable)) return;
    news.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      if (heard.includes('\n')) answer();
    });
    news.on('end', answer);
  });
}

function parseNews(heard: string): ReadyNews {
  const text = 'It ended before it was up, and did not say why';
  const silent: ReadyNews = { kind: 'failed', text, exitCode: 70 };
  if (!heard.includes('\n')) return silent;
  const value: unknown = JSON.parse(heard);
  return isNews(value) ? value : silent;
}

function isNews(value: unknown): value is ReadyNews {
  return (
    typeof value === 'object' && value !== null && 'kind' in value && ('pid' in value || 'text' in value)
  );
}
