import type { Ending } from '../../core/outcome.ts';
import { toDurationMs, toEpochMs, toMonotonicMs } from '../../core/units.ts';
import type { Usage } from '../../core/usage.ts';
import { bootMs } from '../../processes/boot-clock.ts';
import { endWords } from '../protocol.ts';
import { readChildren } from './children.ts';

/** Ended children that only the end of this worker clears away: with more of them it makes room for a new one. */
export const maxZombies = 50;
/** Between two looks whether what a run left behind is gone: the first, and the longest. */
const leftoverPauseMs = { first: 20, longest: 500 };

/** A run of which only the end is left. */
interface EndedRun {
  readonly number: number;
  /** By the clock of `performance`. */
  readonly beganAtMs: number;
  readonly usage: Usage;
  readonly ending: Ending;
}

/** Where the end of a run is told, and what becomes of what it left behind. */
interface EndOptions {
  readonly leftovers: string;
  /** Writes into the chain's journal. */
  readonly record: (words: readonly (string | number)[]) => void;
  /** Tells the runner. */
  readonly say: (words: readonly (string | number)[]) => void;
  /** Called when the run is over, with the number of ended children that nobody has cleared away. */
  readonly over: (zombies: number) => void;
}

/** Tells the end of a run at once, and that it is over once no child of this process lives: any may be of this run. */
export function endRun(run: EndedRun, { leftovers, record, say, over }: EndOptions): void {
  const children = readChildren();
  const isOver = leftovers === 'allow' || children.live.length === 0;
  const words = endWords({
    run: run.number,
    at: { monotonic: toMonotonicMs(Math.floor(bootMs())), wall: toEpochMs(Date.now()) },
    durationMs: toDurationMs(Math.round(performance.now() - run.beganAtMs)),
    usage: run.usage,
    ending: run.ending,
  });
  record(words);
  say([...words, isOver ? 'over' : 'left']);
  if (isOver) {
    over(children.zombies);
    return;
  }
  void childrenGone().then((zombies) => {
    say(['over', run.number]);
    over(zombies);
  });
}

async function childrenGone(): Promise<number> {
  let pauseMs = leftoverPauseMs.first;
  for (;;) {
    const { live, zombies } = readChildren();
    if (live.length === 0) return zombies;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 1.5, leftoverPauseMs.longest);
  }
}
