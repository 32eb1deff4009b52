import { spawn } from 'node:child_process';
import type { Ending } from '../../core/outcome.ts';

/**
 * Runs a command as one task of a chain that also has functions; resolves when its main process has ended.
 * @param argv the program and its arguments; no shell is involved.
 */
export function runCommand(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<Ending> {
  const [program = '', ...args] = argv;
  return new Promise((resolve) => {
    try {
      const child = spawn(program, args, {
        env: environment,
        detached: true,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      child.on('error', (error) => resolve({ kind: 'not started', reason: `${program}: ${error.message}` }));
      child.on('exit', (exitCode, signal) => resolve(endingOf(exitCode, signal)));
    } catch (error) {
      // Node throws at once for an argument with a NUL, or for more arguments than the kernel takes.
      resolve({
        kind: 'not started',
        reason: `${program}: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
  });
}

function endingOf(exitCode: number | null, signal: NodeJS.Signals | null): Ending {
  if (signal !== null) return { kind: 'killed', signal };
  return exitCode === 0 ? { kind: 'succeeded' } : { kind: 'exited', exitCode: exitCode ?? 0 };
}
