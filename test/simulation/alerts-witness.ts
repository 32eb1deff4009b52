import type { AlertPolicy, ChainDefinition } from '../../src/core/definition.ts';
import type { IncidentChange, Told } from '../../src/core/event.ts';
import type { Notice } from '../../src/core/notice.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { countDue } from './count-told.ts';
import type { Coverage } from './coverage.ts';

/** What is needed to compare what people are told with what happened. */
export interface AlertsParts {
  /** No configuration of a world changes it. */
  readonly alerts: AlertPolicy;
  /** All that the configuration has ever said of the chain. */
  readonly definitions: readonly ChainDefinition[];
  readonly coverage: Coverage;
  readonly isKnownMuteOn: () => boolean;
  readonly check: (isTrue: boolean, promise: () => string) => void;
}

type ToldNotice = Extract<Told, { readonly kind: 'notice' }>;
type ToldEnd = Extract<Told, { readonly kind: 'run ended' }>;

/** A streak of failures, counted from the ends of runs alone. */
interface Streak {
  readonly firstRun: number;
  failures: number;
  /** Whether people were told of it: not yet, by itself, or as part of the flapping of its task. */
  stage: 'untold' | 'told' | 'within flapping';
}

/** The end of a run, and what is to be told together with it. */
interface Ended {
  readonly told: ToldEnd;
  readonly verdict: 'success' | 'failure' | 'none';
  /** The streak that it goes on or ends; `null` for the first failure, and for a success without one. */
  readonly before: Streak | null;
  isChanged: boolean;
  isHealTold: boolean;
  isLateTold: boolean;
}

/**
 * Counts the incidents by the ends of runs, which the witness compares with the truth, and sees to it that people
 * are told the begin and the end of each once: whatever crashes in between, nothing is told twice or forgotten.
 */
export class AlertsWitness {
  readonly #parts: AlertsParts;
  readonly #streaks = new Map<string, Streak>();
  readonly #closed = new Set<number>();
  readonly #breakers = new Set<number>();
  readonly #flapping = new Set<string>();
  /** What lasts of the conditions of a chain that are told, by the word that begins it. */
  readonly #lasting = new Set<Notice['kind']>();
  readonly #late = new Set<number>();
  #held: Record<string, number> = {};
  #ended: Ended | null = null;

  constructor(parts: AlertsParts) {
    this.#parts = parts;
  }

