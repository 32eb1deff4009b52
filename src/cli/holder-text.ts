import type { RunnerHolder } from '../ports.ts';
import { localTime } from './local-time.ts';

/** Which process has a chain or a project, and since when, for people. */
export function holderText({ pid, command, since }: RunnerHolder): string {
  if (pid === null) return command;
  const started = since === null ? '' : `, since ${localTime(since)}`;
  return `process ${pid} (${command}${started})`;
}
