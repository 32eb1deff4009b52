import type { ChainDefinition } from '../../src/core/definition.ts';
import type { ControlRequest, Loaded } from '../../src/control-port.ts';
import type { ChainPorts } from '../../src/ports.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { promisesSettled } from '../support/promises-settled.ts';
import { Schedule } from '../support/schedule.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { Coverage } from './coverage.ts';
import { Disk } from './disk.ts';
import { harmText, planOf, type PlannedHarm } from './harms.ts';
import { Host } from './host.ts';
import { inflict } from './inflict.ts';
import {
  longestCooldown,
  randomChain,
  randomConstants,
  randomNature,
  type Constants,
  type Nature,
} from './nature.ts';
import { Runners } from './runners.ts';
import { Witness } from './witness.ts';

/** What came of one world. */
export interface WorldReport {
  /** The promise that was broken; `null` if all were kept. */
  readonly broken: string | null;
  readonly runs: number;
  /** The numbers of the harms that were done. */
  readonly harms: readonly number[];
  /** What happened, line by line; empty unless it was asked for. */
  readonly story: readonly string[];
}

/** How a world is played. */
export interface WorldWishes {
  /** The numbers of the harms that are done; `null` for all of the plan. */
  readonly harms?: ReadonlySet<number> | null;
  readonly isTold?: boolean;
  readonly coverage?: Coverage;
  /** Breaks the ports of the chain: for a test of the simulation itself. */
  readonly sabotage?: (ports: ChainPorts) => ChainPorts;
}

const maxPeacefulSteps = 50_000;
/** How often somebody looks after the chain in peace. */
const lookAfterMs = 60_000;
const hourMs = 3_600_000;

/** Keys of what chance decides: each has a stream of its own, so that one harm less changes little else. */
const streams = { plan: 1, nature: 2, chain: 3, host: 4, runners: 5, ports: 6 } as const;

/**
 * Plays one world: a while in which everything goes wrong, then peace, in which the chain must go on. The same seed
 * and the same harms play the same world.
 */
export async function playWorld(seed: number, wishes: WorldWishes = {}): Promise<WorldReport> {
  const world = new World(seed, wishes);
  await world.play();
  return world.report();
}

/** A host, its processes and its people. */
export class World {
  readonly schedule: Schedule = new Schedule();
  readonly clock: VirtualClock;
  readonly disk: Disk = new Disk();
  readonly log: { isFull: boolean } = { isFull: false };
  readonly host: Host;
  readonly witness: Witness;
  readonly runners: Runners;
  readonly coverage: Coverage;
  isCalm = false;
  readonly #wishes: WorldWishes;
  readonly #plan: readonly PlannedHarm[];
  readonly #constants: Constants;
  readonly #nature: Nature;
  readonly #chains: SeededRandom;
  readonly #story: string[] = [];
  readonly #done: number[] = [];
  readonly #tellStory: boolean;
  /** What the configuration says of the chain, and whether it has it at all, and can be read. */
  #definition: ChainDefinition;
  #hasChain = true;
  #isBroken = false;
  #loadMs = 0;
  /** The longest cooldown that the configuration has ever said: a runner may go on by any of it. */
  #longestMs: number;
  /** The same of its tasks. */
  #mostTasks: number;
  /** Counts what was asked. */
  #asked = 0;

