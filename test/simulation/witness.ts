import { isDeepStrictEqual } from 'node:util';
import type { Here, Moment } from '../../src/core/cooldown.ts';
import type { ChainDefinition, ChainName, TaskDefinition } from '../../src/core/definition.ts';
import type { Told } from '../../src/core/event.ts';
import type { ChainState, Run } from '../../src/core/facts.ts';
import type { Saving } from '../../src/ports.ts';
import type { Ending, Outcome } from '../../src/core/outcome.ts';
import { durationBetween, subtract } from '../../src/core/units.ts';
import type { MemoryStore } from '../support/memory-store.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import { AlertsWitness } from './alerts-witness.ts';
import type { Coverage } from './coverage.ts';
import { isBefore, shortestFailureCooldown, type Seen } from './seen-run.ts';
import { Wishes, type Sight } from './wishes.ts';

/** After a reboot, a wall clock that was set so soon after the end of a run makes its cooldown anybody's guess. */
const unsureAfterJumpMs = 60_000;
const killAgainMs = 1_000;
const storedFirst: ReadonlySet<Told['kind']> = new Set([
  'run intended',
  'run ended',
  'run skipped',
  'pass ended',
  'incident changed',
  'notice',
]);

/** What the witness sees, and where it writes down what happens. */
export interface WitnessParts {
  readonly definition: ChainDefinition;
  readonly clock: VirtualClock;
  readonly store: MemoryStore;
  /** Writes the story down; what is written is made only if somebody reads it. */
  readonly note: (what: () => string) => void;
  readonly coverage: Coverage;
}

interface Step {
  readonly step: 'asked' | 'cancelled' | 'killed';
  readonly at: Here;
}

/**
 * Sees what truly happens in the world, and compares it with what the program promises. It trusts no record of the
 * program but what the store has committed.
 */
export class Witness {
  /** The first promise that was broken, or `null`. */
  broken: string | null = null;
  passesMade = 0;
  runsMade = 0;
  /** How often somebody asked the present runner to stop. */
  stops = 0;
  readonly wishes: Wishes;
  /** All that the configuration has ever said of the chain; its name stays. */
  readonly #definitions: ChainDefinition[] = [];
  readonly #clock: VirtualClock;
  readonly #store: MemoryStore;
  readonly #name: ChainName;
  /** No configuration changes it. */
  readonly #killGraceMs: number;
  readonly #given = new Map<number, Here>();
  readonly #seen = new Map<number, Seen>();
  readonly #steps = new Map<number, Step[]>();
  /** Failures in a row by task, and the first definition that may be in force since the last of them. */
  readonly #streaks = new Map<string, { readonly count: number; from: number }>();
  readonly #readings: (Here & { readonly trueMs: number })[] = [];
  readonly #jumps: Here[] = [];
  #lastBegun = 0;
  /** The last run that has an outcome, or the place of one that was left out. */
  #lastTurn: { readonly run: Run | null; readonly lengthMs: number; readonly at: Sight } | null = null;

  readonly #note: (what: () => string) => void;
  readonly #alerts: AlertsWitness;
  readonly #committed = new WeakSet<Told>();
  readonly #alreadySaving = new WeakSet<Told>();

