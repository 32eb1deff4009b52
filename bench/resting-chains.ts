import { storedWait } from '../src/core/cooldown.ts';
import { newChainState } from '../src/core/initial.ts';
import { isChainName } from '../src/config/chain-name.ts';
import { toDurationMs } from '../src/core/units.ts';
import { openState } from '../src/store/open-state.ts';
import { createSqliteStore } from '../src/store/sqlite-store.ts';
import { createSystemClock } from '../src/system/clock.ts';
import { makeStateFolder } from '../src/system/state-folder.ts';

const restMs = toDurationMs(24 * 3_600_000);

/** Makes a state in which these chains have run once, and cool down for a day. */
export async function prepareRestingChains(stateDirectory: string, names: readonly string[]): Promise<void> {
  const { database: path } = makeStateFolder(stateDirectory);
  const database = await openState(path);
  const clock = createSystemClock();
  const store = createSqliteStore(database, path, { ran: () => undefined });
  const cooldown = storedWait(restMs, { boot: clock.boot, now: clock.now() });
  await Promise.all(
    names.filter(isChainName).map(async (chain) => {
      const { fence } = await store.begin(chain);
      await store.save({
        chain,
        fence,
        state: { ...newChainState, lastRun: 1, cooldown },
        told: [],
        history: { runsKept: 10, failedRunsKept: 10, ageMs: null },
      });
    }),
  );
  database.close();
}
