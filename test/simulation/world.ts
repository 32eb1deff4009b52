import type { ChainDefinition, OnFailure } from '../../src/core/definition.ts';
import { storedWait } from '../../src/core/cooldown.ts';
import type { ChainRequest } from '../../src/core/event.ts';
import type { Holds } from '../../src/core/initial.ts';
import { toDurationMs } from '../../src/core/units.ts';
import { backOff, chainOf, type TaskWishes } from '../support/chain-definition.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { Schedule } from '../support/schedule.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { Host, type HostFaults } from './host.ts';
import { SimulatedRunner } from './runner.ts';
import { Witness } from './witness.ts';

/** What came of one world. */
export interface WorldReport {
  /** The promise that was broken, with what happened before; `null` if all were kept. */
  readonly broken: string | null;
  readonly runs: number;
  readonly faults: Readonly<Record<string, number>>;
}

/** What is done to the world; what stands twice is done twice as often. */
const harms = [
  'crash',
  'crash',
  'stop',
  'stop',
  'reboot',
  'set clock',
  'fill disk',
  'kill worker',
  'freeze',
  'fill log',
  'pause',
  'pause for a while',
  'resume',
  'resume',
  'poke',
  'poke',
  'skip',
  'end run',
  'stop chain',
  'outdate worker',
  'reload',
  'upgrade',
] as const;
/** How many kinds of harm there are. */
export const harmKinds: number = new Set(harms).size;

const maxFaults = 40;
const maxSteps = 600;
const maxPeacefulSteps = 50_000;
const hourMs = 3_600_000;

/** Plays one world: a while in which everything goes wrong, then peace, in which the chain must go on. */
export async function playWorld(seed: number): Promise<WorldReport> {
  const world = new World(seed);
  await world.play();
  return world.report();
}

class World {
  readonly #random: SeededRandom;
  readonly #schedule = new Schedule();
  readonly #clock: VirtualClock;
  readonly #store = new MemoryStore();
  /** What the configuration says. */
  #definition: ChainDefinition;
  /** The longest cooldown that it has ever said. */
  #longestMs = 0;
  /** Counts what was asked. */
  #asked = 0;
  readonly #witness: Witness;
  readonly #host: Host;
  readonly #faults: HostFaults;
  readonly #crash: { probability: number };
  readonly #log = { isFull: false };
  readonly #happened: string[] = [];
  readonly #counts: Record<string, number> = {};
  readonly #faultGapMs: number;
  #runner: SimulatedRunner | null = null;
  #faultsLeft: number;
  #isCalm = false;
  /** The next runner starts as soon as this one has finished. */
  #isUpgrading = false;

