import { userInfo } from 'node:os';
import { createControlClient, type ControlAnswer, type ControlClient } from '../control/client.ts';
import { codeIn, reasonIn } from '../control/take-over.ts';
import { stateFolderAt } from '../system/state-folder.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { stateDirectory, type RawOptions } from './options.ts';
import { version } from './version.ts';

/** The runner that is up where the options say. */
export function runnerAt(options: RawOptions): ControlClient {
  return createControlClient(stateFolderAt(stateDirectory(options)).socket);
}

/** Who asks: the name that the runner keeps with a pause or a stop. */
export function asker(): string {
  return process.env['SUDO_USER'] ?? nameOfUser();
}

/** Prints why an answer is not what was asked for; the exit status for it. */
export function refusal({ status, body }: ControlAnswer): ExitStatus {
  if (codeIn(body) === 'NO_SUCH_PAGE') {
    console.error(
      `The runner that is up does not know this: it is not of the version of this command, ${version}; "runner status" ` +
        'shows its version, "runner upgrade" or "runner up --takeover" replaces it',
    );
    return exitStatus.refused;
  }
  console.error(reasonIn(body));
  if (status === 404 || status === 400) return exitStatus.usage;
  return status === 422 ? exitStatus.config : exitStatus.refused;
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the user database.
    return `user ${process.getuid?.() ?? ''}`.trim();
  }
}
