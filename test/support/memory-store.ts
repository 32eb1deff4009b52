import type { ChainName } from '../../src/core/definition.ts';
import type { ChainTold } from '../../src/core/event.ts';
import type { ChainState } from '../../src/core/facts.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { toFence } from '../../src/core/units.ts';
import { parseState } from '../../src/store/parse-state.ts';
import { StoreError, type Saving, type Store, type Term } from '../../src/ports.ts';

/** One run in the history of a memory store. */
export interface KeptRun {
  readonly run: number;
  readonly pass: number;
  readonly task: string;
  readonly fence: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly outcome: Outcome | null;
}

/** State in memory, which survives the runners of a test. */
export class MemoryStore implements Store {
  /** Says why nothing can be stored; `null` while all is well. */
  failure: string | null = null;
  readonly #chains = new Map<ChainName, KeptChain>();

  begin(chain: ChainName): Promise<Term> {
    return attempt(() => {
      this.#check();
      const kept = this.#chains.get(chain) ?? { fence: 0, state: null, history: new Map<number, KeptRun>() };
      kept.fence += 1;
      this.#chains.set(chain, kept);
      return { fence: toFence(kept.fence), state: this.stateOf(chain) };
    });
  }

  save(saving: Saving): Promise<void> {
    return attempt(() => {
      this.#check();
      this.keep(saving);
    });
  }

  /** Stores at once. @throws StoreError for a term that is over */
  keep({ chain, fence, state, told, history }: Saving): void {
    const kept = this.#chains.get(chain);
    if (kept?.fence !== fence) throw new StoreError(`Cannot store chain "${chain}": its term is over`);
    kept.state = state;
    for (const one of told) writeHistory(kept.history, one);
    for (const number of kept.history.keys()) {
      if (number <= state.lastRun - history.runsKept) kept.history.delete(number);
    }
  }

  /** The state that a new term would begin with: what does not survive being stored does not survive here. */
  stateOf(chain: ChainName): ChainState | null {
    const state = this.savedState(chain);
    return state === null ? null : parseState(JSON.stringify(state), `chain "${chain}" in memory`);
  }

  /** The state as it was handed over, to look at. */
  savedState(chain: ChainName): ChainState | null {
    return this.#chains.get(chain)?.state ?? null;
  }

  /** The kept runs of a chain, the newest last. */
  historyOf(chain: ChainName): readonly KeptRun[] {
    return [...(this.#chains.get(chain)?.history.values() ?? [])];
  }

  /** One run of the history, if it is there. */
  runOf(chain: ChainName, number: number): KeptRun | undefined {
    return this.#chains.get(chain)?.history.get(number);
  }

  #check(): void {
    if (this.failure !== null) throw new StoreError(this.failure);
  }
}

interface KeptChain {
  fence: number;
  /** Nobody changes a state: each is made anew. */
  state: ChainState | null;
  readonly history: Map<number, KeptRun>;
}

function writeHistory(history: Map<number, KeptRun>, { told }: ChainTold): void {
  if (told.kind === 'run intended') {
    const { number, pass, task, fence } = told.run;
    history.set(number, {
      run: number,
      pass,
      task,
      fence,
      startedAt: told.at,
      endedAt: null,
      outcome: null,
    });
  }
  if (told.kind === 'run ended') {
    const line = history.get(told.run.number);
    if (line !== undefined) {
      history.set(line.run, { ...line, endedAt: told.endedAt, outcome: told.outcome });
    }
  }
}

async function attempt<Result>(work: () => Result): Promise<Result> {
  return work();
}