  constructor(seed: number) {
    const random = new SeededRandom(seed);
    this.#random = random;
    this.#clock = new VirtualClock(this.#schedule, random.pick([0, 60_000, 30 * 24 * hourMs]));
    this.#definition = randomChain(random);
    this.#longestMs = longestCooldown(this.#definition);
    this.#witness = new Witness({
      definition: this.#definition,
      clock: this.#clock,
      store: this.#store,
      note: (what) => this.#note(what),
    });
    this.#faultGapMs = random.pick([300, 3_000, 30_000, hourMs]);
    this.#faultsLeft = random.between(0, maxFaults);
    this.#crash = { probability: random.pick([0, 0.002, 0.02]) };
    this.#faults = {
      workerFails: random.pick([0, 0.02, 0.2]),
      runFails: random.pick([0, 0.2, 0.8]),
      runHangs: random.pick([0, 0.1]),
      runLeaves: random.pick([0, 0.3]),
      runMs: random.pick([50, 3_000]),
    };
    this.#host = new Host({
      schedule: this.#schedule,
      clock: this.#clock,
      random,
      faults: this.#faults,
      witness: this.#witness,
    });
  }

  async play(): Promise<void> {
    this.#startRunner();
    this.#planFault();
    let steps = 0;
    while (this.#faultsLeft > 0 && steps < maxSteps && (await this.#step(Number.MAX_SAFE_INTEGER)))
      steps += 1;
    this.#calm();
    const passes = this.#witness.passesMade;
    const untilMs = this.#schedule.nowMs + this.#patienceMs();
    steps = 0;
    while (this.#witness.passesMade === passes && (await this.#step(untilMs))) {
      steps += 1;
      this.#witness.check(steps < maxPeacefulSteps, 'it goes round in circles');
    }
    this.#witness.check(
      this.#witness.passesMade > passes,
      `no pass is made in peace; it waits for "${this.#runner?.waitingFor}"`,
    );
    this.#witness.checkAllTold();
  }

  report(): WorldReport {
    const { broken, runsMade } = this.#witness;
    const story = `${broken}\n${this.#happened.slice(-40).join('\n')}`;
    return { broken: broken === null ? null : story, runs: runsMade, faults: this.#counts };
  }

  async #step(untilMs: number): Promise<boolean> {
    const isGoingOn = await this.#schedule.step(untilMs);
    this.#runner?.checkFacts();
    return isGoingOn && this.#witness.broken === null;
  }

  #startRunner(): void {
    const holds = this.#random.pick<Holds>(
      this.#isCalm ? ['both end', 'stop ends'] : ['both end', 'stop ends', 'kept', 'kept'],
    );
    this.#note(`a runner starts, ${holds}`);
    const runner = new SimulatedRunner({
      definition: this.#definition,
      holds,
      schedule: this.#schedule,
      clock: this.#clock,
      random: this.#random,
      store: this.#store,
      host: this.#host,
      witness: this.#witness,
      log: this.#log,
      crash: this.#crash,
      died: (how) => this.#runnerDied(how),
    });
    this.#runner = runner;
    runner.start();
  }

  #runnerDied(how: string): void {
    this.#note(`the runner ${how}`);
    this.#runner = null;
    const delayMs = this.#isUpgrading
      ? 0
      : this.#random.pick([0, 10, 3_000, this.#isCalm ? 0 : this.#faultGapMs]);
    this.#isUpgrading = false;
    this.#schedule.after(delayMs, () => {
      if (this.#runner === null) this.#startRunner();
    });
  }

  #planFault(): void {
    this.#schedule.after(this.#random.between(1, this.#faultGapMs), () => {
      if (this.#isCalm) return;
      this.#faultsLeft -= 1;
      this.#doHarm();
      this.#planFault();
    });
  }

  #doHarm(): void {
    const fault = this.#random.pick(harms);
    this.#counts[fault] = (this.#counts[fault] ?? 0) + 1;
    this.#note(fault);
    switch (fault) {
      case 'crash':
        this.#runner?.crash();
        break;
      case 'stop':
        this.#ask({
          kind: 'stop asked',
          at: this.#clock.now().monotonic,
          isNow: this.#random.happens(0.3),
        });
        break;
      case 'pause':
        this.#pause(null);
        break;
      case 'pause for a while':
        this.#pause(this.#random.pick([100, 5_000, hourMs]));
        break;
      case 'resume':
        this.#ask(this.#resume());
        break;
      case 'poke':
        this.#ask({ kind: 'poke asked', by: this.#newName() });
        break;
      case 'skip':
        this.#ask({ kind: 'skip asked', by: this.#newName() });
        break;
      case 'end run':
        this.#endRun();
        break;
      case 'stop chain':
        this.#stopChain();
        break;
      case 'outdate worker':
        this.#ask({ kind: 'worker outdated', reason: 'its memory grew' });
        break;
      case 'reload':
        this.#reload();
        break;
      case 'upgrade':
        this.#isUpgrading = true;
        this.#ask({ kind: 'drain asked' });
        break;
      case 'reboot':
        this.#reboot();
        break;
      case 'set clock':
        this.#setClock();
        break;
      case 'fill disk':
        this.#store.failure = 'the disk is full';
        this.#schedule.after(this.#random.between(1, 20_000), () => (this.#store.failure = null));
        break;
      case 'kill worker':
        this.#host.killWorker();
        break;
      case 'freeze': {
        const runner = this.#runner;
        runner?.freeze();
        this.#schedule.after(this.#random.between(1, 60_000), () => runner?.thaw());
        break;
      }
      case 'fill log':
        this.#log.isFull = true;
        break;
    }
  }

  #ask(request: ChainRequest): void {
    this.#runner?.ask(request);
  }

  /** Who asks; another one each time. */
  #newName(): string {
    this.#asked += 1;
    return `ada ${this.#asked}`;
  }

  #pause(lengthMs: number | null): void {
    const here = { boot: this.#clock.boot, now: this.#clock.now() };
    const until = lengthMs === null ? null : storedWait(toDurationMs(lengthMs), here);
    this.#ask({ kind: 'pause asked', at: here.now, by: this.#newName(), until });
  }

  #endRun(): void {
    const at = this.#clock.now().monotonic;
    const step = this.#random.pick<'cancelled' | 'killed'>(['cancelled', 'killed']);
    this.#ask({ kind: 'end asked', step, at, by: this.#newName() });
  }

  #stopChain(): void {
    const isNow = this.#random.happens(0.3);
    this.#ask({ kind: 'chain stopped', at: this.#clock.now(), by: this.#newName(), isNow });
  }

  /** The configuration changes: other cooldowns and limits, and tasks come, go and move. */
  #reload(): void {
    this.#definition = randomChain(this.#random);
    this.#longestMs = Math.max(this.#longestMs, longestCooldown(this.#definition));
    this.#witness.configured(this.#definition);
    this.#runner?.change(this.#definition);
  }

  #reboot(): void {
    this.#host.reboot();
    this.#runner?.crash();
    if (this.#random.happens(0.5)) this.#setClock();
    this.#clock.reboot();
    if (this.#random.happens(0.7)) return;
    this.#host.emptyJournal();
    this.#witness.journalLost();
  }

  #setClock(): void {
    const byMs = this.#random.pick([-10 * 24 * hourMs, -hourMs, -50, 50, hourMs, 10 * 24 * hourMs]);
    this.#clock.setWallBy(byMs);
    this.#witness.wallSet();
  }

  /** The faults stop; somebody goes on to start what was stopped, and to resume what is paused. */
  #calm(): void {
    this.#note('peace');
    this.#isCalm = true;
    this.#store.failure = null;
    this.#crash.probability = 0;
    Object.assign(this.#faults, { workerFails: 0, runFails: 0, runHangs: 0, runLeaves: 0, runMs: 200 });
    this.#runner?.thaw();
    this.#lookAfter();
  }

  #resume(): ChainRequest {
    return { kind: 'resume asked', by: this.#newName(), at: this.#clock.now(), boot: this.#clock.boot };
  }

  #lookAfter(): void {
    if (this.#runner?.waitingFor === 'paused') {
      const stop = { kind: 'stop asked', at: this.#clock.now().monotonic, isNow: false } as const;
      this.#ask(this.#random.happens(0.5) ? stop : this.#resume());
    }
    this.#schedule.after(10_000, () => this.#lookAfter());
  }

  /** How long a pass may take at most: what is left of the last run and cooldown, then each task once. */
  #patienceMs(): number {
    return 180_000 + (this.#definition.tasks.length + 1) * (this.#longestMs + 30_000) + this.#faultGapMs;
  }

  #note(what: string): void {
    this.#happened.push(`${String(this.#schedule.nowMs).padStart(12)} ms  ${what}`);
  }
}

