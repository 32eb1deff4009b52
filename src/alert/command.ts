import { spawn, type ChildProcess } from 'node:child_process';
import type { ChannelTarget } from '../core/channel.ts';
import { hasErrorCode } from '../core/error-code.ts';
import { documentOf } from './document.ts';
import type { Message } from './message.ts';
import { failed, shownPart, type Sent } from './sending.ts';

const longestOutputBytes = 4 * 1024;

/**
 * Starts a command with the document of a message on its standard input; its exit status says whether it was told.
 * An abort kills it with all that it has started in its process group.
 */
export function sendByCommand(
  { argv, directory, environment }: Extract<ChannelTarget, { kind: 'command' }>,
  message: Message,
  signal: AbortSignal,
): Promise<Sent> {
  const [program = '', ...words] = argv;
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(program, words, { cwd: directory, env: environment, detached: true });
    let printed = '';
    let ended: string | null = null;
    const keep = (chunk: Buffer): void => {
      if (printed.length < longestOutputBytes) printed += chunk.toString('utf8');
    };
    const answer = (): void => {
      signal.removeEventListener('abort', abort);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(sentOf(program, signal.aborted ? (ended ?? 'it took too long') : ended, printed));
    };
    // What it started may keep its output open for ever: then `close` does not come by itself.
    const abort = (): void => {
      if (ended === null) killGroup(child.pid);
      answer();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    // One that does not read what it is told may have heard enough.
    child.stdin?.on('error', () => undefined);
    child.on('error', (error) => {
      ended = error.message;
      // Without streams, because too many files are open, nothing closes.
      if (child.pid === undefined) answer();
    });
    child.on('exit', (exitCode, killedBy) => (ended = killedBy ?? `exit status ${exitCode}`));
    child.on('close', answer);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else child.stdin?.end(documentOf(message));
  });
}

function sentOf(program: string, ended: string | null, printed: string): Sent {
  const shown = shownPart(printed);
  const said = `${ended ?? 'it did not start'}${shown === '' ? '' : `: ${shown}`}`;
  return ended === 'exit status 0' ? { kind: 'sent', answer: said } : failed(`${program}: ${said}`);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!hasErrorCode(error, 'ESRCH')) throw error;
  }
}
