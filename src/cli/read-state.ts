import type { Database } from '../store/database.ts';
import { hasState, stateFolderAt, type StateFolder } from '../system/state-folder.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';

/** What a command reads: a chain or `null` for all, in this state folder. */
export interface WhatToRead {
  readonly directory: string;
  readonly chain: string | null;
}

/** Opens the state for `read` and closes it afterwards; says so where nothing, or no chain of that name, has run. */
export async function readState(
  what: WhatToRead,
  read: (database: Database, folder: StateFolder) => ExitStatus | Promise<ExitStatus>,
): Promise<ExitStatus> {
  const { directory, chain } = what;
  // When nobody reads any more, as after "| head", a command that only prints is done.
  process.stdout.on('error', () => process.exit(exitStatus.success));
  if (!hasState(directory)) {
    console.error(
      `Nothing has run yet: there is no state in "${directory}"; name another folder with --state-dir`,
    );
    return exitStatus.usage;
  }
  const [{ openState }, { readChainNames }] = await Promise.all([
    import('../store/open-state.ts'),
    import('../store/history.ts'),
  ]);
  const folder = stateFolderAt(directory);
  const database = await openState(folder.database);
  try {
    const names = readChainNames(database);
    if (chain === null || names.includes(chain)) return await read(database, folder);
    console.error(`No chain "${chain}" has ever run here; there are: ${names.join(', ')}`);
    return exitStatus.usage;
  } finally {
    database.close();
  }
}