function longestCooldown({ tasks }: ChainDefinition): number {
  const lengths = tasks.map(({ cooldown: { successMs, failure } }) =>
    Math.max(successMs, failure.kind === 'fixed' ? failure.lengthMs : failure.capMs),
  );
  return Math.max(...lengths);
}

function randomChain(random: SeededRandom): ChainDefinition {
  const first = random.between(1, 2);
  const tasks = Array.from({ length: random.between(1, 3) }, (_, index) => ({
    ...randomTask(random),
    name: `task${first + index}`,
  }));
  return chainOf(tasks, {
    leftovers: random.pick(['wait', 'kill', 'allow']),
    stopGraceMs: toDurationMs(random.pick([0, 5_000])),
    killGraceMs: toDurationMs(2_000),
    isolation: random.pick(['chain', 'chain', 'run']),
    recycle: { runs: random.pick([null, 1, 3]), memoryKib: null, ageMs: null },
    history: { runsKept: 10_000, failedRunsKept: 10_000, ageMs: null },
    heartbeat: null,
  });
}

function randomTask(random: SeededRandom): TaskWishes {
  const timeout = random.happens(0.5) ? { timeoutMs: random.pick([500, 5_000]) } : {};
  const onFailure: OnFailure = random.pick(['continue', 'continue', 'retry', 'restart', 'pause']);
  return {
    ...timeout,
    onFailure,
    successMs: random.pick([0, 50, 1_000, 60_000, hourMs]),
    failure: random.happens(0.5)
      ? random.pick([0, 2_000, 600_000])
      : backOff(1_000, { capMs: 300_000, jitter: random.pick([0, 0.5, 1]) }),
  };
}
