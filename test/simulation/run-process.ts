import type { ChainDefinition } from '../../src/core/definition.ts';
import type { Run } from '../../src/core/facts.ts';
import type { Ending } from '../../src/core/outcome.ts';
import { durationBetween } from '../../src/core/units.ts';
import { unknownUsage, type Usage } from '../../src/core/usage.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { HostNature, Step } from './host.ts';

/** How long what a run leaves behind goes on at most. */
const longestLeftoverMs = 20_000;

/** The host of a run, which knows all of its processes. */
interface RunsHost {
  readonly parts: HostNature;
  add(run: RunProcess): void;
  remove(run: RunProcess): void;
}

/** The worker of a run, which hears of its end. */
interface RunsWorker {
  mainEnded(run: RunProcess, ending: Ending, durationMs: number): void;
  treeEnded(run: RunProcess): void;
}

/** The processes of one run: the main one, and maybe another that it leaves behind. */
export class RunProcess {
  readonly number: number;
  readonly usage: Usage;
  readonly #host: RunsHost;
  readonly #run: Run;
  readonly #random: SeededRandom;
  readonly #isFunction: boolean;
  readonly #minds: boolean;
  readonly #beganAt: ReturnType<VirtualClock['now']>;
  #worker: RunsWorker | null;
  #hasMain = true;
  #hasLeftover: boolean;

  constructor(
    host: RunsHost,
    worker: RunsWorker,
    by: { readonly run: Run; readonly definition: ChainDefinition },
  ) {
    const { nature, clock } = host.parts;
    const { run, definition } = by;
    const random = host.parts.random.fork(0 - run.number);
    this.#host = host;
    this.#worker = worker;
    this.#run = run;
    this.#random = random;
    this.number = run.number;
    this.#hasLeftover = random.happens(nature.runLeaves);
    this.#minds = random.happens(0.7);
    this.#beganAt = clock.now();
    this.#isFunction = definition.tasks.some(
      ({ name, work }) => name === run.task && work.kind === 'function',
    );
    this.usage = this.#isFunction ? { cpuMs: null, memoryKib: random.pick([500, 2_000]) } : unknownUsage;
  }

  get isAlive(): boolean {
    return this.#hasMain || this.#hasLeftover;
  }

  get isGone(): boolean {
    return !this.isAlive;
  }

  begin(definition: ChainDefinition): void {
    const { nature, schedule, witness } = this.#host.parts;
    this.#host.add(this);
    witness.began(this.#run, definition);
    const random = this.#random;
    const lengthMs = random.happens(nature.runHangs) ? nature.hangMs : random.between(1, nature.runMs);
    const ending: Ending = random.happens(nature.runFails) ? this.#failure() : { kind: 'succeeded' };
    schedule.after(lengthMs, () => this.#mainEnds(ending));
    if (this.#hasLeftover)
      schedule.after(lengthMs + random.between(1, longestLeftoverMs), () => this.#leftoverEnds());
  }

  /** @param isFunction whether it can be asked, too: what asks it is the runner, by the definition that it has */
  signal(step: Step, isFunction: boolean): void {
    if (step === 'asked') {
      if (isFunction && this.#isFunction && this.#minds) this.#asked();
      return;
    }
    if (step === 'cancelled' && !this.#minds) return;
    const signal = step === 'killed' ? 'SIGKILL' : 'SIGTERM';
    this.#host.parts.schedule.after(this.#random.between(0, 50), () => {
      this.#mainEnds({ kind: 'killed', signal });
      this.#leftoverEnds();
    });
  }

  /** Its worker died: nobody writes down any more how it ends. */
  orphan(): void {
    this.#worker = null;
    if (this.#isFunction) this.#mainEnds({ kind: 'killed', signal: 'SIGKILL' });
  }

  vanish(): void {
    if (this.isAlive) this.#host.parts.witness.vanished(this.number);
    this.#hasMain = false;
    this.#hasLeftover = false;
  }

  #failure(): Ending {
    const number = this.#random.between(1, 3);
    if (!this.#isFunction) return { kind: 'exited', exitCode: number };
    return {
      kind: 'threw',
      error: { name: 'Error', message: `no place ${'left '.repeat(number)}`, stack: '' },
    };
  }

  // A function that minds its signal ends soon, one way or the other.
  #asked(): void {
    const isDone = this.#random.happens(0.3);
    const ending: Ending = isDone ? { kind: 'succeeded' } : this.#failure();
    this.#host.parts.schedule.after(this.#random.between(0, 500), () => this.#mainEnds(ending));
  }

  #mainEnds(ending: Ending): void {
    if (!this.#hasMain) return;
    this.#hasMain = false;
    const { clock, witness } = this.#host.parts;
    witness.mainEnded(this.number, ending);
    if (this.isGone) this.#gone();
    const durationMs = durationBetween(this.#beganAt.monotonic, clock.now().monotonic);
    this.#worker?.mainEnded(this, ending, durationMs);
  }

  #leftoverEnds(): void {
    if (!this.#hasLeftover) return;
    this.#hasLeftover = false;
    if (this.#hasMain) return;
    this.#gone();
    this.#worker?.treeEnded(this);
  }

  #gone(): void {
    this.#host.remove(this);
    this.#host.parts.witness.treeEnded(this.number);
  }
}
