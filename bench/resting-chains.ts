import { storedWait } from '../src/core/cooldown.ts';
import { newChainState } from '../src/core/initial.ts';
import { isChainName } from '../src/config/chain-name.ts';
import { toDurationMs } from '../src/core/units.ts';
import { openState } from '../src/store/open-state.ts';
import { createSqliteStore } from '../src/store/sqlite-store.ts';
import { createSystemClock } from '../src/system/clock.ts';
import { makeStateFolder } from '../src/system/state-folder.ts';

/** Makes a state in which these chains have run once, and cool down, each for so many milliseconds. */
export async function prepareRestingChains(
  stateDirectory: string,
  restMs: ReadonlyMap<string, number>,
): Promise<void> {
  const { database: path } = makeStateFolder(stateDirectory);
  const database = await openState(path);
  const clock = createSystemClock();
  const store = createSqliteStore(database, path, { ran: () => undefined });
  const here = { boot: clock.boot, now: clock.now() };
  await Promise.all(
    [...restMs.keys()].filter(isChainName).map(async (chain) => {
      const { fence } = await store.begin(chain);
      const cooldown = storedWait(toDurationMs(restMs.get(chain) ?? 0), here);
      await store.save({
        chain,
        fence,
        state: { ...newChainState, lastRun: 1, cooldown },
        told: [],
        history: { runsKept: 10, failedRunsKept: 10, ageMs: null },
        mayWait: false,
      });
    }),
  );
  database.close();
}