  /** A runner is about to store this notice for the first time. */
  made({ notice, isHeld }: ToldNotice): void {
    this.#check(
      isHeld || !this.#parts.isKnownMuteOn(),
      () => `"${notice.kind}" is told, and the chain is muted`,
    );
  }

  /** All this was committed at once. */
  committed(told: readonly Told[]): void {
    for (const one of told) {
      if (one.kind === 'run ended') this.#runEnded(one);
      if (one.kind === 'incident changed') this.#changed(one.change);
      if (one.kind === 'notice') this.#noticed(one);
    }
    this.#runTold();
  }

  #runEnded(told: ToldEnd): void {
    this.#runTold();
    const verdict = verdictOn(told.outcome);
    const before = this.#streaks.get(told.run.task) ?? null;
    this.#ended = { told, verdict, before, isChanged: false, isHealTold: false, isLateTold: false };
  }

  #changed({ incident, healedAt }: IncidentChange): void {
    const { task, firstRun, failures } = incident;
    const ended = this.#ended?.told.run.task === task ? this.#ended : null;
    const known = this.#streaks.get(task) ?? null;
    this.#check(!this.#closed.has(firstRun), () => `incident ${firstRun} changes, and is over`);
    if (healedAt === null) {
      const isTrue = ended?.verdict === 'failure' && !ended.isChanged;
      this.#check(isTrue, () => `incident ${firstRun} goes on, and no run of ${task} failed`);
      const first = known?.firstRun ?? ended?.told.run.number;
      this.#check(firstRun === first, () => `incident ${firstRun} goes on, which began with run ${first}`);
      const count = (known?.failures ?? 0) + 1;
      this.#check(
        failures === count,
        () => `incident ${firstRun} has ${failures} failures, and it is ${count}`,
      );
      if (known === null) this.#streaks.set(task, { firstRun, failures, stage: 'untold' });
      else known.failures = failures;
    } else {
      this.#check(known?.firstRun === firstRun, () => `incident ${firstRun} is over, and was not open`);
      if (ended?.verdict !== 'success' || ended.isChanged) this.#closedUnhealed(task);
      this.#closed.add(firstRun);
      this.#streaks.delete(task);
    }
    if (ended !== null) ended.isChanged = true;
  }

  #closedUnhealed(task: string): void {
    countDue('incident closed', this.#parts.coverage);
    const isGone = this.#parts.definitions.some(({ tasks }) => tasks.every(({ name }) => name !== task));
    this.#check(isGone, () => `the incident of ${task} is over, and it has not succeeded`);
  }

  #noticed({ notice, isHeld }: ToldNotice): void {
    this.#compare(notice);
    if (isHeld) this.#held[notice.kind] = (this.#held[notice.kind] ?? 0) + 1;
  }

  #compare(notice: Notice): void {
    switch (notice.kind) {
      case 'incident opened':
        this.#opened(notice.incident.task);
        break;
      case 'incident lasts':
        this.#lasts(notice.incident.task, notice.incident.firstRun);
        break;
      case 'incident healed':
        this.#healed(notice.incident.firstRun);
        break;
      case 'new kind':
        this.#check(this.#ended?.verdict === 'failure', () => 'a new kind is told, and no run failed');
        break;
      case 'breaker opened':
        this.#once(this.#breakers, notice.incident.firstRun, 'breaker opened');
        break;
      case 'flapping':
        this.#flaps(notice.task);
        break;
      case 'flapping lasts':
        this.#check(
          this.#flapping.has(notice.task),
          () => `the flapping of ${notice.task} lasts, and is over`,
        );
        break;
      case 'flapping over':
        this.#check(
          this.#flapping.delete(notice.task),
          () => `the flapping of ${notice.task} is over, and was not`,
        );
        break;
      case 'not fresh':
      case 'blocked':
        this.#check(!this.#lasting.has(notice.kind), () => `"${notice.kind}" is told twice`);
        this.#lasting.add(notice.kind);
        break;
      case 'not fresh lasts':
        this.#check(this.#lasting.has('not fresh'), () => '"not fresh lasts" is told before "not fresh"');
        break;
      case 'blocked lasts':
        this.#check(this.#lasting.has('blocked'), () => '"blocked lasts" is told before "blocked"');
        break;
      case 'fresh again':
        this.#check(this.#lasting.delete('not fresh'), () => '"fresh again" is told without "not fresh"');
        break;
      case 'unblocked':
        this.#check(this.#lasting.delete('blocked'), () => '"unblocked" is told without "blocked"');
        break;
      case 'late run':
        this.#once(this.#late, notice.run, 'late run');
        break;
      case 'late run ended':
        this.#lateEnded(notice.run);
        break;
      case 'alerts resumed':
        this.#resumed(notice.held);
        break;
    }
  }

  #opened(task: string): void {
    const streak = this.#streaks.get(task);
    const isTrue = streak?.stage === 'untold' && this.#ended?.verdict === 'failure';
    this.#check(isTrue, () => `an incident of ${task} is told to begin, and none does`);
    const isEnough = (streak?.failures ?? 0) >= this.#parts.alerts.afterFailures;
    this.#check(isEnough, () => `an incident of ${task} is told after ${streak?.failures} failures`);
    this.#check(!this.#flapping.has(task), () => `an incident of ${task} is told by itself, and it flaps`);
    if (streak !== undefined) streak.stage = 'told';
  }

  #lasts(task: string, firstRun: number): void {
    const streak = this.#streaks.get(task);
    const isTrue = streak?.firstRun === firstRun && streak.stage !== 'untold';
    this.#check(isTrue, () => `incident ${firstRun} is told to last, and was not told to begin`);
    if (streak !== undefined) streak.stage = 'told';
  }

  #healed(firstRun: number): void {
    const ended = this.#ended;
    const isTrue = ended?.verdict === 'success' && ended.before?.firstRun === firstRun && !ended.isHealTold;
    this.#check(isTrue, () => `incident ${firstRun} is told to be healed, and no success ends it now`);
    this.#check(
      ended?.before?.stage === 'told',
      () => `the end of incident ${firstRun} is told, and not its begin`,
    );
    if (ended !== null) ended.isHealTold = true;
  }

  #flaps(task: string): void {
    const streak = this.#streaks.get(task);
    this.#check(streak?.stage === 'untold', () => `${task} is told to flap, and its incident was told`);
    this.#check(!this.#flapping.has(task), () => `${task} is told to flap twice`);
    this.#flapping.add(task);
    if (streak !== undefined) streak.stage = 'within flapping';
  }

  #lateEnded(run: number): void {
    const ended = this.#ended?.told.run.number === run ? this.#ended : null;
    const isTrue = this.#late.has(run) && ended?.isLateTold === false;
    this.#check(
      isTrue,
      () => `run ${run} is told to have ended late, and it did not end now, or was not late`,
    );
    if (ended !== null) ended.isLateTold = true;
  }

  #resumed(held: readonly { readonly kind: string; readonly count: number }[]): void {
    const counted = Object.entries(this.#held);
    const isTrue =
      held.length === counted.length && held.every(({ kind, count }) => this.#held[kind] === count);
    this.#check(isTrue, () => `what was held is told as ${listOf(held)}, and is ${JSON.stringify(counted)}`);
    this.#held = {};
  }

  // All that belongs to the end of a run is committed together with it.
  #runTold(): void {
    const ended = this.#ended;
    this.#ended = null;
    if (ended === null) return;
    const { run } = ended.told;
    const says = (what: string) => (): string =>
      `run ${run.number} of ${run.task}, ${ended.verdict}: ${what}`;
    this.#check(ended.isLateTold || !this.#late.has(run.number), says('its late end is not told'));
    if (ended.verdict === 'none') this.#check(!ended.isChanged, says('its incident changes'));
    if (ended.verdict === 'success') {
      this.#check(ended.isChanged || ended.before === null, says('its incident does not heal'));
      const isTold = ended.before?.stage === 'told';
      this.#check(ended.isHealTold || !isTold, says('that its incident is healed is not told'));
    }
    if (ended.verdict !== 'failure') return;
    this.#check(ended.isChanged, says('its incident does not begin or go on'));
    const streak = this.#streaks.get(run.task);
    if (streak?.stage !== 'untold' || streak.failures < this.#parts.alerts.afterFailures) return;
    this.#check(this.#flapping.has(run.task), says('nobody is told that its incident begins'));
    streak.stage = 'within flapping';
  }

  #once(known: Set<number>, number: number, what: string): void {
    this.#check(!known.has(number), () => `"${what}" is told twice of ${number}`);
    known.add(number);
  }

  #check(isTrue: boolean, promise: () => string): void {
    this.#parts.check(isTrue, promise);
  }
}

function verdictOn({ kind }: Outcome): Ended['verdict'] {
  if (kind === 'succeeded') return 'success';
  return kind === 'stopped' || kind === 'withdrawn' ? 'none' : 'failure';
}

function listOf(held: readonly { readonly kind: string; readonly count: number }[]): string {
  return held.map(({ kind, count }) => `${count} ${kind}`).join(', ');
}
