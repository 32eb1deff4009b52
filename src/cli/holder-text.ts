import type { RunnerHolder } from '../ports.ts';

/** Which process has a chain or a project, and since when, for people. */
export function holderText({ pid, command, since }: RunnerHolder): string {
  if (pid === null) return command;
  const started = since === null ? '' : `, since ${new Date(since).toLocaleString('sv')}`;
  return `process ${pid} (${command}${started})`;
}
