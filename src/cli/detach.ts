import { closeSync, constants, openSync } from 'node:fs';
import { isContainersMain } from '../system/container.ts';
import { makeStateFolder } from '../system/state-folder.ts';
import { startAgain } from '../system/start-again.ts';
import { exitStatus } from './exit-status.ts';
import { stateDirectory, type RawOptions } from './options.ts';

/**
 * `runner up --detach`: starts the same command in the background, with its output in `runner.log` of the state
 * folder, and returns when it is up, or says why it is not.
 */
export async function detach(options: RawOptions): Promise<number> {
  if (isContainersMain()) {
    console.error('Cannot go into the background: the container would end; leave --detach out');
    return exitStatus.usage;
  }
  const { runnerLog } = makeStateFolder(stateDirectory(options));
  const toAppend = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const log = openSync(runnerLog, toAppend, 0o600);
  try {
    const args = process.argv.slice(2).filter((word) => word !== '--detach' && word !== '-d');
    const news = await startAgain({ args, output: [log, log] });
    if (news.kind === 'up') {
      console.log(`up as process ${news.pid}; it writes to ${runnerLog}`);
      return exitStatus.success;
    }
    console.error(
      `${news.text}\n(the runner in the background did not start; its output is in ${runnerLog})`,
    );
    return news.exitCode;
  } finally {
    closeSync(log);
  }
}
