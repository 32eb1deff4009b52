import { followLogs } from '../log/follow-log.ts';
import { openLogFiles, presentEnd } from '../log/read-log.ts';
import { runnerLogName } from '../log/runner-log.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { createLogPrinter } from './log-printer.ts';
import type { LogQuestion } from './logs.ts';

/** `runner logs --runner`: the last lines of what a runner in the background has written itself. */
export async function printRunnerLog(directory: string, asked: LogQuestion): Promise<ExitStatus> {
  const printer = createLogPrinter(
    { ...asked.look, hasPrefix: false },
    (piece) => void process.stdout.write(piece),
  );
  const files = openLogFiles(directory);
  const end = presentEnd(directory, runnerLogName);
  const range = { generation: end.generation, from: 0, to: end.offset };
  const last = await files.lastLines(runnerLogName, range, asked.lines ?? Number.MAX_SAFE_INTEGER);
  const pieces = last === null ? null : files.read(runnerLogName, { ...range, from: last.from });
  if (pieces === null) {
    console.error(
      `No runner has been in the background here: there is no "${directory}/${runnerLogName}.log"`,
    );
    return exitStatus.usage;
  }
  for await (const piece of pieces) printer.write(runnerLogName, piece);
  files.close();
  if (!asked.isFollowing) return exitStatus.success;
  const log = followLogs(directory, () => undefined);
  log.follow(runnerLogName, end, {
    bytes: (bytes) => printer.write(runnerLogName, bytes),
    leftOut: (bytes) => printer.leftOut(runnerLogName, bytes),
  });
  log.drain(runnerLogName);
  return new Promise(() => undefined);
}
