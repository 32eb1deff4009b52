import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { hideFromPerl } from '../processes/hidden-environment.ts';

/** Set for a runner that is the main process of a container, below `init.pl`. */
const containerVariable = 'RUNNER_CONTAINER';
const handedOn = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Whether the container ends with this runner, so that nothing can take its place. */
export function isContainersMain(): boolean {
  return process.env[containerVariable] !== undefined;
}

/**
 * Starts this program anew below a small process that clears away what ends, hands signals on to it, and ends as it
 * does. @param syscalls the numbers that the small process needs, as a text
 */
export function runBelowInit(perl: string, initScript: string, syscalls: string): void {
  const own = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  // A session of its own: Ctrl-C reaches this process alone, which hands it on once.
  const child = spawn(perl, [initScript, ...own], {
    detached: true,
    stdio: 'inherit',
    env: { ...hideFromPerl(process.env), RUNNER_SYSCALLS: syscalls, [containerVariable]: '1' },
  });
  for (const signal of handedOn) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`Cannot start "${perl}": ${error.message}\n`);
    process.exit(69);
  });
  child.on('exit', (exitCode, signal) => {
    process.exit(exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]));
  });
}