  constructor(parts: WitnessParts) {
    this.#definitions.push(parts.definition);
    this.#name = parts.definition.name;
    this.#killGraceMs = parts.definition.killGraceMs;
    this.#clock = parts.clock;
    this.#store = parts.store;
    this.#note = parts.note;
    this.wishes = new Wishes({
      here: () => this.#here(),
      stored: () => this.#store.savedState(parts.definition.name),
      check: (isTrue, promise) => this.check(isTrue, promise),
    });
    this.#alerts = new AlertsWitness({
      alerts: parts.definition.alerts,
      definitions: this.#definitions,
      coverage: parts.coverage,
      isKnownMuteOn: () => this.wishes.isKnownMuteOn(),
      check: (isTrue, promise) => this.check(isTrue, promise),
    });
  }

  /** The configuration has changed. */
  configured(definition: ChainDefinition): void {
    this.#definitions.push(definition);
  }

  /**
   * A runner takes the chain with this definition, which may be older than that of the runner before: it has begun since the
   * configuration was changed. So it may be in force for all that goes on.
   */
  taken(definition: ChainDefinition): void {
    const from = this.#definitions.lastIndexOf(definition);
    for (const seen of this.#seen.values()) seen.definitionsFrom = Math.min(seen.definitionsFrom, from);
    for (const streak of this.#streaks.values()) streak.from = Math.min(streak.from, from);
  }

  check(isTrue: boolean, promise: () => string): void {
    if (!isTrue) this.broken ??= promise();
  }

  /** A runner took the chain, or a worker the lock: it has read both clocks. */
  clocksRead(): void {
    this.#readings.push(this.#here());
  }

  wallSet(): void {
    this.#jumps.push(this.#here());
  }

  /** A worker was handed a run, so its intent must be durable. */
  given(run: Run): void {
    const stored = this.#store.savedState(this.#name)?.run;
    const isDurable = stored?.number === run.number && stored.fence === run.fence;
    this.check(isDurable, () => `run ${run.number} is started and its intent is not stored`);
    this.#given.set(run.number, this.#here());
    this.wishes.given(run);
  }

  /** Whether a run's main process lives. */
  isInProgress(number: number): boolean {
    return this.#seen.get(number)?.hasMain === true;
  }

  began(run: Run, definition: ChainDefinition): void {
    this.#note(() => `run ${run.number} of ${run.task} begins`);
    for (const other of this.#seen.values()) {
      const isLive = other.hasMain || (other.hasTree && other.definition.leftovers !== 'allow');
      this.check(!isLive, () => `run ${run.number} begins while run ${other.run.number} lives`);
    }
    this.check(run.number > this.#lastBegun, () => `run ${run.number} begins after run ${this.#lastBegun}`);
    this.#lastBegun = run.number;
    if (!this.wishes.began(run)) this.#checkCooldown(run);
    this.runsMade += 1;
    const began = this.#here();
    this.#seen.set(run.number, {
      run,
      definition,
      definitionsFrom: this.#definitions.lastIndexOf(definition),
      began,
      hasMain: true,
      hasTree: true,
      written: null,
      mainEnd: null,
      treeEnd: null,
      hasVanished: false,
      wasFoundOver: false,
    });
  }

  mainEnded(number: number, ending: Ending): void {
    const seen = this.#seen.get(number);
    if (seen === undefined) return;
    this.#note(() => `run ${number} ends, ${ending.kind}`);
    seen.hasMain = false;
    seen.mainEnd = this.#here();
  }

  /** How its worker has written down the end of a run; `null` if it dies before it can. */
  written(number: number, ending: Ending | null): void {
    const seen = this.#seen.get(number);
    if (seen !== undefined) seen.written = ending;
  }

  treeEnded(number: number): void {
    const seen = this.#seen.get(number);
    if (seen === undefined) return;
    this.#note(() => `run ${number} is gone`);
    seen.hasTree = false;
    seen.treeEnd = this.#here();
  }

  vanished(number: number): void {
    const seen = this.#seen.get(number);
    if (seen === undefined) return;
    seen.hasVanished = true;
    seen.hasMain = false;
    seen.hasTree = false;
  }

  /** A power cut took what the kernel had not yet put on the disk: nobody can know any more how a run ended. */
  journalLost(): void {
    for (const seen of this.#seen.values()) {
      const kept = this.#store.runOf(this.#name, seen.run.number);
      if (kept?.outcome !== null) continue;
      seen.written = null;
      seen.hasVanished = true;
    }
  }

  foundInJournal(number: number, wasBlocked: boolean): void {
    const seen = this.#seen.get(number);
    this.#note(() => `run ${number} is found in the journal`);
    if (seen !== undefined && !wasBlocked) seen.wasFoundOver = true;
  }

  endingStep(run: Run, step: Step['step']): void {
    const steps = this.#steps.get(run.number) ?? [];
    this.#steps.set(run.number, steps);
    this.#note(() => `run ${run.number} is ${step}`);
    this.#checkStep(run, step, steps);
    steps.push({ step, at: this.#here() });
  }

  /** What the next runner must know as well is stored before it is told. */
  told(told: Told): void {
    if (told.kind === 'pass ended') this.passesMade += 1;
    const isStored = !storedFirst.has(told.kind) || this.#committed.has(told);
    this.check(isStored, () => `"${told.kind}" is told and not stored`);
  }

  /** A runner begins to store this, for the first time or again. */
  saving(told: Told): void {
    if (this.#alreadySaving.has(told)) return;
    this.#alreadySaving.add(told);
    this.wishes.saving(told);
    if (told.kind === 'notice') this.#alerts.made(told);
  }

  /** The store has committed this. */
  committed({ told, state }: Saving): void {
    for (const one of told) {
      this.#committed.add(one.told);
      this.#stored(one.told, state);
    }
    this.#alerts.committed(told.map((one) => one.told));
  }

  #stored(told: Told, state: ChainState): void {
    this.wishes.stored(told, state);
    if (told.kind === 'run skipped') {
      this.#note(() => `stored: ${told.task} is left out`);
      const lengths = this.#tasksOf(told.task, this.#definitions).map(({ cooldown }) => cooldown.successMs);
      this.#lastTurn = { run: null, lengthMs: Math.min(...lengths), at: this.wishes.skippedAt(told) };
    }
    if (told.kind === 'notice') this.#note(() => `stored: people are told, ${told.notice.kind}`);
    // It was due: should it be withdrawn, it is due again, whatever the clocks of another boot say.
    if (told.kind === 'run intended' && this.#earlyMs() <= 0) this.#lastTurn = null;
    if (told.kind !== 'run ended') return;
    const { run, outcome } = told;
    this.#note(() => `stored: run ${run.number} ${outcome.kind}`);
    this.#checkOutcome(run, outcome);
    const lengthMs = this.#shortestCooldown(run, outcome);
    if (outcome.kind !== 'withdrawn') this.#lastTurn = { run, lengthMs, at: this.#momentOf(told.endedAt) };
  }

  /** When something happened that was stored only now: a store may take its time. */
  #momentOf(wall: Moment['wall']): Sight {
    const { boot, now, trueMs } = this.#here();
    return {
      boot,
      trueMs,
      now: { wall, monotonic: subtract(now.monotonic, durationBetween(wall, now.wall)) },
    };
  }

  /** At the end of the world every run that began has its outcome. */
  checkAllTold(): void {
    for (const { run, hasMain } of this.#seen.values()) {
      const kept = this.#store.runOf(this.#name, run.number);
      this.check(
        hasMain || kept?.outcome !== null || run.number === this.#lastBegun,
        () => `run ${run.number} has no outcome`,
      );
    }
  }

  #checkOutcome(run: Run, outcome: Outcome): void {
    const says = (what: string) => (): string =>
      `run ${run.number} is said to have ${outcome.kind}, and it ${what}`;
    const seen = this.#seen.get(run.number);
    const steps = this.#steps.get(run.number) ?? [];
    if (seen === undefined) {
      const isTrue = ['withdrawn', 'not started'].includes(outcome.kind) || run.boot !== this.#clock.boot;
      this.check(isTrue || steps.length > 0, says('never began'));
      return;
    }
    this.check(!seen.hasMain, says('lives'));
    this.check(outcome.kind !== 'withdrawn' && outcome.kind !== 'not started', says('began'));
    const { written } = seen;
    if (outcome.kind === 'succeeded') this.check(written?.kind === 'succeeded', says('did not'));
    // Nobody can know when a run ended that has no written end.
    const wasEnded = steps.some((step) => written === null || !isBefore(seen.mainEnd, step.at));
    if (wasEnded) return;
    const isTrue = written === null ? outcome.kind === 'interrupted' : isDeepStrictEqual(outcome, written);
    this.check(isTrue, says(`truly ${written?.kind ?? 'was interrupted'}`));
  }

  #checkStep(run: Run, step: Step['step'], steps: readonly Step[]): void {
    const seen = this.#seen.get(run.number);
    const since = seen?.began ?? this.#given.get(run.number);
    const { boot, now } = this.#here();
    if (since?.boot !== boot || seen?.hasTree === false || this.stops > 0) return;
    const last = steps.at(-1);
    const nowMs = now.monotonic;
    const asked = this.wishes.endAsked(run);
    if (step === 'cancelled') {
      const inForce = this.#definitions.slice(seen?.definitionsFrom ?? 0);
      const isOvertime = this.#tasksOf(run.task, inForce).some(
        ({ timeoutMs }) => timeoutMs !== null && nowMs - since.now.monotonic >= timeoutMs - 10,
      );
      const isLeft = seen?.hasMain === false && inForce.some(({ leftovers }) => leftovers === 'kill');
      // What was begun by a stop goes on after a restart.
      const isDue = isOvertime || isLeft || last !== undefined || asked !== null;
      this.check(isDue, () => `run ${run.number} is cancelled, and nothing says so`);
    }
    if (step !== 'killed' || asked === 'killed') return;
    const graceMs = last?.step === 'killed' ? killAgainMs : this.#killGraceMs;
    const isGraceOver = last !== undefined && nowMs - last.at.now.monotonic >= graceMs;
    this.check(
      isGraceOver || steps.some((one) => one.step === 'killed'),
      () => `run ${run.number} is killed without a grace`,
    );
  }

  #checkCooldown(run: Run): void {
    const earlyMs = this.#earlyMs();
    const last = this.#lastTurn?.run?.number ?? 'a run left out';
    this.check(
      earlyMs <= 0,
      () => `run ${run.number} begins ${earlyMs} ms before the cooldown of ${last} is over`,
    );
  }

  /** How much too early a run would begin now, as far as anybody can know: 0 or less if its cooldown is over. */
  #earlyMs(): number {
    const last = this.#lastTurn;
    if (last === null) return 0;
    const seen = last.run === null ? undefined : this.#seen.get(last.run.number);
    const end = (seen === undefined ? null : this.#endOf(seen)) ?? last.at;
    if (end === last.at && this.#isUnsure(last.at)) return 0;
    const { boot, now, trueMs } = this.#here();
    // Whatever was done to the clocks since: a cooldown that has truly passed is not cut short.
    if (end.trueMs !== null && trueMs - end.trueMs >= last.lengthMs) return 0;
    return this.#earliestStart(end, last.lengthMs, boot) - now.monotonic;
  }

  /** The end from which the cooldown counts; `null` if nobody saw it before it was found out. */
  #endOf(seen: Seen): Sight | null {
    const isMainEnough = seen.definition.leftovers === 'allow' || seen.wasFoundOver || seen.hasVanished;
    const end = isMainEnough ? seen.mainEnd : seen.treeEnd;
    return seen.hasVanished && seen.written === null ? null : end;
  }

  #earliestStart(end: Sight, lengthMs: number, boot: string): number {
    if (end.boot === boot) return end.now.monotonic + lengthMs;
    if (this.#isUnsure(end)) return 0;
    const since = this.#readings.filter(({ trueMs }) => end.trueMs === null || trueMs >= end.trueMs);
    let wallEndMs = end.now.wall + lengthMs;
    const restAt = ({ now }: Here): number => Math.min(Math.max(0, wallEndMs - now.wall), lengthMs);
    // Whoever took the chain in a boot between may have stored the rest of the cooldown by the wall clock of that boot.
    for (const reading of since) {
      const isBetween = reading.boot !== end.boot && reading.boot !== boot;
      if (isBetween) wallEndMs = Math.min(wallEndMs, reading.now.wall + restAt(reading));
    }
    const here = since.filter((reading) => reading.boot === boot);
    return Math.min(...here.map((reading) => reading.now.monotonic + restAt(reading)));
  }

  #isUnsure({ boot, now }: Here): boolean {
    return this.#jumps.some(
      (jump) => jump.boot === boot && Math.abs(jump.now.monotonic - now.monotonic) < unsureAfterJumpMs,
    );
  }

  /** The shortest cooldown that the definitions allow after this run. */
  #shortestCooldown(run: Run, outcome: Outcome): number {
    const from = this.#seen.get(run.number)?.definitionsFrom ?? 0;
    const tasks = this.#tasksOf(run.task, this.#definitions.slice(from));
    const shortestMs = Math.min(...tasks.map(({ cooldown }) => cooldown.successMs));
    if (outcome.kind === 'withdrawn' || outcome.kind === 'stopped') return shortestMs;
    if (outcome.kind === 'succeeded') {
      this.#streaks.delete(run.task);
      return shortestMs;
    }
    const streak = this.#shortestStreak(run.task) + 1;
    this.#streaks.set(run.task, { count: streak, from });
    return Math.min(...tasks.map(({ cooldown }) => shortestFailureCooldown(cooldown.failure, streak)));
  }

  /** The failures in a row that must be known of a task: it was forgotten if a definition did not have it. */
  #shortestStreak(name: string): number {
    const { count, from } = this.#streaks.get(name) ?? { count: 0, from: 0 };
    const since = this.#definitions.slice(from);
    return since.every(({ tasks }) => tasks.some((task) => task.name === name)) ? count : 0;
  }

  /** What the definitions say of a task of this name; where one has none, its first task stands in. */
  #tasksOf(name: string, definitions: readonly ChainDefinition[]): readonly TaskDefinition[] {
    return definitions.flatMap(({ tasks }) => tasks.find((task) => task.name === name) ?? tasks.slice(0, 1));
  }

  #here(): Sight & { readonly trueMs: number } {
    return { boot: this.#clock.boot, now: this.#clock.now(), trueMs: this.#clock.trueMs };
  }
}
