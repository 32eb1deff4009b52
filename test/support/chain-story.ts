import type { ChainDefinition, LogLimits } from '../../src/core/definition.ts';
import { storedWait } from '../../src/core/cooldown.ts';
import type { ChainRequest, ChainTold, Told } from '../../src/core/event.ts';
import type { ChainState, Passes } from '../../src/core/facts.ts';
import { newChainState, type Holds } from '../../src/core/initial.ts';
import { toDurationMs } from '../../src/core/units.ts';
import type { Clock, Output } from '../../src/ports.ts';
import { startChain, type RunningChain } from '../../src/runner/chain-loop.ts';
import { chainOf, type TaskWishes } from './chain-definition.ts';
import { MemoryStore } from './memory-store.ts';
import { Schedule } from './schedule.ts';
import { ScriptedWorkers } from './scripted-workers.ts';
import { settled } from './settled.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What matters to a story; the rest is a chain of one task with cooldowns of a second. */
export interface StoryWishes extends Partial<Omit<ChainDefinition, 'tasks'>> {
  readonly tasks?: readonly TaskWishes[];
  readonly passes?: number;
}

/** A chain that is run by the real loop, in virtual time, with workers that do what the test says. */
export class ChainStory {
  readonly definition: ChainDefinition;
  readonly schedule: Schedule = new Schedule();
  readonly clock: VirtualClock = new VirtualClock(this.schedule);
  readonly store: MemoryStore = new MemoryStore();
  readonly workers: ScriptedWorkers = new ScriptedWorkers(this.clock);
  readonly output: SmallLog = new SmallLog();
  readonly told: Told[] = [];
  /** The wall clock when the story began. */
  readonly beganWallMs: number = this.clock.now().wall;
  /** What the chain finished with, or an error; `null` while it runs. */
  end: Passes | Error | null = null;
  readonly #passGoal: number | null;
  #chain: RunningChain | null = null;
  #runners = 0;
  #stops = 0;

  constructor({ tasks = [{}], passes, ...changed }: StoryWishes = {}) {
    this.definition = chainOf(tasks, changed);
    this.#passGoal = passes ?? null;
  }

  /** A runner takes the chain; the one before is taken to be dead and is heard no more. */
  async start(holds: Holds = 'both end'): Promise<void> {
    const { store, workers, output } = this;
    const clock = this.#newClock();
    const tell = ({ told }: ChainTold): void => void this.told.push(told);
    this.end = null;
    this.#stops = 0;
    this.#chain = await startChain(
      this.definition,
      { clock, store, workers, output, tell, random: { next: () => 0 } },
      { passGoal: this.#passGoal, holds },
    );
    this.#chain.finished.then(
      (passes) => (this.end = passes),
      (error: unknown) => (this.end = error instanceof Error ? error : new Error(String(error))),
    );
    await settled();
  }

  /** The clock of a runner, which wakes it only until the next one takes the chain. */
  #newClock(): Clock {
    const { clock } = this;
    this.#runners += 1;
    const runner = this.#runners;
    return {
      boot: clock.boot,
      now: () => clock.now(),
      allHeard: () => clock.allHeard(),
      wakeAt: (moment, wake) =>
        clock.wakeAt(moment, () => {
          if (this.#runners === runner) wake();
        }),
    };
  }

  /** Asks it to stop; the second time, to stop now. */
  async stop(): Promise<void> {
    this.#stops += 1;
    await this.ask({ kind: 'stop asked', at: this.clock.now().monotonic, isNow: this.#stops > 1 });
  }

  /** Asks something of the chain, and lets it answer; it may take its time. */
  async ask(request: ChainRequest): Promise<Asked> {
    const asked: Asked = { isAnswered: false };
    void this.#chain?.ask(request).then(() => (asked.isAnswered = true));
    await settled();
    return asked;
  }

  /** Pauses the chain, for a while or until somebody resumes it. */
  pause(lengthMs: number | null = null): Promise<Asked> {
    const here = { boot: this.clock.boot, now: this.clock.now() };
    const until = lengthMs === null ? null : storedWait(toDurationMs(lengthMs), here);
    return this.ask({ kind: 'pause asked', at: here.now, by: 'ada', until });
  }

  resume(): Promise<Asked> {
    return this.ask({ kind: 'resume asked', by: 'ada', at: this.clock.now(), boot: this.clock.boot });
  }

  poke(): Promise<Asked> {
    return this.ask({ kind: 'poke asked', by: 'ada' });
  }

  /** Gives the chain other tasks, or another definition. */
  async change(tasks: readonly TaskWishes[], changed: Partial<ChainDefinition> = {}): Promise<void> {
    this.#chain?.change(chainOf(tasks, changed));
    await settled();
  }

  /** The names of the tasks in force. */
  get tasksInForce(): readonly string[] {
    return (this.#chain?.definition() ?? this.definition).tasks.map(({ name }) => name);
  }

  /** The stored state. */
  get stored(): ChainState {
    return this.store.stateOf(this.definition.name) ?? newChainState;
  }

  /** From now on the disk is slow: what is stored waits until the function that this gives is called. */
  slowDisk(): () => void {
    const save = this.store.save.bind(this.store);
    let goOn = (): void => undefined;
    this.store.save = async (saving) => {
      await new Promise<void>((resolve) => (goOn = resolve));
      return save(saving);
    };
    return () => goOn();
  }

  /** Makes the workers do something, and lets the chain answer. */
  async when(happen: (workers: ScriptedWorkers) => void): Promise<void> {
    happen(this.workers);
    await settled();
  }

  advance(lengthMs: number): Promise<void> {
    return this.schedule.advance(lengthMs);
  }

  /** Why the chain does nothing right now. */
  get waitingFor(): string | null {
    return this.#chain?.waitingFor() ?? null;
  }

  /** How many runs were handed to a worker. */
  get started(): number {
    return this.workers.runs.length;
  }

  /** The tasks of these runs. */
  get startedTasks(): readonly string[] {
    return this.workers.runs.map((run) => run.task);
  }

  /** The outcomes in the history, `null` for a run that has none. */
  get outcomes(): readonly (string | null)[] {
    return this.store.historyOf(this.definition.name).map(({ outcome }) => outcome?.kind ?? null);
  }

  /** The kinds of what was told. */
  get toldKinds(): readonly string[] {
    return this.told.map((one) => one.kind);
  }
}

/** Whether somebody who asked something has an answer. */
export interface Asked {
  isAnswered: boolean;
}

/** A log that is full when the test says so. */
class SmallLog implements Output {
  full = false;
  isWatched = false;
  limitBytes = 0;
  generation = 1;
  /** What the last run wrote. */
  written = '';

  position(): { generation: number; offset: number } {
    return { generation: this.generation, offset: 0 };
  }

  tail(): string {
    return this.written;
  }

  mustRotate(): boolean {
    return this.full;
  }

  limit({ fileLimitBytes }: LogLimits): void {
    this.limitBytes = fileLimitBytes;
  }

  watch(): void {
    this.isWatched = true;
  }

  unwatch(): void {
    this.isWatched = false;
  }

  rotate(): void {
    this.generation += 1;
    this.full = false;
  }
}

/** A story that has begun. */
export async function startStory(wishes?: StoryWishes): Promise<ChainStory> {
  const story = new ChainStory(wishes);
  await story.start();
  return story;
}