  constructor(seed: number, wishes: WorldWishes) {
    const random = new SeededRandom(seed);
    this.#wishes = wishes;
    this.#tellStory = wishes.isTold ?? false;
    this.coverage = wishes.coverage ?? new Coverage();
    this.#plan = planOf(random.fork(streams.plan));
    this.#nature = randomNature(random.fork(streams.nature));
    this.#chains = random.fork(streams.chain);
    this.clock = new VirtualClock(this.schedule, this.#chains.pick([0, 60_000, 30 * 24 * hourMs]));
    this.#constants = randomConstants(this.#chains);
    this.#definition = randomChain(this.#chains, this.#constants);
    this.#longestMs = longestCooldown(this.#definition);
    this.#mostTasks = this.#definition.tasks.length;
    const { schedule, clock, disk, log, coverage } = this;
    const store = new MemoryStore();
    const note = (what: () => string): void => this.note(what);
    this.witness = new Witness({ definition: this.#definition, clock, store, note, coverage });
    const { witness } = this;
    const hostRandom = random.fork(streams.host);
    this.host = new Host({ schedule, clock, random: hostRandom, nature: this.#nature, witness });
    const { host } = this;
    const sabotage = wishes.sabotage ?? ((ports: ChainPorts): ChainPorts => ports);
    this.runners = new Runners({
      ports: {
        schedule,
        clock,
        disk,
        log,
        coverage,
        store,
        witness,
        host,
        random: random.fork(streams.ports),
      },
      random: random.fork(streams.runners),
      chain: this.#definition.name,
      definitions: () => (this.#hasChain ? [this.#definition] : []),
      load: (answer) => this.#load(answer),
      sabotage: (access) => sabotage(access.ports),
      note,
      isCalm: () => this.isCalm,
    });
  }

  async play(): Promise<void> {
    this.runners.startUp();
    for (const planned of this.#plan) if (!(await this.#suffer(planned))) return;
    this.#calm();
    const passes = this.witness.passesMade;
    const untilMs = this.schedule.nowMs + this.#patienceMs();
    let steps = 0;
    while (this.witness.passesMade === passes && (await this.#step(untilMs))) {
      steps += 1;
      this.witness.check(steps < maxPeacefulSteps, () => 'it goes round in circles');
    }
    this.witness.check(
      this.witness.passesMade > passes,
      () => `no pass is made in peace; ${this.runners.state()}`,
    );
    this.witness.checkAllTold();
  }

  report(): WorldReport {
    const { broken, runsMade } = this.witness;
    return { broken, runs: runsMade, harms: this.#done, story: this.#story };
  }

  note(what: () => string): void {
    if (this.#tellStory) this.#story.push(`${String(this.schedule.nowMs).padStart(12)} ms  ${what()}`);
  }

  /** Somebody asks something of the chain, by a name of their own. */
  ask(wish: (by: string) => ControlRequest): void {
    this.#asked += 1;
    this.runners.ask(wish(`ada ${this.#asked}`));
  }

  /** The configuration changes, and the runner that is up is told so. */
  configure(to: 'another' | 'without the chain' | 'with the chain' | 'broken', tookMs: number): void {
    this.#loadMs = tookMs;
    this.#isBroken = to === 'broken';
    if (to === 'broken') return;
    this.#hasChain = to !== 'without the chain';
    if (to !== 'another') return;
    this.#definition = randomChain(this.#chains, this.#constants);
    this.#longestMs = Math.max(this.#longestMs, longestCooldown(this.#definition));
    this.#mostTasks = Math.max(this.#mostTasks, this.#definition.tasks.length);
    this.witness.configured(this.#definition);
  }

  get definition(): ChainDefinition {
    return this.#definition;
  }

  /** The host boots anew. */
  reboot({ isPowerCut, wallByMs }: { readonly isPowerCut: boolean; readonly wallByMs: number }): void {
    this.host.reboot();
    this.runners.killAll();
    if (wallByMs !== 0) this.setClock(wallByMs);
    this.clock.reboot();
    if (!isPowerCut) return;
    this.host.emptyJournal();
    this.witness.journalLost();
  }

  setClock(byMs: number): void {
    this.clock.setWallBy(byMs);
    this.witness.wallSet();
  }

  async #suffer({ number, gapMs, steps, harm }: PlannedHarm): Promise<boolean> {
    const untilMs = this.schedule.nowMs + gapMs;
    for (let made = 0; made < steps; made += 1) if (!(await this.#step(untilMs))) break;
    const only = this.#wishes.harms ?? null;
    if (this.witness.broken === null && (only === null || only.has(number))) {
      this.#done.push(number);
      this.coverage.count('harm', harm.kind);
      this.note(() => `harm ${number}: ${harmText(harm)}`);
      inflict(this, harm);
      await this.#settle();
    }
    return this.witness.broken === null;
  }

  async #step(untilMs: number): Promise<boolean> {
    const isMade = this.schedule.makeNext(untilMs);
    if (isMade) await this.#settle();
    return isMade && this.witness.broken === null;
  }

  async #settle(): Promise<void> {
    await promisesSettled();
    this.runners.check();
  }

  #load(answer: (loaded: Loaded) => void): void {
    this.schedule.after(this.#loadMs, () => {
      if (this.#isBroken) answer({ kind: 'rejected', problems: [] });
      else
        answer({
          kind: 'loaded',
          definitions: this.#hasChain ? [this.#definition] : [],
          channels: [],
          metrics: null,
        });
    });
  }

  /** The harms stop; somebody goes on to start what was stopped, and to resume what is paused. */
  #calm(): void {
    this.note(() => 'peace');
    this.isCalm = true;
    this.disk.heal();
    Object.assign(this.host.trouble, { startsToFail: 0, loadsToFail: 0, diesAtEnd: null, lateMs: 0 });
    Object.assign(this.#nature, { runFails: 0, runHangs: 0, runLeaves: 0, runMs: 200 });
    this.configure('with the chain', 10);
    this.runners.calm();
    this.#lookAfter();
  }

  #lookAfter(): void {
    const up = this.runners.up;
    const state = this.runners.state();
    if (up !== null && state === 'no chain') void up.reload(false);
    else if (state === 'paused') this.ask((by) => ({ kind: 'resume', by }));
    else if (state === 'stopped') this.ask((by) => ({ kind: 'start', by }));
    this.schedule.after(lookAfterMs, () => this.#lookAfter());
  }

  /** How long a pass may take at most: what is left of the last run and cooldown, then each task once. */
  #patienceMs(): number {
    return (
      6 * lookAfterMs + 120_000 + (this.#mostTasks + 1) * (this.#longestMs + 30_000) + 2 * this.#nature.hangMs
    );
  }
}
